package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// doctorSays runs `bpfdiag doctor` through command, which may be empty, and
// returns its points by name and its exit status.
func doctorSays(t *testing.T, env []string, command ...string) (map[string]point, int) {
	t.Helper()
	args := append(command, bpfdiagBin(t), "doctor", "--format", "json")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, _ := cmd.Output()
	var doc struct {
		Works  bool
		Points []point
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	status := cmd.ProcessState.ExitCode()
	if doc.Works != (status == exitOK) {
		t.Errorf("works: %v, but exit status %d", doc.Works, status)
	}
	points := map[string]point{}
	for _, p := range doc.Points {
		if (p.State == stateOK) != (p.Advice == "") {
			t.Errorf("a point that is not ok has advice, and no other: %+v", p)
		}
		points[p.Name] = p
	}
	return points, status
}

// TestDoctorWell: where there is a kernel, doctor boots it and has no complaint.
func TestDoctorWell(t *testing.T) {
	for _, name := range testKernels(t) {
		points, status := doctorSays(t, nil)
		if p := points["boot "+name]; p.State != stateOK || !strings.HasPrefix(p.Found, "Linux "+name) {
			t.Errorf("boot %s: %+v", name, p)
		}
		if status != exitOK {
			t.Errorf("exit status %d: %+v", status, points)
		}
	}
}

// TestDoctorNoKernel: an empty cache folder, and one with half a kernel.
func TestDoctorNoKernel(t *testing.T) {
	cache := t.TempDir()
	env := []string{"BPFDIAG_CACHE=" + cache}
	points, status := doctorSays(t, env)
	if p := points["kernel "+kernel.Default]; p.State != stateFail || !strings.HasPrefix(p.Advice, "bpfdiag kernel build") || status != exitError {
		t.Errorf("status %d, %+v", status, p)
	}
	folder := filepath.Join(cache, "kernels", kernel.Default)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "image.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	points, status = doctorSays(t, env)
	if p := points["kernel "+kernel.Default]; p.State != stateFail || !strings.Contains(p.Advice, "kernel remove") || status != exitError {
		t.Errorf("status %d, %+v", status, p)
	}
}

// TestDoctorCacheFolder: one that nothing can be written to, and none at all.
func TestDoctorCacheFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write anywhere")
	}
	points, _ := doctorSays(t, []string{"BPFDIAG_CACHE=/proc/bpfdiag"})
	if p := points["cache folder"]; p.State == stateOK {
		t.Errorf("%+v", p)
	}
	points, status := doctorSays(t, []string{"BPFDIAG_CACHE=", "XDG_CACHE_HOME=", "HOME="})
	for _, p := range points {
		if strings.Contains(p.Found, "BPFDIAG_CACHE") && p.State == stateFail && status == exitError {
			return
		}
	}
	t.Errorf("status %d: %+v", status, points)
}

// TestDoctorNoTools: a machine without compilers can still check, once it has
// a kernel.
func TestDoctorNoTools(t *testing.T) {
	testKernels(t)
	points, status := doctorSays(t, []string{"PATH=" + t.TempDir()})
	if p := points["kernel tools"]; p.State != stateWarn || !strings.Contains(p.Advice, "apt-get install gcc") {
		t.Errorf("%+v", p)
	}
	if status != exitOK {
		t.Errorf("exit status %d: %+v", status, points)
	}
}

// TestDoctorText: a line for each point, what to do below it, and the outcome.
func TestDoctorText(t *testing.T) {
	var d diagnosis
	d.ok("platform", "Linux on x86-64")
	d.warn("clang", "none", "apt-get install clang")
	d.fail("boot 6.12", "exit status 1\nit said this", "build again")
	var out strings.Builder
	if err := d.text(&out); err != nil {
		t.Fatal(err)
	}
	want := `ok    platform   Linux on x86-64
warn  clang      none
                 => apt-get install clang
FAIL  boot 6.12  exit status 1
                 it said this
                 => build again

bpfdiag check does not work here with the default kernel, 6.12
`
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}
