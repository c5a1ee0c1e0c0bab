package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// toolchain is what the cache's key knows of the programs that build.
type toolchain struct{ Compiler, Pahole string }

// needed lists the programs of a build and the Debian packages that have them.
var needed = []struct{ program, pkg string }{
	{"gcc", "gcc"},
	{"ld", "binutils"},
	{"objcopy", "binutils"},
	{"make", "make"},
	{"flex", "flex"},
	{"bison", "bison"},
	{"bc", "bc"},
	{"tar", "tar"},
	{"xz", "xz-utils"},
	{"patch", "patch"},
	{"pahole", "dwarves"},
	{"perl", "perl"}, // lib/build_OID_registry
}

// neededToFetch are needed on top when the source comes from a suite.
var neededToFetch = []struct{ program, pkg string }{
	{"apt-get", "apt"},
	{"apt-cache", "apt"},
	{"dpkg", "dpkg"},
}

// neededHeaders are those that the kernel's own host programs include:
// resolve_btfids, certs/extract-cert.
var neededHeaders = []struct{ header, pkg string }{
	{"stdio.h", "libc6-dev"},
	{"gelf.h", "libelf-dev"},
	{"zlib.h", "zlib1g-dev"},
	{"openssl/bio.h", "libssl-dev"},
}

// A MissingError names what a build needs and this machine lacks.
type MissingError struct {
	What     []string // programs and headers
	Packages []string // the Debian packages that have them
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("building a kernel needs %s; install with:\n  apt-get install %s",
		strings.Join(e.What, ", "), strings.Join(e.Packages, " "))
}

// Missing says what a build on this machine lacks, as a [MissingError], or
// that this system can't build kernels at all.
func Missing(ctx context.Context) error { return missing(ctx, true) }

func missing(ctx context.Context, fetch bool) error {
	if err := supported(); err != nil {
		return err
	}
	var e MissingError
	lacks := func(what, pkg string) {
		e.What = append(e.What, what)
		if !slices.Contains(e.Packages, pkg) {
			e.Packages = append(e.Packages, pkg)
		}
	}
	programs := needed
	if fetch {
		programs = append(slices.Clone(needed), neededToFetch...)
	}
	for _, n := range programs {
		if _, err := exec.LookPath(n.program); err != nil {
			lacks(n.program, n.pkg)
		}
	}
	_, noCompiler := exec.LookPath("gcc")
	for _, n := range neededHeaders {
		if noCompiler != nil || !compiles(ctx, "-E", "#include <"+n.header+">\n") {
			lacks("<"+n.header+">", n.pkg)
		}
	}
	// The kernel is linked statically: a dynamic one would need the libc that
	// it was built with.
	if noCompiler == nil && !slices.Contains(e.Packages, "libc6-dev") && !compiles(ctx, "-static", "int main(void) { return 0; }\n") {
		lacks("a static libc", "libc6-dev")
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(e.What) > 0 {
		return &e
	}
	return nil
}

// compiles tries the compiler on a program.
func compiles(ctx context.Context, flag, program string) bool {
	c := exec.CommandContext(ctx, "gcc", flag, "-x", "c", "-o", os.DevNull, "-")
	c.Stdin = strings.NewReader(program)
	return c.Run() == nil
}

// supported says whether kernels can be built here.
func supported() error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return fmt.Errorf("building a kernel needs Linux on x86-64; this is %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	return nil
}

// currentToolchain asks the programs for their versions. The error is a
// [MissingError] when there are none.
func currentToolchain(ctx context.Context) (toolchain, error) {
	var t toolchain
	for _, ask := range []struct {
		program string
		answer  *string
	}{{"gcc", &t.Compiler}, {"pahole", &t.Pahole}} {
		out, err := exec.CommandContext(ctx, ask.program, "--version").Output()
		if errors.Is(err, exec.ErrNotFound) {
			return t, missing(ctx, false)
		}
		if err != nil {
			return t, fmt.Errorf("%s --version: %w", ask.program, err)
		}
		*ask.answer, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	}
	return t, nil
}

// Room that a build takes in the cache folder, in bytes; measured with 7.2:
// the unpacked tree, and its objects with debug information.
const (
	roomForTree    = 2 << 30
	roomForObjects = 2 << 30
)

// checkRoom makes sure that a build can be done in a folder.
func checkRoom(folder string, need int64) error {
	// The kernel's top Makefile refuses both.
	if strings.ContainsAny(folder, " :") {
		return fmt.Errorf("a kernel can't be built below %q, whose name has a space or colon; set BPFDIAG_CACHE to another folder", folder)
	}
	free, noexec, err := volume(folder)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", folder, err)
	case noexec:
		return fmt.Errorf("%s is mounted noexec, so that neither a build's programs nor the kernel could run; set BPFDIAG_CACHE to another folder", folder)
	case free < need:
		return fmt.Errorf("building needs about %.1f GB in %s, where %.1f GB are free; make room or set BPFDIAG_CACHE to another folder",
			float64(need)/1e9, folder, float64(free)/1e9)
	}
	return nil
}
