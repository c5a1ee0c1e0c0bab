package verifierlog

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var recordWith = flag.String("record", "", "with -update: the command bpfdiag, to record the logs of testdata/path anew")

func compilePrograms(t *testing.T) string {
	dir, err := os.MkdirTemp("", "path-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { // the command may be another user's
		t.Fatal(err)
	}
	clang := os.Getenv("CLANG")
	if clang == "" {
		clang = "clang"
	}
	sources, _ := filepath.Glob("testdata/path/src/*.bpf.c")
	for _, src := range sources {
		obj := filepath.Join(dir, strings.TrimSuffix(filepath.Base(src), ".c")+".o")
		args := []string{"-O2", "-g", "-target", "bpf", "-mcpu=v3", "-c", src, "-o", obj}
		if multi, err := exec.Command("gcc", "-print-multiarch").Output(); err == nil {
			args = append(args, "-I/usr/include/"+strings.TrimSpace(string(multi)))
		}
		if out, err := exec.Command(clang, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", src, err, out)
		}
	}
	return dir
}

// recordedKernels are the kernels and log levels that are recorded where the
// queries do not begin with "# kernels: 6.1 6.12-l2 …".
var recordedKernels = []string{"6.1", "6.12", "6.12-l2", "7.2", "7.3"}

// recordLogs fills an archive with the logs of one program.
func recordLogs(t *testing.T, a *txtar.Archive, dir, program string) {
	kernels := recordedKernels
	if list, ok := strings.CutPrefix(string(a.Files[0].Data), "# kernels: "); ok {
		list, _, _ = strings.Cut(list, "\n")
		kernels = strings.Fields(list)
	}
	objects, _ := filepath.Glob(filepath.Join(dir, "*.bpf.o"))
	a.Files = a.Files[:1]
	for _, k := range kernels {
		logs := filepath.Join(dir, k)
		if _, err := os.Stat(logs); err != nil { // all programs at once
			os.Mkdir(logs, 0o777)
			os.Chmod(logs, 0o777)
			series, level := strings.CutSuffix(k, "-l2")
			args := append(strings.Fields(*recordWith), "check", "--kernel", series, "--save-logs", logs)
			if level {
				args = append(args, "--log-level", "2")
			}
			if out, err := exec.Command(args[0], append(args[1:], objects...)...).CombinedOutput(); err != nil {
				if e, ok := err.(*exec.ExitError); !ok || e.ExitCode() < 0 {
					t.Fatalf("%v: %v\n%s", args, err, out)
				}
			}
		}
		found, _ := filepath.Glob(filepath.Join(logs, "*", program+".log"))
		if len(found) != 1 {
			continue
		}
		log, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		if p, err := ReadPath(bytes.NewReader(log)); err != nil || p.Len() < 1 || bytes.Contains(log, []byte("invalid func unknown")) {
			continue // this kernel lacks something that the program calls
		}
		a.Files = append(a.Files, txtar.File{Name: k + ".log", Data: log})
	}
}
