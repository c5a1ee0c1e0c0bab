package compile

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/config"
)

// defaultCommand is what most Makefiles have, with the include folders that are
// found near the source.
func (f *Finder) defaultCommand(source string, conf *config.Config) Command {
	if f.compiler == "" {
		f.compiler = Clang()
	}
	dir, from, jit := filepath.Dir(source), DefaultCommand, ""
	var include, flags []string
	if conf != nil {
		dir, from, jit = conf.Dir(), conf.Path, conf.JIT
		include, flags = conf.Compile.Include, conf.Compile.Flags
	}
	args := []string{f.compiler, "-g", "-O2", "-Wall", "--target=bpf", "-D__TARGET_ARCH_" + targetArch(jit)}
	for _, i := range append(slices.Clone(include), includeFolders(filepath.Dir(source))...) {
		args = append(args, "-I"+i)
	}
	if m := multiarch(); m != "" {
		args = append(args, "-idirafter", m)
	}
	args = append(args, flags...)
	output := strings.TrimSuffix(source, ".c") + ".o"
	args = append(args, "-c", source, "-o", output)
	return Command{Dir: dir, Args: args, Source: source, Output: output, From: from}
}

// Clang is the compiler of commands that nobody wrote: $CLANG, clang, or the newest
// clang-N.
func Clang() string {
	if c := os.Getenv("CLANG"); c != "" {
		return c
	}
	if p, err := exec.LookPath("clang"); err == nil {
		return p
	}
	best, version := "clang", 0
	look := func(pattern string, number func(string) string) {
		all, _ := filepath.Glob(pattern)
		for _, p := range all {
			if n, err := strconv.Atoi(number(p)); err == nil && n > version {
				if _, err := exec.LookPath(p); err == nil {
					best, version = p, n
				}
			}
		}
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		look(filepath.Join(dir, "clang-*"), func(p string) string { return strings.TrimPrefix(filepath.Base(p), "clang-") })
	}
	look("/usr/lib/llvm-*/bin/clang", func(p string) string {
		return strings.TrimPrefix(filepath.Base(filepath.Dir(filepath.Dir(p))), "llvm-")
	})
	return best
}

// targetArch is what libbpf's bpf_tracing.h calls an architecture, from the name
// of its JIT; this machine's if there is none.
func targetArch(jit string) string {
	switch jit {
	case "arm64":
		return "arm64"
	case "riscv64":
		return "riscv"
	case "s390x":
		return "s390"
	}
	return "x86"
}

// multiarch is Debian's folder of headers that differ between architectures
// (asm/types.h), empty where there is none.
func multiarch() string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "riscv64": "riscv64", "s390x": "s390x", "ppc64le": "powerpc64le"}[runtime.GOARCH]
	dir := "/usr/include/" + arch + "-linux-gnu"
	if !isFile(filepath.Join(dir, "asm/types.h")) {
		return ""
	}
	return dir
}

// Where a project may keep a header: in a folder's own, in folders below it. A
// project with several vmlinux.h has them by architecture.
var (
	vmlinuxPlaces = []string{".", "include", "vmlinux", "vmlinux/x86", "vmlinux.h/include/x86_64", "vmlinux/include/x86_64",
		"*", "*/include", "*/vmlinux/x86", "*/vmlinux", "*/*", "*/*/include"}
	libbpfPlaces = []string{"include", ".", ".output", "*", "*/include", "*/*", "libbpf/root/usr/include", "*/usr/include"}
)

// maxSearched bounds the folders that are looked at for headers.
const maxSearched = 4000

// includeFolders are the folders near a source whose headers it most likely
// includes: its own, include folders, those with vmlinux.h and libbpf's headers,
// nearest first. The search ends at the root of the repository.
func includeFolders(dir string) []string {
	all := []string{dir}
	add := func(p string) {
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	s := search{left: maxSearched}
	vmlinux, libbpf := "", ""
	for d := range upward(dir) {
		if d != dir && (isHome(d) || strings.Count(d, "/") < 2) {
			break // too far from the source to be its project
		}
		for _, sub := range []string{"include", "headers"} {
			if info, err := os.Stat(filepath.Join(d, sub)); err == nil && info.IsDir() {
				add(filepath.Join(d, sub))
			}
		}
		if vmlinux == "" {
			vmlinux = s.find(d, vmlinuxPlaces, "vmlinux.h")
		}
		if libbpf == "" {
			libbpf = s.find(d, libbpfPlaces, "bpf/bpf_helpers.h")
		}
		if _, err := os.Stat(filepath.Join(d, ".git")); err == nil {
			break
		}
	}
	for _, p := range []string{vmlinux, libbpf} {
		if p != "" {
			add(p)
		}
	}
	return all
}

func isHome(dir string) bool {
	home, err := os.UserHomeDir()
	return err == nil && dir == home
}

type search struct{ left int }

// find returns the first of the places below dir that has a file.
func (s *search) find(dir string, places []string, file string) string {
	for _, place := range places {
		if s.left <= 0 {
			return ""
		}
		all, _ := filepath.Glob(filepath.Join(escapeGlob(dir), place))
		for _, p := range all[:min(len(all), s.left)] {
			s.left--
			if isFile(filepath.Join(p, file)) {
				return p
			}
		}
	}
	return ""
}

// escapeGlob makes a path a pattern that matches only itself.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
