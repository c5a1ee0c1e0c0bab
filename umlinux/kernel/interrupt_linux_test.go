package kernel

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// An interrupted build publishes nothing, ends all that it started, and the
// next one does only what is left.
func TestInterruptedBuild(t *testing.T) {
	needTools(t)
	useRecipes(t, testRecipes)
	tree, hold := newTree(t)
	write(t, hold, "")
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		waitFor(t, "the second file", func() bool { _, err := os.Stat(hold + ".pids"); return err == nil })
		waitFor(t, "the first file", func() bool { _, err := os.Stat(hold + ".compiled"); return err == nil })
		cancel(interrupted)
	}()
	_, err := Build(ctx, BuildOptions{Source: tree, Name: "mine", Jobs: 1})
	if !errors.Is(err, interrupted) {
		t.Fatal(err)
	}
	if _, err := Find("mine"); !errors.As(err, new(NotBuiltError)) {
		t.Error(err)
	}
	if kernels, work := cacheHolds(t); len(kernels) != 0 || len(work) != 1 {
		t.Errorf("left behind: %v, %v", kernels, work)
	}
	if names, err := Unfinished(); err != nil || len(names) != 1 || names[0] != "mine" {
		t.Errorf("unfinished: %v, %v", names, err)
	}
	wantEnded(t, hold)

	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	var notes []string
	_, err = Build(context.Background(), BuildOptions{Source: tree, Name: "mine", Progress: func(s Step) {
		if s.Note != "" {
			notes = append(notes, s.Note)
		}
	}})
	if err != nil || compiled(t, hold) != 3 || len(notes) != 1 || !strings.Contains(notes[0], "interrupted") {
		t.Errorf("%d files compiled, told %q, %v", compiled(t, hold), notes, err)
	}
	if kernels, work := cacheHolds(t); len(kernels) != 1 || len(work) != 0 {
		t.Errorf("left behind: %v, %v", kernels, work)
	}
}

// A bpfdiag that is killed can't clean up: what it started ends by itself, and
// the next build waits for that.
func TestKilledBuild(t *testing.T) {
	needTools(t)
	useRecipes(t, testRecipes)
	tree, hold := newTree(t)
	write(t, hold, "")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	builder := exec.Command(self)
	builder.Env = append(os.Environ(), "KERNEL_TEST_BUILD="+tree)
	if err := builder.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the second file", func() bool { _, err := os.Stat(hold + ".pids"); return err == nil })
	waitFor(t, "the other two", func() bool { text, _ := os.ReadFile(hold + ".compiled"); return len(text) == 2 })
	if err := builder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = builder.Wait()
	if images, err := List(); err != nil || len(images) > 0 {
		t.Errorf("%v, %v", images, err)
	}
	wantEnded(t, hold)
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	img, err := Build(context.Background(), BuildOptions{Source: tree, Name: "mine"})
	if err != nil || compiled(t, hold) != 3 {
		t.Errorf("%+v, %v", img, err)
	}
}

// wantEnded checks that the test tree's waiting compiler is gone.
func wantEnded(t *testing.T, hold string) {
	t.Helper()
	for word := range strings.FieldsSeq(read(t, hold+".pids")) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the end of process "+word, func() bool { return syscall.Kill(pid, 0) != nil })
	}
}

func waitFor(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ready(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("waited in vain for %s", what)
			return
		}
	}
}

// Of two builds of one kernel the second waits, says so and finds the work
// done; another kernel's build goes on beside them.
func TestTwoBuilds(t *testing.T) {
	needTools(t)
	useRecipes(t, testRecipes)
	tree, hold := newTree(t)
	write(t, hold, "")
	told := make(chan string, 10)
	var both sync.WaitGroup
	keys := make([]string, 2)
	for i := range keys {
		both.Go(func() {
			img, err := Build(context.Background(), BuildOptions{Source: tree, Name: "mine", Progress: func(s Step) {
				if s.Note != "" {
					told <- s.Note
				}
			}})
			if err != nil {
				t.Error(err)
			}
			keys[i] = img.Key
		})
	}
	if note := <-told; !strings.Contains(note, "waiting for process "+strconv.Itoa(os.Getpid())+", building kernel mine") {
		t.Errorf("told: %s", note)
	}
	other, _ := newTree(t)
	if _, err := Build(context.Background(), BuildOptions{Source: other, Name: "other"}); err != nil {
		t.Error(err)
	}
	wantError(t, Remove("mine"), "in use by process")
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	both.Wait()
	if keys[0] != keys[1] || compiled(t, hold) != 3 {
		t.Errorf("keys %v, %d files compiled", keys, compiled(t, hold))
	}
}
