package main

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/verifierlog"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestPagePrograms compiles the two programs of every page and has each kernel
// judge them: the first is rejected with the page's code, the second accepted.
// $BPFDIAG_PAGES names codes to try alone. With -record the logs of the first
// are kept for the tests that do without a kernel; `go test ./rules -update`
// then writes what the rules say of them.
func TestPagePrograms(t *testing.T) {
	bin := bpfdiagBin(t)
	if clang() == "" {
		missing(t, "no clang")
	}
	folder := t.TempDir()
	only := strings.Fields(os.Getenv("BPFDIAG_PAGES"))
	var objects []string
	pages := map[string]rules.Page{}
	for _, p := range rules.Pages() {
		if p.Rejected == "" || len(only) > 0 && !slices.Contains(only, p.Code) {
			continue
		}
		for name, text := range map[string]string{p.Code + ".rejected": p.Rejected, p.Code + ".accepted": p.Accepted} {
			source, object := filepath.Join(folder, name+".bpf.c"), filepath.Join(folder, name+".bpf.o")
			if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if p.Compiler && text == p.Rejected {
				refusedByCompiler(t, p, source)
				continue
			}
			if err := compilePage(object, source); err != nil {
				t.Error(err)
				continue
			}
			if *record && name == p.Code+".rejected" && slices.Contains(recordedObjects, p.Code) {
				recordObject(t, source)
			}
			pages[object] = p
			objects = append(objects, object)
		}
	}
	slices.Sort(objects)
	if len(objects) == 0 {
		t.Fatal("no programs")
	}
	for _, k := range testKernels(t) {
		t.Run(k, func(t *testing.T) {
			logs := t.TempDir()
			args := []string{"check", "--kernel", k, "--format", "json", "--max-bytes", "0"}
			if *record {
				args = append(args, "--save-logs", logs)
			}
			out, err := exec.Command(bin, append(args, objects...)...).Output()
			if _, ok := err.(*exec.ExitError); err != nil && !ok {
				t.Fatal(err)
			}
			var doc diag.Document
			if err := json.Unmarshal(out, &doc); err != nil {
				t.Fatalf("%v\n%.2000s", err, out)
			}
			for _, o := range doc.Objects {
				p := pages[o.Path]
				if p.Kernels == nil || slices.Contains(p.Kernels, k) {
					judgePage(t, p, o)
					if *record {
						recordLog(t, p.Code, k, filepath.Join(logs, filepath.Base(o.Path)))
					}
				}
			}
		})
	}
}

// refusedByCompiler has `bpfdiag cc` compile the program of a page that no kernel
// gets to see.
func refusedByCompiler(t *testing.T, p rules.Page, source string) {
	t.Helper()
	out, err := exec.Command(bpfdiagBin(t), "cc", "--", clang(), "-g", "-O2", "--target=bpf", "-I/usr/include/"+multiarch(), "-c", source, "-o", source+".o").CombinedOutput()
	if _, ok := err.(*exec.ExitError); !ok {
		t.Errorf("%s: the compiler takes it: %v", p.Code, err)
		return
	}
	for l := range strings.Lines(string(out)) {
		if strings.Contains(l, "error: ") && (!strings.HasPrefix(l, source+":") || !strings.Contains(l, " ["+p.Code+"]")) {
			t.Errorf("%s: the compiler says something else:\n%s", p.Code, out)
		}
	}
}

// compilePage compiles a program of a page.
func compilePage(object, source string) error {
	return compileTo(object, source, "-g", "-Wall", "-Wno-unused")
}

var record = flag.Bool("record", false, "keep the logs of the programs on the pages in rules/testdata/logs")

// recordedObjects are the pages whose objects are kept for the fuzz targets: one
// of each family.
var recordedObjects = strings.Fields("BPF0101 BPF0110 BPF0120 BPF0122 BPF0130 BPF0141 BPF0177 BPF0202 BPF0304 BPF0401" +
	" BPF0411 BPF0450 BPF0455 BPF0466 BPF0513 BPF0525 BPF0601 BPF0620 BPF0701 BPF0720 BPF0826")

// recordObject compiles a page's program as if it stood in the working folder.
func recordObject(t *testing.T, source string) {
	t.Helper()
	object := filepath.Join("testdata", "objects", strings.TrimSuffix(filepath.Base(source), ".c")+".o")
	if err := compileTo(object, source, "-g", "-Wno-unused", "-fdebug-compilation-dir=.", "-fdebug-prefix-map="+filepath.Dir(source)+"=."); err != nil {
		t.Error(err)
	}
}

// maxRecorded bounds a log that is kept, in bytes.
const maxRecorded = 16 << 10

// recordLog puts the log of a page's rejected program into the archive of its code.
func recordLog(t *testing.T, code, kernel, folder string) {
	t.Helper()
	if !strings.HasSuffix(folder, ".rejected.bpf.o") {
		return
	}
	path := filepath.Join("..", "..", "rules", "testdata", "logs", code+".txtar")
	a, err := txtar.ParseFile(path)
	if err != nil {
		a = &txtar.Archive{}
	}
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == kernel+".log" })
	logs, _ := filepath.Glob(filepath.Join(folder, "*.log"))
	for _, l := range logs {
		text, err := os.ReadFile(l)
		if err != nil {
			t.Fatal(err)
		}
		if s := verifierlog.Summarize(string(text)); s.Message != "" && len(text) <= maxRecorded {
			// The only number that differs from run to run.
			text = verificationTime.ReplaceAll(text, []byte("verification time 1 usec"))
			a.Files = append(a.Files, txtar.File{Name: kernel + ".log", Data: text})
			break
		}
	}
	slices.SortStableFunc(a.Files, func(x, y txtar.File) int { return strings.Compare(x.Name, y.Name) })
	if len(a.Files) == 0 {
		return
	}
	if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

var verificationTime = regexp.MustCompile(`verification time \d+ usec`)

func judgePage(t *testing.T, p rules.Page, o diag.Object) {
	t.Helper()
	name := strings.TrimSuffix(filepath.Base(o.Path), ".bpf.o")
	if o.Error != "" || len(o.Programs) == 0 {
		t.Errorf("%s: %s", name, o.Error)
	}
	rejected := false
	for _, prog := range o.Programs {
		switch {
		case strings.HasSuffix(name, ".accepted") && prog.Verdict != diag.Accepted, len(prog.Diagnostics) == 0 && prog.Verdict == diag.Error:
			t.Errorf("%s: `%s` is %s %s", name, prog.Name, prog.Verdict, prog.Error)
			for _, d := range prog.Diagnostics {
				t.Log(d.Rendered)
			}
		case prog.Verdict == diag.Rejected, prog.Verdict == diag.Error: // by the verifier, or before it was asked
			rejected = true
			if d := prog.Diagnostics[0]; d.Code != p.Code {
				t.Errorf("%s: `%s` is rejected with another code:\n%s", name, prog.Name, d.Rendered)
			}
		}
	}
	if strings.HasSuffix(name, ".rejected") && !rejected {
		t.Errorf("%s is not rejected", name)
	}
}
