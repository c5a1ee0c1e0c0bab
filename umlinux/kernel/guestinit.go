package kernel

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// initSource is the program that a guest runs as process 1.
//
//go:embed guest/init.c
var initSource string

// initFlags make it a few kilobytes without a library.
var initFlags = []string{
	"-static", "-nostdlib", "-ffreestanding", "-no-pie", "-fno-pie", "-O2", "-Wall", "-Wextra", "-Werror",
	"-fno-strict-aliasing", "-fno-stack-protector", "-fcf-protection=none", "-fno-asynchronous-unwind-tables",
	"-fno-tree-loop-distribute-patterns", // no calls of memcpy, which there is not
	"-Wl,--build-id=none", "-Wl,-z,norelro", "-s",
}

// GuestInit returns the path of the guest's init, which all kernels of the
// cache share and every Build makes when it is not there: a static executable.
func GuestInit() (string, error) {
	path, err := initPath()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("the guest's init is missing, or is another bpfdiag's; `bpfdiag kernel build` makes it in a second")
	} else if err != nil {
		return "", err
	}
	return path, nil
}

// initPath names it by its content, so that bpfdiags of two versions don't disturb each other.
func initPath() (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "guest", "init-"+hashOf(append([]string{initSource}, initFlags...)...)[:16]), nil
}

// makeInit compiles the guest's init if it is not there. A second one at the
// same time makes the same file.
func makeInit(ctx context.Context) error {
	path, err := initPath()
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		return &MissingError{What: []string{"gcc"}, Packages: []string{"gcc"}}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".init-")
	if err != nil {
		return err
	}
	f.Close()
	defer os.Remove(f.Name())
	gcc := exec.CommandContext(ctx, "gcc", append(initFlags, "-x", "c", "-o", f.Name(), "-")...)
	gcc.Stdin = strings.NewReader(initSource)
	gcc.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := gcc.CombinedOutput(); err != nil {
		return fmt.Errorf("compile the guest's init: %w\n%s", err, out)
	}
	return errors.Join(os.Chmod(f.Name(), 0o755), os.Rename(f.Name(), path))
}
