package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// TestSetupHasKernelTools: scripts/setup installs, before there is a bpfdiag
// to ask, all that `bpfdiag kernel build` will want.
func TestSetupHasKernelTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // a machine without any program
	err := kernel.Missing(t.Context())
	var lacks *kernel.MissingError
	if !errors.As(err, &lacks) {
		t.Skipf("kernels can't be built here: %v", err)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "scripts", "setup"))
	if err != nil {
		t.Fatal(err)
	}
	words := strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(" \t\n:\"", r) })
	for _, pkg := range lacks.Packages {
		if !slices.Contains(words, pkg) {
			t.Errorf("scripts/setup does not install %s", pkg)
		}
	}
}
