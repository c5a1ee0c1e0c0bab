package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/bpfdiag/bpfdiag/diag"
	"golang.org/x/sys/unix"
)

// runCheckBin runs `bpfdiag check` and returns its output and exit status.
func runCheckBin(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.Command(bpfdiagBin(t), append([]string{"check"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// tenObjects returns nine small objects and, in the middle, a slow one.
func tenObjects(t *testing.T) []string {
	ok, slow := objectOf(t, "ok"), objectOf(t, "slow")
	dir := t.TempDir()
	var out []string
	for i := range 10 {
		if i == 4 {
			out = append(out, slow)
			continue
		}
		path := filepath.Join(dir, fmt.Sprintf("ok%d.bpf.o", i))
		if err := os.Link(ok, path); err != nil {
			t.Fatal(err)
		}
		out = append(out, path)
	}
	return out
}

// guestsOf lists the processes that a bpfdiag started.
func guestsOf(pid int) []int {
	var out []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range tasks {
		text, _ := os.ReadFile(f)
		for _, s := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(s); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// TestGuestDies: whatever happens to a guest in the middle of ten objects, the
// other nine get their verdict, and the program that it worked on is reported,
// unless somebody killed the guest: then it is verified in another one.
func TestGuestDies(t *testing.T) {
	testKernels(t)
	for _, c := range []struct {
		name   string
		signal syscall.Signal
		flags  []string
		want   string
	}{
		{"killed", syscall.SIGKILL, nil, "busy12: accepted"},
		{"hung", syscall.SIGSTOP, []string{"--timeout", "5s"}, "hung: no answer within 5s"},
		{"panicked", syscall.SIGSEGV, nil, "panicked"},
		{"out of memory", 0, []string{"--memory", "64"}, "ran out of memory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			objects := tenObjects(t)
			args := append([]string{"check", "--jobs", "1"}, c.flags...)
			cmd := exec.Command(bpfdiagBin(t), append(args, objects...)...)
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stderr = os.Stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			lines := bufio.NewScanner(stdout)
			for lines.Scan() {
				fmt.Fprintln(&out, lines.Text())
				// The fourth object is done, the guest goes on to the slow one. (A
				// guest that dies earlier, idle, is replaced without a word.)
				if c.signal != 0 && strings.Contains(lines.Text(), "ok3.bpf.o") {
					guests := guestsOf(cmd.Process.Pid)
					if len(guests) == 0 {
						t.Error("no guest found")
					}
					for _, pid := range guests {
						waitBusy(pid)
						if err := syscall.Kill(pid, c.signal); err != nil {
							t.Error(err)
						}
					}
				}
			}
			cmd.Wait()
			got := out.String()
			if n := strings.Count(got, "pass: accepted"); n != 9 {
				t.Errorf("%d of the nine small objects accepted", n)
			}
			if !strings.Contains(got, c.want) || strings.Contains(got, "the guest kernel") == (c.name == "killed") {
				t.Errorf("no word of what happened")
			}
			if status, fine := cmd.ProcessState.ExitCode(), c.name == "killed"; (status == exitOK) != fine || !fine && status != exitError {
				t.Errorf("exit status %d", status)
			}
			if t.Failed() {
				t.Log(got)
			}
		})
	}
}

// waitBusy waits until a process has worked for a fifth of a second more.
func waitBusy(pid int) {
	worked := func() int {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, rest, _ := strings.Cut(string(text), ") ")
		f := strings.Fields(rest)
		if len(f) < 13 {
			return 1 << 30 // gone
		}
		user, _ := strconv.Atoi(f[11]) // ticks of 10 ms
		return user
	}
	for start := worked(); worked() < start+20; {
		time.Sleep(10 * time.Millisecond)
	}
}

// TestInterrupted: Ctrl-C ends everything that was started, and says so.
func TestInterrupted(t *testing.T) {
	testKernels(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			tmp := t.TempDir()
			cmd := exec.Command(bpfdiagBin(t), "check", "--jobs", "1", objectOf(t, "ok"), objectOf(t, "slow"))
			cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "HOME="+tmp, "BPFDIAG_CACHE="+cacheDir(t))
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			guests := guestsOf(cmd.Process.Pid)
			if len(guests) == 0 {
				t.Fatal("no guest found")
			}
			cmd.Process.Signal(sig)
			cmd.Wait()
			for _, pid := range guests {
				waitGone(t, pid)
			}
			left, _ := os.ReadDir(tmp)
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if sig != syscall.SIGKILL && cmd.ProcessState.ExitCode() != 128+int(sig) {
				t.Errorf("exit status %d", cmd.ProcessState.ExitCode())
			}
		})
	}
}

// waitGone waits until a process and all of its group are gone.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for range 100 {
		if err := syscall.Kill(-pid, 0); err == syscall.ESRCH {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("guest %d is still there", pid)
}

// TestReaderGone: nobody reads the output any more.
func TestReaderGone(t *testing.T) {
	testKernels(t)
	cmd := exec.Command(bpfdiagBin(t), append([]string{"check", "--jobs", "1"}, tenObjects(t)...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bufio.NewReader(stdout).ReadString('\n')
	guests := guestsOf(cmd.Process.Pid)
	stdout.Close()
	cmd.Wait()
	for _, pid := range guests {
		waitGone(t, pid)
	}
}

// TestBadObjects: what is no usable object is named, and costs the others nothing.
func TestBadObjectFiles(t *testing.T) {
	testKernels(t)
	dir := t.TempDir()
	ok := objectOf(t, "ok")
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, err := os.ReadFile(ok)
	if err != nil {
		t.Fatal(err)
	}
	big := write("big.o", good)
	if err := os.Truncate(big, 200<<20); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bigEndian := filepath.Join(dir, "be.o")
	if msg, err := exec.Command(clang(), "-O2", "--target=bpfeb", "-I/usr/include/"+multiarch(), "-c",
		filepath.Join("testdata", "programs", "ok.bpf.c"), "-o", bigEndian).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	for _, c := range []struct{ path, want string }{
		{filepath.Join(dir, "absent.o"), "no such file"},
		{dir, "is a folder"},
		{write("empty.o", nil), "is empty"},
		{write("text.o", []byte("hello, world")), "is not an ELF file"},
		{self, "not for eBPF"},
		{bigEndian, "big-endian"},
		{big, "larger than"},
	} {
		out, _, status := runCheckBin(t, c.path, ok)
		if !strings.Contains(out, c.want) || !strings.Contains(out, c.path) || !strings.Contains(out, "pass: accepted") || status != exitError {
			t.Errorf("%s: status %d, wanted %q:\n%s", c.path, status, c.want, out)
		}
	}
}

// TestTruncatedObjects: an object that is cut off anywhere is an error.
func TestTruncatedObjects(t *testing.T) {
	testKernels(t)
	good, err := os.ReadFile(objectOf(t, "null"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := []string{"--format", "json", "--max-bytes", "0"}
	for i := range 50 {
		path := filepath.Join(dir, fmt.Sprintf("cut%02d.o", i))
		if err := os.WriteFile(path, good[:len(good)*i/50], 0o666); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, errOut, status := runCheckBin(t, args...)
	var doc diag.Document
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatalf("%v\n%s", err, errOut)
	}
	if len(doc.Objects) != 50 || status != exitError {
		t.Fatalf("%d objects, status %d", len(doc.Objects), status)
	}
	for _, o := range doc.Objects {
		if o.Error == "" && len(o.Programs) == 0 {
			t.Errorf("%s: neither an error nor a program", o.Path)
		}
	}
}

// TestNoBTF: without BTF there are verdicts, but no positions.
func TestNoBTF(t *testing.T) {
	testKernels(t)
	out, _, status := runCheckBin(t, objectOf(t, "ok", "-g0"))
	if !strings.Contains(out, "pass: accepted") || status != exitOK {
		t.Errorf("status %d:\n%s", status, out)
	}
}

// TestKernelFaults: no kernel, a damaged one, a folder that nothing may be
// executed in.
func TestKernelFaults(t *testing.T) {
	testKernels(t)
	ok := objectOf(t, "ok")
	run := func(env []string, args ...string) (string, int) {
		cmd := exec.Command(bpfdiagBin(t), append([]string{"check"}, args...)...)
		cmd.Env = append(os.Environ(), env...)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	empty := t.TempDir()
	if out, status := run([]string{"BPFDIAG_CACHE=" + empty}, ok); status != exitError || !strings.Contains(out, "bpfdiag kernel build") {
		t.Errorf("no kernel: status %d:\n%s", status, out)
	}
	out, err := exec.Command(bpfdiagBin(t), "kernel", "path").Output()
	if err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("not a kernel"), "cut": image[:len(image)/2], "header": image[:4096],
	} {
		path := filepath.Join(empty, name)
		if err := os.WriteFile(path, data, 0o777); err != nil {
			t.Fatal(err)
		}
		out, status := run(nil, "--kernel", path, ok)
		if status != exitError || !strings.Contains(out, path) {
			t.Errorf("kernel %s: status %d:\n%s", name, status, out)
		}
	}
}

// TestTwoHundred: as many runs side by side as nobody will ever start.
func TestTwoHundred(t *testing.T) {
	testKernels(t)
	if testing.Short() {
		t.Skip("takes a minute")
	}
	ok := objectOf(t, "ok")
	bin := bpfdiagBin(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	failed := map[string]int{}
	for range 200 {
		wg.Go(func() {
			out, err := exec.Command(bin, "check", ok).CombinedOutput()
			if err != nil || !bytes.Contains(out, []byte("pass: accepted")) {
				mu.Lock()
				failed[fmt.Sprintf("%v: %s", err, out)]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for msg, n := range failed {
		t.Errorf("%d runs: %s", n, msg)
	}
}

func cacheDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command(bpfdiagBin(t), "kernel", "path").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(string(out))))
}

// TestNoSharedMemory: a full /dev/shm and temporary folders in which nothing
// may be executed do not matter, because a guest's memory has no name there.
func TestNoSharedMemory(t *testing.T) {
	testKernels(t)
	script := `mount -t tmpfs -o size=64k,noexec none /dev/shm && head -c 64k /dev/zero >/dev/shm/full && exec "$@"`
	cmd := exec.Command("unshare", "-Urm", "sh", "-c", script, "sh", bpfdiagBin(t), "check", objectOf(t, "ok"))
	cmd.Env = append(os.Environ(), "TMPDIR=/dev/shm")
	out, err := cmd.CombinedOutput()
	if err != nil && exec.Command("unshare", "-Urm", "true").Run() != nil {
		missing(t, "user namespaces are not allowed here")
	}
	if err != nil || !bytes.Contains(out, []byte("pass: accepted")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestNoPtrace: kernels before 6.16 need ptrace; where it is forbidden, the
// error says so and names the way out.
func TestNoPtrace(t *testing.T) {
	testKernels(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, bpfdiagBin(t), "check", "--kernel", "6.12", objectOf(t, "ok"))
	cmd.Env = append(os.Environ(), "BPFDIAG_TEST_FORBID_PTRACE=1")
	out, _ := cmd.CombinedOutput()
	if status := cmd.ProcessState.ExitCode(); status != exitError || !bytes.Contains(out, []byte("ptrace")) || !bytes.Contains(out, []byte("--kernel 7.2")) {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestMain(m *testing.M) {
	if os.Getenv("BPFDIAG_TEST_FORBID_PTRACE") != "" {
		fmt.Fprintln(os.Stderr, forbidPtrace(os.Args[1:]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// forbidPtrace becomes another program that ptrace(2) fails for, as in some
// containers.
func forbidPtrace(args []string) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the system call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_PTRACE, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0); err != nil {
		return err
	}
	return syscall.Exec(args[0], args, slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "BPFDIAG_TEST_FORBID_PTRACE")
	}))
}
