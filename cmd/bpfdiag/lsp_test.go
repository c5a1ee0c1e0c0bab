package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLSPClient runs testdata/lsp/*.test.js: sessions of Microsoft's own
// implementation of the protocol with `bpfdiag lsp`. scripts/lsp-client installs it.
func TestLSPClient(t *testing.T) {
	bin := bpfdiagBin(t)
	kernels := testKernels(t)
	if clang() == "" {
		missing(t, "no clang is installed")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "Node.js is not installed")
	}
	modules, _ := filepath.Abs(filepath.Join("..", "..", "build", "lsp-client", "node_modules"))
	if _, err := os.Stat(modules); err != nil {
		missing(t, "the protocol's client is not installed; run scripts/lsp-client")
	}
	files, err := filepath.Glob(filepath.Join("testdata", "lsp", "*.test.js"))
	if err != nil || len(files) == 0 {
		t.Fatal("no tests", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.js"), func(t *testing.T) {
			c := exec.CommandContext(t.Context(), node, file)
			c.Env = append(os.Environ(), "BPFDIAG_BIN="+bin, "NODE_PATH="+modules, "CLANG="+clang(), "BPFDIAG_TEST_KERNELS="+strings.Join(kernels, " "))
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
