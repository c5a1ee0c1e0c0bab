package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestBuildSystems runs testdata/build: projects as users have them, which the
// recipes of docs/build.md, as they stand there, make verify what they compile. A
// build tool that is missing skips its script.
func TestBuildSystems(t *testing.T) {
	bin := bpfdiagBin(t)
	if clang() == "" {
		missing(t, "no clang")
	}
	testKernels(t)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(root, "docs", "build.md"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "build"),
		Setup: func(e *testscript.Env) error {
			tools := filepath.Join(e.WorkDir, "tools")
			if err := os.Mkdir(tools, 0o755); err != nil {
				return err
			}
			// The projects say clang, whatever its name is here.
			if err := os.Symlink(clang(), filepath.Join(tools, "clang")); err != nil {
				return err
			}
			if err := os.Symlink(bin, filepath.Join(tools, "bpfdiag")); err != nil {
				return err
			}
			home, _ := os.UserHomeDir()
			dir, err := kernel.CacheDir()
			for name, value := range map[string]string{
				"PATH": tools + string(os.PathListSeparator) + e.Getenv("PATH") + ":/usr/sbin", "BPFDIAG_CACHE": dir,
				"CPATH": "/usr/include/" + multiarch(), "ROOT": root, "HOME": e.WorkDir,
				"GOMODCACHE": goEnv("GOMODCACHE"), "GOCACHE": goEnv("GOCACHE"), "GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local",
				"RUSTUP_HOME": filepath.Join(home, ".rustup"), "CARGO_HOME": filepath.Join(home, ".cargo"), "BPF2GO_STRIP": llvmStrip(),
			} {
				e.Setenv(name, value)
			}
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// recipe HEADING LANGUAGE FILE appends a block of docs/build.md to a file.
			"recipe": func(ts *testscript.TestScript, neg bool, args []string) {
				text, ok := recipe(string(doc), args[0], args[1])
				if !ok {
					ts.Fatalf("docs/build.md has no block of %s under %q", args[1], args[0])
				}
				f, err := os.OpenFile(ts.MkAbs(args[2]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
				ts.Check(err)
				_, err = f.WriteString(text)
				ts.Check(err)
				ts.Check(f.Close())
			},
		},
	})
}

// recipe is the first block of a language under a heading.
func recipe(doc, heading, language string) (string, bool) {
	_, rest, ok := strings.Cut(doc, "\n## "+heading+"\n")
	if !ok {
		return "", false
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	_, rest, ok = strings.Cut(rest, "```"+language+"\n")
	text, _, closed := strings.Cut(rest, "```")
	return text, ok && closed
}

func goEnv(name string) string {
	out, _ := exec.Command("go", "env", name).Output()
	return strings.TrimSpace(string(out))
}

// llvmStrip is what bpf2go strips with, wherever the distribution puts it; where
// it is not installed, nothing is stripped.
func llvmStrip() string {
	if p, err := exec.LookPath("llvm-strip"); err == nil {
		return p
	}
	if all, _ := filepath.Glob("/usr/lib/llvm-*/bin/llvm-strip"); len(all) > 0 {
		return all[len(all)-1]
	}
	return "true"
}

// The integrations name files that exist.
func TestIntegrationFiles(t *testing.T) {
	root := filepath.Join("..", "..", "integrations")
	for file, names := range map[string][]string{
		"github/action.yml":  {"../ci/setup", "../ci/check"},
		"gitlab/bpfdiag.yml": {"integrations/ci/setup", "integrations/ci/check"},
	} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			info, err := os.Stat(filepath.Join(root, "ci", filepath.Base(n)))
			if !strings.Contains(string(text), n) || err != nil || info.Mode()&0o100 == 0 {
				t.Error(fmt.Errorf("%s: %s: %v", file, n, err))
			}
		}
	}
}
