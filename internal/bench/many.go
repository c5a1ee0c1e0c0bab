//go:build linux

package main

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// manyObjects measures `bpfdiag stat` on n copies of an object that differ in a
// constant, the first word of .rodata, which is how often the program's loop
// turns: so each row is known from its neighbours. It measures the run's memory
// from its beginning to its end, a second run, and what is left of them.
func manyObjects(kernelName, template string, n int) error {
	tmp, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	objects, err := copies(template, tmp, n)
	if err != nil {
		return err
	}
	env, home, err := emptyHome(tmp)
	if err != nil {
		return err
	}
	// What loses its parent becomes our child.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	args := append([]string{"stat", "-q", "--kernel", kernelName, "-o", "json-lines", "-e", "file,verdict,insns,duration"}, objects...)
	for _, what := range []string{"run", "run, unchanged objects"} {
		m, err := watched(env, n, args...)
		if err != nil {
			return err
		}
		fmt.Printf("  %d objects, %s: %.2f s, %d rows, %d wrong; host's memory in MiB after %s\n", n, what, m.took.Seconds(), m.rows, m.wrong, strings.Join(m.memory, ", "))
		fmt.Printf("    left behind: %d processes, %s\n", m.left, filesIn(home))
	}
	return nil
}

// copies writes n objects, the first with 1 for its constant.
func copies(template, dir string, n int) (paths []string, err error) {
	data, err := os.ReadFile(template)
	if err != nil {
		return nil, err
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", template, err)
	}
	s := f.Section(".rodata")
	if s == nil || s.Size < 4 {
		return nil, fmt.Errorf("%s has no constant in .rodata", template)
	}
	for i := range n {
		binary.LittleEndian.PutUint32(data[s.Offset:], uint32(i+1))
		path := filepath.Join(dir, fmt.Sprintf("copy%05d.bpf.o", i))
		if err := os.WriteFile(path, data, 0o666); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// emptyHome is an environment with no results of other runs, and its folder.
func emptyHome(tmp string) (env []string, home string, err error) {
	out, err := exec.Command(*bin, "kernel", "path").Output()
	if err != nil {
		return nil, "", err
	}
	cache := filepath.Join(string(bytes.TrimSpace(out)), "..", "..", "..")
	home = filepath.Join(tmp, "home")
	for _, name := range []string{"cache", "tmp"} {
		if err := os.MkdirAll(filepath.Join(home, name), 0o700); err != nil {
			return nil, "", err
		}
	}
	for _, name := range []string{"kernels", "guest"} {
		if err := os.Symlink(filepath.Join(cache, name), filepath.Join(home, "cache", name)); err != nil {
			return nil, "", err
		}
	}
	return append(os.Environ(), "HOME="+home, "TMPDIR="+filepath.Join(home, "tmp"), "BPFDIAG_CACHE="+filepath.Join(home, "cache")), home, nil
}

type manyRun struct {
	took        time.Duration
	memory      []string // resident, by how many rows had come
	rows, wrong int
	left        int // processes
}

// watched runs bpfdiag and looks at its memory whenever another tenth of n rows has come.
func watched(env []string, n int, args ...string) (m manyRun, err error) {
	cmd := exec.Command(*bin, args...)
	cmd.Env, cmd.Stderr = env, os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return m, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return m, err
	}
	var insns []int
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var row struct {
			Verdict string `json:"verdict"`
			Insns   int    `json:"total_insns"`
			File    string `json:"file_name"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return m, fmt.Errorf("%s: %w", lines.Bytes(), err)
		}
		insns = append(insns, row.Insns)
		if row.Verdict != "success" || row.File != fmt.Sprintf("copy%05d.bpf.o", m.rows) || !linear(insns) {
			m.wrong++
		}
		if m.rows++; m.rows%max(n/10, 1) == 0 {
			m.memory = append(m.memory, fmt.Sprintf("%d: %d", m.rows, resident(cmd.Process.Pid)>>20))
		}
	}
	err = cmd.Wait()
	m.took = time.Since(began)
	m.left = orphans()
	return m, err
}

// orphans counts the processes that have become our children and live on; what
// has ended is taken away, as init does.
func orphans() (n int) {
	for range 10 {
		for {
			if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
		n = 0
		children, _ := filepath.Glob("/proc/self/task/*/children")
		for _, path := range children {
			text, _ := os.ReadFile(path)
			n += len(strings.Fields(string(text)))
		}
		if n == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return n
}

// linear says whether the last number is as far from the one before it as all are.
func linear(insns []int) bool {
	last := len(insns) - 1
	return last < 2 || insns[last]-insns[last-1] == insns[1]-insns[0]
}

func resident(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if f := strings.Fields(string(text)); len(f) > 1 {
		pages, _ := strconv.Atoi(f[1])
		return pages * os.Getpagesize()
	}
	return 0
}

// filesIn counts files by their folders.
func filesIn(dir string) string {
	counts, order := map[string]int{}, []string{}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Type()&os.ModeSymlink != 0 {
			return nil
		}
		folder, _ := filepath.Rel(dir, filepath.Dir(path))
		if counts[folder]++; counts[folder] == 1 {
			order = append(order, folder)
		}
		return nil
	})
	var parts []string
	for _, folder := range order {
		parts = append(parts, fmt.Sprintf("%d files in %s", counts[folder], folder))
	}
	if parts == nil {
		return "no files"
	}
	return strings.Join(parts, ", ")
}
