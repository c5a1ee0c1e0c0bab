package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// runKernel runs `bpfdiag kernel ARGS`.
func runKernel(args ...string) (stdout string, err error) {
	c := newKernelCommand()
	c.SilenceUsage, c.SilenceErrors = true, true
	var out, errout strings.Builder
	c.SetOut(&out)
	c.SetErr(&errout)
	c.SetArgs(args)
	err = c.Execute()
	return out.String(), err
}

func TestKernelCommands(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("BPFDIAG_CACHE", cache)

	if _, err := runKernel("path"); !errors.As(err, new(kernel.NotBuiltError)) {
		t.Errorf("path without a kernel: %v", err)
	}
	if out, err := runKernel("list"); err != nil || !strings.HasPrefix(out, "not built: 6.1, 6.12, ") {
		t.Errorf("list without kernels: %q, %v", out, err)
	}

	folder := filepath.Join(cache, "kernels", "6.12")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"linux":      "\x7fELF0000",
		"image.json": `{"name": "6.12", "series": "6.12", "release": "6.12.95", "size": 8, "source": "linux-source-6.12 6.12.95-1"}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := runKernel("path", "6.12"); err != nil || out != filepath.Join(folder, "linux")+"\n" {
		t.Errorf("path: %q, %v", out, err)
	}
	out, err := runKernel("list")
	for _, part := range []string{"RELEASE", "6.12.95", "linux-source-6.12 6.12.95-1", "(default) stale: bpfdiag's patches", "not built: 6.1, 7"} {
		if err != nil || !strings.Contains(out, part) {
			t.Errorf("list lacks %q: %v\n%s", part, err, out)
		}
	}
	out, err = runKernel("list", "--format", "json")
	var listed struct {
		Schema  int
		Default string
		Kernels []kernel.Image
	}
	if err != nil || json.Unmarshal([]byte(out), &listed) != nil || listed.Schema != 1 || len(listed.Kernels) != 1 || !listed.Kernels[0].Stale {
		t.Errorf("list: %+v, %v\n%s", listed, err, out)
	}
	if _, err := runKernel("remove", "6.12", "6.1"); !errors.As(err, new(kernel.NotBuiltError)) {
		t.Errorf("remove: %v", err)
	}
	if _, err := os.Stat(folder); err == nil {
		t.Error("remove left the kernel there")
	}
}

func TestKernelBuildArguments(t *testing.T) {
	t.Setenv("BPFDIAG_CACHE", t.TempDir())
	for _, args := range [][]string{
		{"build", "6.12", "--source", "."},
		{"build", "--name", "mine"},
		{"build", "--config", "extra", "7.2"},
		{"build", "--jobs", "-1"},
		{"list", "--format", "xml"},
		{"list", "6.12"},
		{"remove"},
		{"path", "6.1", "6.12"},
	} {
		if _, err := runKernel(args...); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
