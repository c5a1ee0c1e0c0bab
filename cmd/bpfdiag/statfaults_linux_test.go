package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// statRows runs `bpfdiag stat` with one guest and returns the rows that it
// printed; at is called with each as it comes.
func statRows(t *testing.T, at func(row string, pid int), args ...string) (rows []string, stderr string, status int) {
	t.Helper()
	tmp := t.TempDir()
	args = append([]string{"stat", "--jobs", "1", "-o", "json-lines", "-e", "file,prog,verdict,insns,states,peak_states,prog_size,stack,code"}, args...)
	cmd := exec.Command(bpfdiagBin(t), args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "HOME="+tmp, "BPFDIAG_CACHE="+cacheDir(t))
	var errOut strings.Builder
	cmd.Stderr = &errOut
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		rows = append(rows, lines.Text())
		at(lines.Text(), cmd.Process.Pid)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return rows, errOut.String(), cmd.ProcessState.ExitCode()
}

// signalBusy sends a signal to the guest when the row of an object has come and
// it is at work on the next one.
func signalBusy(t *testing.T, object string, signal syscall.Signal) (at func(row string, pid int), done func()) {
	var guests []int
	at = func(row string, pid int) {
		if !strings.Contains(row, object) {
			return
		}
		for _, guest := range guestsOf(pid) {
			waitBusy(guest)
			if err := syscall.Kill(guest, signal); err != nil {
				t.Error(err)
			}
			guests = append(guests, guest)
		}
	}
	return at, func() {
		if len(guests) == 0 {
			t.Error("no guest found")
		}
		for _, pid := range guests {
			waitGone(t, pid)
		}
	}
}

// TestStatGuestKilled: a guest that is killed in the middle of a run costs
// nothing but the boot of another one: the rows are those of a run without that.
func TestStatGuestKilled(t *testing.T) {
	testKernels(t)
	objects := tenObjects(t)
	quiet, _, _ := statRows(t, func(string, int) {}, objects...)
	at, done := signalBusy(t, "ok3.bpf.o", syscall.SIGKILL)
	got, stderr, status := statRows(t, at, objects...)
	done()
	if len(quiet) != 9+12 || !slices.Equal(got, quiet) || status != exitOK {
		t.Errorf("exit status %d\n%s\ngot\n%s\nwant\n%s", status, stderr, strings.Join(got, "\n"), strings.Join(quiet, "\n"))
	}
}

// TestStatGuestPanics: a program whose numbers could not be had has a row, as with
// veristat, and is told of.
func TestStatGuestPanics(t *testing.T) {
	testKernels(t)
	at, done := signalBusy(t, "ok3.bpf.o", syscall.SIGSEGV)
	got, stderr, status := statRows(t, at, tenObjects(t)...)
	done()
	failed := 0
	for _, row := range got {
		if strings.Contains(row, `"failure"`) {
			failed++
		}
	}
	if len(got) != 9+12 || failed != 1 || status != exitError || strings.Count(stderr, "the guest kernel panicked") != 1 {
		t.Errorf("exit status %d, %d failures\n%s%s", status, failed, stderr, strings.Join(got, "\n"))
	}
}
