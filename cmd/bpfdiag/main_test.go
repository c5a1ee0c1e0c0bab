package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/rogpeppe/go-internal/testscript"
)

// The tests run a finished bpfdiag, named by $BPFDIAG_BIN (`make test` builds
// it), with the kernels that $BPFDIAG_KERNELS lists, or the default one.

// A test that asks the kernel must not be answered by another run's cache or guests.
// What is about these sets this back.
func init() {
	os.Setenv("BPFDIAG_NO_CACHE", "1")
	os.Setenv("BPFDIAG_SERVE", "0")
}

func bpfdiagBin(t testing.TB) string {
	t.Helper()
	bin := os.Getenv("BPFDIAG_BIN")
	if bin == "" {
		missing(t, "BPFDIAG_BIN names no bpfdiag; run `make test`")
	}
	return bin
}

// missing skips a test on a user's machine and fails it in CI.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// testKernels lists the kernels to test with.
func testKernels(t testing.TB) []string {
	t.Helper()
	names := strings.Fields(os.Getenv("BPFDIAG_KERNELS"))
	if len(names) == 0 {
		names = []string{kernel.Default}
	}
	for _, n := range names {
		var not kernel.NotBuiltError
		if _, err := kernel.Find(n); errors.As(err, &not) {
			missing(t, not.Error())
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// clang returns the compiler, the newest that is installed.
func clang() string {
	for _, c := range []string{os.Getenv("CLANG"), "clang-22", "clang-19", "clang"} {
		if path, err := exec.LookPath(c); err == nil {
			return path
		}
	}
	return ""
}

// objectOf compiles a program of testdata/programs and returns the object's path.
func objectOf(t testing.TB, name string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), name+".bpf.o")
	if err := compileTo(out, filepath.Join("testdata", "programs", name+".bpf.c"), flags...); err != nil {
		if clang() == "" {
			missing(t, err.Error())
		}
		t.Fatal(err)
	}
	return out
}

func compileTo(out, src string, flags ...string) error {
	cc := clang()
	if cc == "" {
		return errors.New("no clang is installed")
	}
	if len(flags) == 0 {
		flags = []string{"-g"}
	}
	args := append(flags, "-O2", "--target=bpf", "-I/usr/include/"+multiarch(), "-c", src, "-o", out)
	if msg, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", src, err, msg)
	}
	return nil
}

// multiarch is where Debian keeps asm/types.h.
var multiarch = sync.OnceValue(func() string {
	out, _ := exec.Command("gcc", "-print-multiarch").Output()
	return strings.TrimSpace(string(out))
})

// TestScripts runs testdata/script: what a user types and sees.
func TestScripts(t *testing.T) {
	bin := bpfdiagBin(t)
	kernels := testKernels(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(bin)+string(os.PathListSeparator)+e.Getenv("PATH"))
			dir, err := kernel.CacheDir()
			e.Setenv("BPFDIAG_CACHE", dir)
			e.Setenv("BPFDIAG_NO_CACHE", "1")
			e.Setenv("BPFDIAG_SERVE", "0")
			programs, _ := filepath.Abs(filepath.Join("testdata", "programs"))
			e.Setenv("PROGRAMS", programs)
			e.Setenv("BPFDIAG", bin)
			e.Setenv("KERNELS", strings.Join(kernels, ","))
			e.Setenv("CLANG", clang())
			e.Setenv("INCLUDE", "-I/usr/include/"+multiarch())
			e.Setenv("HEADERS", "/usr/include/"+multiarch())
			return err
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "clang":
				return clang() != "", nil
			case "real": // veristat is the kernel's
				return os.Getenv("VERISTAT") != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// status N COMMAND...: it ends with that exit status.
			"status": func(ts *testscript.TestScript, neg bool, args []string) {
				var exit *exec.ExitError
				got := "0"
				if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
					got = fmt.Sprint(exit.ExitCode())
				} else if err != nil {
					ts.Fatalf("%v", err)
				}
				if got != args[0] {
					ts.Fatalf("exit status %s, not %s", got, args[0])
				}
			},
			"veristat": runVeristat(bin),
			// compile FILE.c OBJECT [FLAG...]
			"compile": func(ts *testscript.TestScript, neg bool, args []string) {
				src := args[0]
				if !filepath.IsAbs(src) {
					src = ts.MkAbs(src)
				}
				if clang() == "" && os.Getenv("CI") == "" {
					ts.Logf("no clang is installed")
				}
				ts.Check(compileTo(ts.MkAbs(args[1]), src, args[2:]...))
			},
		},
		UpdateScripts: os.Getenv("UPDATE") != "",
	})
}
