//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/serve"
	"golang.org/x/sys/unix"
)

// server is a `bpfdiag serve` of the benchmark's own.
type server struct {
	env []string // of processes that may ask it
	cmd *exec.Cmd
}

// startServer starts one that has a guest with a kernel up, and nobody else knows of.
func startServer(kernelName, tmp string, env []string) (*server, error) {
	s := &server{env: append(env, "XDG_RUNTIME_DIR="+tmp, "BPFDIAG_SERVE=", "CI=true")}
	s.cmd = exec.Command(*bin, "serve", "--kernel", kernelName)
	s.cmd.Env, s.cmd.Stderr = s.env, os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 1000 {
		if is, err := s.status(); err == nil && is.Guests > 0 {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("the server has no guest after a minute")
}

func (s *server) status() (is serve.Status, err error) {
	cmd := exec.Command(*bin, "serve", "--status", "--format", "json")
	cmd.Env = s.env
	out, err := cmd.Output()
	if err != nil {
		return is, err
	}
	return is, json.Unmarshal(out, &is)
}

// answered makes sure that it was the server that did the work.
func (s *server) answered(want int) error {
	is, err := s.status()
	if err == nil && is.Answered != want {
		err = fmt.Errorf("the server was asked %d times, not %d", is.Answered, want)
	}
	return err
}

func (s *server) stop() {
	if in("", s.env, *bin, "serve", "--stop") != nil {
		_ = s.cmd.Process.Kill()
	}
	_ = s.cmd.Wait()
}

// in runs a program in a folder ("" for this one) and with an environment; that it
// rejects something is a failure.
func in(dir string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// work is the processor time of the server and its guests so far, in seconds.
func (s *server) work() (seconds float64) {
	pids := []string{strconv.Itoa(s.cmd.Process.Pid)}
	children, _ := filepath.Glob("/proc/" + pids[0] + "/task/*/children")
	for _, path := range children {
		text, _ := os.ReadFile(path)
		pids = append(pids, strings.Fields(string(text))...)
	}
	for _, pid := range pids {
		text, _ := os.ReadFile("/proc/" + pid + "/stat")
		_, rest, _ := strings.Cut(string(text), ") ")
		if f := strings.Fields(rest); len(f) > 12 {
			user, _ := strconv.Atoi(f[11])
			system, _ := strconv.Atoi(f[12])
			seconds += float64(user+system) / 100 // USER_HZ
		}
	}
	return seconds
}

// ways are command lines that are measured in turn.
type ways struct {
	names  []string
	runs   []func() error
	times  [][]float64
	works  [][]float64 // processor time, the server's included
	server *server
}

// work is the processor time of all so far, in seconds.
func (w *ways) work() float64 {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_CHILDREN, &u)
	seconds := float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	if w.server != nil {
		seconds += w.server.work()
	}
	return seconds
}

func (w *ways) add(name string, run func() error) {
	w.names, w.runs = append(w.names, name), append(w.runs, run)
}

// measure runs each n times, and once before that.
func (w *ways) measure(n int) error {
	w.times, w.works = make([][]float64, len(w.runs)), make([][]float64, len(w.runs))
	for i := range n + 1 {
		for j, run := range w.runs {
			began, worked := time.Now(), w.work()
			if err := run(); err != nil {
				return err
			}
			if took := time.Since(began).Seconds(); i > 0 {
				w.times[j], w.works[j] = append(w.times[j], took), append(w.works[j], w.work()-worked)
			}
		}
	}
	return nil
}

// print prints the times of each, and its ratios to the first, neighbour to neighbour.
func (w *ways) print(unit string, perSecond float64) {
	for i, name := range w.names {
		var times, ratios, works []float64
		for j, t := range w.times[i] {
			times, ratios = append(times, t*perSecond), append(ratios, t/w.times[0][j])
			works = append(works, w.works[i][j]/w.works[0][j])
		}
		fmt.Printf("    %s: %s %s", name, spread(times), unit)
		if i > 0 {
			fmt.Printf(", %s of the first; of its processor time %s", spread(ratios), spread(works))
		}
		fmt.Println()
	}
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// served measures what a check of a small object takes when a server is asked,
// beside what bpfdiag itself takes to say its version.
func served(kernelName, object string, n int) error {
	tmp, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	s, err := startServer(kernelName, tmp, os.Environ())
	if err != nil {
		return err
	}
	defer s.stop()
	alone := append(os.Environ(), "BPFDIAG_SERVE=0")
	check := []string{"check", "--no-cache", "--kernel", kernelName, object}
	w := ways{server: s}
	w.add("bpfdiag --version", func() error { return in("", alone, *bin, "--version") })
	w.add("check through a server", func() error { return in("", s.env, *bin, check...) })
	w.add("check without one", func() error { return in("", alone, *bin, check...) })
	before := load()
	if err := w.measure(n); err != nil {
		return err
	}
	if err := s.answered(n + 1); err != nil {
		return err
	}
	fmt.Printf("  check of one small object, %d runs each in turn, load %s to %s:\n", n, before, load())
	w.print("ms", 1000)
	return nil
}

// tree is a folder with a Makefile and copies of BPF sources.
type tree struct {
	dir     string
	objects []string
}

// newTree makes one of the first sources of a folder, up to most, that are for any kernel.
func newTree(dir, sources, compile string, most int) (*tree, error) {
	all, err := filepath.Glob(filepath.Join(sources, "*.bpf.c"))
	if err != nil {
		return nil, err
	}
	compiler, flags, ok := strings.Cut(compile, " ")
	if !ok {
		return nil, fmt.Errorf("-compile %q is no command", compile)
	}
	t := &tree{dir: dir}
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(text), "\n// Kernel: ") || len(t.objects) == most {
			continue
		}
		name := filepath.Base(path)
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return nil, err
		}
		t.objects = append(t.objects, strings.TrimSuffix(name, ".c")+".o")
	}
	if len(t.objects) == 0 {
		return nil, fmt.Errorf("no sources in %s", sources)
	}
	flags = strings.NewReplacer("{source}", "$<", "{output}", "$@").Replace(flags)
	makefile := fmt.Sprintf("CC = %s\nall: %s\n%%.bpf.o: %%.bpf.c\n\t$(CC) %s\n", compiler, strings.Join(t.objects, " "), flags)
	return t, os.WriteFile(filepath.Join(dir, "Makefile"), []byte(makefile), 0o666)
}

// make builds it with two jobs. All is whether everything is made anew.
func (t *tree) make(env []string, all bool, cc string) error {
	args := []string{"-s", "-j2"}
	if all {
		args = append(args, "-B")
	}
	if cc != "" {
		args = append(args, "CC="+cc)
	}
	return in(t.dir, env, "make", args...)
}

// builds measures what `bpfdiag cc` adds to a build.
func builds(kernelName, sources, compile string, n int) error {
	tmp, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	t, err := newTree(filepath.Join(tmp), sources, compile, 50)
	if err != nil {
		return err
	}
	env, home, err := emptyHome(tmp)
	if err != nil {
		return err
	}
	self, err := filepath.Abs(*bin)
	if err != nil {
		return err
	}
	env = append(env, "BPFDIAG_CC_FLAGS=--kernel="+kernelName, "BPFDIAG_NO_CACHE=", "MAKEFLAGS=")
	compiler, _, _ := strings.Cut(compile, " ")
	cc := self + " cc -- " + compiler
	s, err := startServer(kernelName, tmp, env)
	if err != nil {
		return err
	}
	defer s.stop()
	alone := append(env[:len(env):len(env)], "BPFDIAG_SERVE=0")
	nothingKnown := func(env []string) func() error {
		return func() error {
			if err := os.RemoveAll(filepath.Join(home, "cache", "results")); err != nil {
				return err
			}
			return t.make(env, true, cc)
		}
	}
	w := ways{server: s}
	w.add("compiler alone", func() error { return t.make(env, true, "") })
	w.add("bpfdiag cc through a server", nothingKnown(s.env))
	w.add("bpfdiag cc without one", nothingKnown(alone))
	w.add("bpfdiag cc, all results known", func() error { return t.make(alone, true, cc) })
	before := load()
	if err := w.measure(n); err != nil {
		return err
	}
	if err := s.answered((n + 1) * len(t.objects)); err != nil {
		return err
	}
	fmt.Printf("  make -j2 -B of %d sources, all accepted, %d runs each in turn, load %s to %s:\n", len(t.objects), n, before, load())
	w.print("s", 1)
	var up ways
	up.add("make, nothing to do", func() error { return t.make(env, false, "") })
	up.add("the same with bpfdiag cc", func() error { return t.make(alone, false, cc) })
	if err := up.measure(9 * n); err != nil {
		return err
	}
	up.print("ms", 1000)
	return nil
}
