package compile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
)

// TestRecorded: an object may say anything of how it was made. It is believed where that
// would run a compiler of this machine, and have it do nothing but compile.
func TestRecorded(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"bin/clang-99", "elsewhere/clang"} {
		path := filepath.Join(bin, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", filepath.Join(bin, "bin"))
	t.Setenv("CLANG", "")
	ours := bin + "/bin/clang-99"
	line := func(compiler, options string) string {
		return "Debian clang version 99 " + compiler + " " + options + " --target=bpf -c x.bpf.c -o x.bpf.o"
	}
	for producer, want := range map[string]bool{
		line(ours, "-g -O2"): true,
		line(ours, `-g -O2 -D__TARGET_ARCH_x86 -I /usr/include -isystem /x -Wall -Wno-unused -mcpu=v3 -fno-builtin -std=gnu11 -Xclang -target-feature -Xclang +alu32 -MD -MF x.d -grecord-command-line -fdebug-prefix-map=a=b`): true,
		line(bin+"/elsewhere/clang", "-g -O2"): false,
		line(bin+"/none/clang", "-g -O2"):      false,
		line("clang", "-g"):                    false,
		line(ours, "-fplugin=/x.so"):           false,
		line(ours, "-fpass-plugin=/x.so"):      false,
		line(ours, "-Xclang -load -Xclang /x"): false,
		line(ours, "-mllvm -load=/x.so"):       false,
		line(ours, "-B /x"):                    false,
		line(ours, "-no-integrated-as -Wa,x"):  false,
		line(ours, "-wrapper /x"):              false,
		line(ours, "--config /x"):              false,
		line(ours, "-ftime-trace=/home/x"):     false,
		line(ours, "@/x"):                      false,
		"Debian clang version 99":              false,
	} {
		c, ok := recorded(debuginfo.Unit{Producer: producer, Name: "x.bpf.c", Dir: "/proj"}, "/proj/x.bpf.o")
		if ok != want || ok && (c.Source != "/proj/x.bpf.c" || !strings.HasPrefix(c.Args[0], ours)) {
			t.Errorf("%v %+v: %s", ok, c, producer)
		}
	}
}

// TestOnlyCompiles: what a command that an agent gives may run.
func TestOnlyCompiles(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"clang-99", "sh"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	t.Setenv("CLANG", "")
	for text, want := range map[string]string{
		"clang-99 -g -O2 --target=bpf -Iinclude -c {source} -o {output}": "",
		bin + "/clang-99 --target=bpf -c {source}":                       "",
		"sh -c 'id' --target=bpf {source}":                               "sh is no clang",
		"./clang --target=bpf -c {source}":                               "./clang is no clang",
		"env clang-99 --target=bpf -c {source}":                          "env is no clang",
		"{source} --target=bpf":                                          "{source} is no clang",
		"clang-99 -fplugin=/x.so -c {source}":                            "-fplugin=/x.so is not known",
		"clang-99 -c {source} @more":                                     "@more is not known",
		"clang-99 -Xclang -load -Xclang /x.so -c {source}":               "-Xclang -load is not known",
		"": "names no compiler",
	} {
		said := ""
		if err := OnlyCompiles(text); err != nil {
			said = err.Error()
		}
		if !strings.Contains(said, want) || want == "" && said != "" {
			t.Errorf("%q: %q, not %q", text, said, want)
		}
	}
}
