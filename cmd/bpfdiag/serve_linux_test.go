package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/serve"
	"golang.org/x/sys/unix"
)

// session is a user's session with a server of its own, or none.
type session struct {
	*testing.T
	bin string
	env []string
}

// newSession returns one in which check and the others leave a server behind. The
// server has ended when the test has.
func newSession(t *testing.T) *session {
	t.Helper()
	testKernels(t)
	s := &session{t, bpfdiagBin(t), nil}
	s.env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "BPFDIAG_SERVE=", "CI=", "BPFDIAG_CACHE="+cacheDir(t))
	t.Cleanup(func() {
		pid := s.pid()
		s.run("serve", "--stop")
		s.gone(pid)
	})
	return s
}

// with returns the session with variables of the environment set.
func (s *session) with(env ...string) *session {
	c := *s
	c.env = append(slices.Clone(s.env), env...)
	return &c
}

func (s *session) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.bin, args...)
	cmd.Env = s.env
	return cmd
}

func (s *session) run(args ...string) (stdout, stderr string, status int) {
	s.Helper()
	var out, errOut bytes.Buffer
	cmd := s.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// server returns what the server says about itself, nil if there is none.
func (s *session) server() *serve.Status {
	s.Helper()
	out, errOut, status := s.run("serve", "--status", "--format", "json")
	var is *serve.Status
	if err := json.Unmarshal([]byte(out), &is); err != nil || errOut != "" || (status == 0) != (is != nil) {
		s.Fatalf("serve --status: %v, status %d\n%s%s", err, status, out, errOut)
	}
	return is
}

// pid is the server's, 0 if there is none.
func (s *session) pid() int {
	s.Helper()
	if is := s.server(); is != nil {
		return is.PID
	}
	return 0
}

// await waits until the server is such that ok holds.
func (s *session) await(what string, ok func(is *serve.Status) bool) {
	s.Helper()
	var is *serve.Status
	for range 200 {
		if is = s.server(); ok(is) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.Fatalf("the server: not %s: %+v", what, is)
}

func (s *session) awaitServer() {
	s.Helper()
	s.await("there", func(is *serve.Status) bool { return is != nil })
}

// gone waits until a process that this one need not have started is gone.
func (s *session) gone(pid int) {
	s.Helper()
	for range 200 {
		if pid == 0 || isGone(pid) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.Errorf("process %d is still there", pid)
}

// isGone takes a process that nobody waits for (in a container without an init) for gone.
func isGone(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(text), ") Z ")
}

var durationUS = regexp.MustCompile(`"duration_us": \d+`)

// same runs a command line without a server and with one, and returns how many
// objects the server was asked about.
func (s *session) same(args ...string) int {
	s.Helper()
	is := s.server()
	out, errOut, status := s.run(args...)
	alone, aloneErr, aloneStatus := s.with("BPFDIAG_SERVE=0").run(args...)
	plain := func(s string) string { return durationUS.ReplaceAllString(s, "") }
	if plain(out) != plain(alone) || errOut != aloneErr || status != aloneStatus {
		s.Errorf("bpfdiag %v: with a server: status %d\n%s%s\nwithout: status %d\n%s%s", args, status, out, errOut, aloneStatus, alone, aloneErr)
	}
	return s.server().Answered - is.Answered
}

// TestServeSame: what is printed, and the exit status, are the same with and without a server.
func TestServeSame(t *testing.T) {
	s := newSession(t).with("BPFDIAG_SERVE=1")
	objects, _ := filepath.Glob(filepath.Join("testdata", "objects", "*.o"))
	ok, missing := objectOf(t, "ok"), objectOf(t, "missing")
	if _, errOut, status := s.run("check", ok); status != 0 || errOut != "" {
		t.Fatalf("status %d: %s", status, errOut)
	}
	none := filepath.Join(t.TempDir(), "none.bpf.o")
	broken := filepath.Join(t.TempDir(), "broken.bpf.o")
	if err := os.WriteFile(broken, []byte("\x7fELF and no more"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		asked int
		args  []string
	}{
		{len(objects), append([]string{"check", "--format", "json", "--max-bytes", "0"}, objects...)},
		{len(objects), append([]string{"check"}, objects...)},
		{1, []string{"check", "--color", "always", objects[0]}},
		{1, []string{"check", missing}},
		{1, []string{"check", ok, none}},
		{0, []string{"check", broken}},
		{1, []string{"check", "-p", "p*", ok}},
		{1, []string{"check", "-p", "nothing", ok}},
		{1, []string{"check", "--jit", "s390x", ok}},
		{0, []string{"check", "--memory", "100", ok}},
		{2, []string{"stat", "-e", "file,prog,verdict,insns,states", ok, objects[0]}},
		{1, []string{"stat", "-o", "json", "-e", "prog,insns,code", "-f", "pass", ok}},
	} {
		if asked := s.same(c.args...); asked != c.asked {
			t.Errorf("bpfdiag %v: it was asked about %d objects, not %d", c.args, asked, c.asked)
		}
	}
	before := s.server().Answered
	s.run("check", "--raw", objects[0]) // which has addresses
	if s.server().Answered != before {
		t.Error("it was asked for a log")
	}
}

// TestServePlaces: sources are looked for where the client is, not the server.
func TestServePlaces(t *testing.T) {
	s := newSession(t).with("BPFDIAG_SERVE=1")
	dir := t.TempDir()
	source, err := os.ReadFile(filepath.Join("testdata", "programs", "null.bpf.c"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, err := range []error{os.MkdirAll("src", 0o777), os.WriteFile("src/null.bpf.c", source, 0o666), compileTo("null.bpf.o", "src/null.bpf.c")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.run("check", "null.bpf.o")
	if n := s.same("check", "null.bpf.o"); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
	if out, _, _ := s.run("check", "null.bpf.o"); !strings.Contains(out, " src/null.bpf.c:") {
		t.Errorf("the source is not found:\n%s", out)
	}
	t.Chdir("src")
	s.same("check", "../null.bpf.o")
	if err := os.WriteFile("null.bpf.c", []byte("another\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	s.same("check", "../null.bpf.o")
	if err := os.Remove("null.bpf.c"); err != nil {
		t.Fatal(err)
	}
	s.same("check", "../null.bpf.o")
}

// TestServeOnDemand: a server is left behind by who has verified alone, and by nobody
// else. It keeps nothing open that its starter had.
func TestServeOnDemand(t *testing.T) {
	s := newSession(t)
	ok := objectOf(t, "ok")
	for _, env := range []string{"CI=true", "BPFDIAG_SERVE=0"} {
		s.with(env).run("check", ok)
		if s.server() != nil {
			t.Errorf("%s: there is a server", env)
		}
	}
	s.run("check", "none.bpf.o")
	if s.server() != nil {
		t.Error("there is a server though nothing was verified")
	}
	interrupted := s.command("check", objectOf(t, "slow"))
	if err := interrupted.Start(); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if len(guestsOf(interrupted.Process.Pid)) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	interrupted.Process.Signal(os.Interrupt)
	interrupted.Wait()
	if s.server() != nil {
		t.Error("there is a server though the check was interrupted")
	}
	if _, errOut, status := s.with("BPFDIAG_SERVE=maybe").run("check", ok); status != exitError || !strings.Contains(errOut, "it is 1 to use a server, 0 not to") {
		t.Errorf("status %d: %s", status, errOut)
	}

	// A pipe as make's jobs have one.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.command("check", ok)
	cmd.ExtraFiles = []*os.File{w}
	out, err := cmd.CombinedOutput() // waits for the end of a pipe
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if prio, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err != nil || prio < 20 {
		time.Sleep(time.Second)
		if s.server() != nil {
			t.Error("there is a server with a low priority")
		}
		t.Skip("these tests have a low priority")
	}
	s.awaitServer()
	w.Close()
	r.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the server has the pipe: %v", err)
	}
	pid := s.pid()
	if wd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || wd != "/" {
		t.Errorf("it works in %s: %v", wd, err)
	}
	if sid, err := unix.Getsid(pid); err != nil || sid != pid {
		t.Errorf("it is of session %d: %v", sid, err)
	}
	s.await("warm", func(is *serve.Status) bool { return is.Guests == 1 })
	if n := s.same("check", ok); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
	s.run("serve", "--stop")
	s.gone(pid)
	if s.server() != nil {
		t.Error("it is still there")
	}
}

// TestServeTwoAtOnce: of servers that are started at once, one stays.
func TestServeTwoAtOnce(t *testing.T) {
	s := newSession(t)
	var ended []chan string
	for range 5 {
		c := make(chan string, 1)
		ended = append(ended, c)
		go func() {
			out, _ := s.command("serve", "--idle", "1m").CombinedOutput()
			c <- string(out)
		}()
	}
	s.awaitServer()
	time.Sleep(200 * time.Millisecond)
	s.run("check", objectOf(t, "ok"))
	if is := s.server(); is.Answered != 1 {
		t.Errorf("it was asked %d times", is.Answered)
	}
	s.run("serve", "--stop")
	silent := 0
	for _, c := range ended {
		switch said := <-c; {
		case said == "":
			silent++
		case !strings.Contains(said, "there is one already"):
			t.Errorf("it says %s", said)
		}
	}
	if silent != 1 {
		t.Errorf("%d have served", silent)
	}
}

// TestServeCrashed: a server that is killed while somebody waits for it, or hangs,
// costs time only, and another takes its place.
func TestServeCrashed(t *testing.T) {
	s := newSession(t)
	ok, slow := objectOf(t, "ok"), objectOf(t, "slow")
	one := s.with("BPFDIAG_SERVE=1")
	one.run("check", ok)
	killed := s.pid()
	guests := guestsOf(killed)
	cmd := s.command("check", "-p", "busy1", "-p", "busy2", slow)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.await("at work", func(is *serve.Status) bool { return is.Working == 1 })
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "2 accepted") {
		t.Errorf("%v\n%s", err, out.String())
	}
	s.gone(killed)
	for _, g := range guests {
		waitGone(t, g)
	}
	if len(guests) == 0 {
		t.Error("it had no guest")
	}

	// It has left its socket.
	if stdout, errOut, status := one.run("check", ok); status != exitOK || errOut != "" {
		t.Errorf("status %d\n%s%s", status, stdout, errOut)
	}
	if is := s.server(); is == nil || is.PID == killed || is.Answered != 1 {
		t.Errorf("%+v", is)
	}

	stopped := s.pid()
	if err := syscall.Kill(stopped, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if stdout, errOut, status := s.run("check", ok); status != exitOK || errOut != "" {
		t.Errorf("status %d\n%s%s", status, stdout, errOut)
	}
	if err := syscall.Kill(stopped, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if is := s.server(); is == nil || is.PID != stopped {
		t.Errorf("%+v", is)
	}
}

// TestServeClientKilled: whenever a client is killed, the server goes on, and what it did
// for it ends.
func TestServeClientKilled(t *testing.T) {
	s := newSession(t).with("BPFDIAG_SERVE=1")
	ok, slow := objectOf(t, "ok"), objectOf(t, "slow")
	s.run("check", ok)
	pid := s.pid()
	for i := range 25 {
		cmd := s.command("check", ok)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 3 * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		cmd := s.command("check", slow)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		s.await("at work", func(is *serve.Status) bool { return is.Working == 1 })
		time.Sleep(100 * time.Millisecond)
		cmd.Process.Signal(sig)
		began := time.Now()
		cmd.Wait()
		s.await("without work", func(is *serve.Status) bool { return is.Working == 0 })
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%v: it went on for %v", sig, took)
		}
		if status := cmd.ProcessState.ExitCode(); sig == syscall.SIGINT && status != 128+int(sig) {
			t.Errorf("exit status %d", status)
		}
	}
	if n := s.same("check", ok); n != 1 || s.pid() != pid {
		t.Errorf("it was asked %d times; process %d, then %d", n, pid, s.pid())
	}
	for _, g := range guestsOf(pid) {
		if isGone(g) {
			t.Errorf("guest %d was not waited for", g)
		}
	}
	if n := len(guestsOf(pid)); n > 2 {
		t.Errorf("%d guests are left", n)
	}
}

// TestServeLarge: a guest stays up for the next object, one that has become large does not.
func TestServeLarge(t *testing.T) {
	s := newSession(t)
	server := s.command("serve") // boots nothing before it is asked
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	go server.Wait()
	s.awaitServer()
	ok := objectOf(t, "ok")
	for _, c := range []struct {
		args   []string
		guests int
	}{
		{[]string{"check", ok}, 1},
		{[]string{"check", ok}, 1},
		{[]string{"check", "-p", "busy1", objectOf(t, "slow")}, 0},
		{[]string{"check", ok}, 1},
	} {
		if n := s.same(c.args...); n != 1 {
			t.Errorf("bpfdiag %v: it was asked %d times", c.args, n)
		}
		if is := s.server(); is.Guests != c.guests || is.Resident > c.guests*50<<20 {
			t.Errorf("bpfdiag %v: then %+v", c.args, is)
		}
	}
}

// TestServeUpgrade: a new bpfdiag does not ask the old one's server, which leaves.
func TestServeUpgrade(t *testing.T) {
	s := newSession(t).with("BPFDIAG_SERVE=1")
	program, err := os.ReadFile(s.bin)
	if err != nil {
		t.Fatal(err)
	}
	s.bin = filepath.Join(t.TempDir(), "bpfdiag")
	if err := os.WriteFile(s.bin, program, 0o777); err != nil {
		t.Fatal(err)
	}
	ok := objectOf(t, "ok")
	s.run("check", ok)
	old := s.pid()
	if old == 0 {
		t.Fatal("no server")
	}
	// As package managers do it, so that the old one can still be run by who has it open.
	if err := os.WriteFile(s.bin+".new", append(program, 0), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.bin+".new", s.bin); err != nil {
		t.Fatal(err)
	}
	if s.server() != nil {
		t.Error("the new one has the old one's server")
	}
	if _, errOut, status := s.run("check", ok); status != exitOK || errOut != "" {
		t.Errorf("status %d: %s", status, errOut)
	}
	if is := s.server(); is == nil || is.PID == old || is.Answered != 1 {
		t.Errorf("%+v", is)
	}
	s.gone(old)
	s.run("serve", "--stop")
}

// TestServeUsers: the server of one user is not another's, whatever the environment says.
func TestServeUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users; internal/serve tests what keeps them apart")
	}
	bin, err := os.ReadFile(bpfdiagBin(t))
	if err != nil {
		t.Fatal(err)
	}
	shared, err := os.MkdirTemp("", "") // t.TempDir's parent is root's alone
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(shared)
	if err := errors.Join(os.Chmod(shared, 0o777), os.WriteFile(filepath.Join(shared, "bpfdiag"), bin, 0o755)); err != nil {
		t.Fatal(err)
	}
	as := func(uid uint32, args ...string) (string, error) {
		cmd := exec.Command(filepath.Join(shared, "bpfdiag"), args...)
		cmd.Dir = "/"
		cmd.Env = []string{"XDG_RUNTIME_DIR=" + shared, "BPFDIAG_CACHE=" + shared, "HOME=" + shared}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	const one, two = 65001, 65002
	go as(one, "serve", "--idle", "1m")
	defer as(one, "serve", "--stop")
	for range 100 {
		if _, err = as(one, "serve", "--status"); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--status", "--stop"} {
		if out, err := as(two, "serve", flag); flag == "--status" && (err == nil || out != "no server is running\n") {
			t.Errorf("%s: %v %s", flag, err, out)
		}
	}
	// Even where the path is known.
	sockets, _ := filepath.Glob(filepath.Join(shared, "serve-65001", "*.sock"))
	if len(sockets) != 1 {
		t.Fatalf("%v", sockets)
	}
	cmd := exec.Command("/bin/ls", "-l", sockets[0])
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: two, Gid: two}}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "Permission denied") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := as(one, "serve", "--status"); err != nil {
		t.Errorf("the other has ended it: %s", out)
	}
	// A folder that the other has prepared is not entered.
	if err := os.Rename(filepath.Join(shared, "serve-65001"), filepath.Join(shared, "serve-65002")); err != nil {
		t.Fatal(err)
	}
	if out, err := as(two, "serve", "--status"); err == nil || !strings.Contains(out, "is user 65001's, not user 65002's") {
		t.Errorf("%v: %s", err, out)
	}
	if err := os.Rename(filepath.Join(shared, "serve-65002"), filepath.Join(shared, "serve-65001")); err != nil {
		t.Fatal(err)
	}
}
