package facts_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/facts"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

var record = flag.Bool("record", false, "compile the programs of testdata and keep their logs of all paths, of the default kernel")

// recorded is an object of testdata, and the logs of its programs.
type recorded struct {
	source string
	object *object.Object
	logs   map[string]string // by program; of one that was rejected it ends with "rejected"
}

// recordedObjects reads testdata; -record writes it anew, with CLANG, or clang.
func recordedObjects(t *testing.T) []recorded {
	t.Helper()
	sources, _ := filepath.Glob("testdata/*.bpf.c")
	if len(sources) == 0 {
		t.Fatal("no programs")
	}
	var out []recorded
	for _, source := range sources {
		base := strings.TrimSuffix(source, ".c")
		if *record {
			recordObject(t, source, base)
		}
		obj, err := object.Open(base + ".o")
		if err != nil {
			t.Fatal(err)
		}
		r := recorded{source: source, object: obj, logs: map[string]string{}}
		for _, fn := range obj.Programs() {
			r.logs[fn.Name] = readLog(t, strings.TrimSuffix(base, ".bpf")+"."+fn.Name+".log.gz")
		}
		out = append(out, r)
	}
	return out
}

func recordObject(t *testing.T, source, base string) {
	t.Helper()
	clang := os.Getenv("CLANG")
	if clang == "" {
		clang = "clang"
	}
	args := []string{"-g", "-O2", "-Wall", "-Werror", "--target=bpf", "-ffile-prefix-map=" + dir(t) + "=.", "-I/usr/include/" + machine() + "-linux-gnu", "-c", source, "-o", base + ".o"}
	if out, err := exec.Command(clang, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ck, err := check.New("6.12", check.Options{}, diag.NewSources())
	if err != nil {
		t.Fatal(err)
	}
	m := ck.Machine()
	defer m.Close()
	obj, err := object.Open(base + ".o")
	if err != nil {
		t.Fatal(err)
	}
	err = ck.Logs(context.Background(), m, obj, nil, func(c facts.Case, log string, err error) error {
		if err != nil || !c.Accepted {
			t.Errorf("%s: %s: not accepted: %v\n%s", source, c.Name, err, log)
		}
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		io.WriteString(z, log)
		z.Close()
		return os.WriteFile(strings.TrimSuffix(base, ".bpf")+"."+c.Name+".log.gz", b.Bytes(), 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func dir(t *testing.T) string {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return wd
}

func machine() string {
	return map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
}

func readLog(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(path, err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(path, err)
	}
	return string(b)
}

func (r *recorded) read(t *testing.T, program string) *facts.Program {
	t.Helper()
	fn := r.object.Program(program)
	p, err := facts.Read(context.Background(), r.logs[program], facts.Case{
		Name: program, Accepted: true, Object: r.object, Locate: loader.LayoutOf(r.object, fn).Find,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFacts holds the facts of testdata's programs against what stands behind //~ on their
// lines: "//~ len: 0 to 1500", and "-" for a name of which nothing is to be said. Programs
// that share a line have to agree.
func TestFacts(t *testing.T) {
	for _, r := range recordedObjects(t) {
		text, err := os.ReadFile(r.source)
		if err != nil {
			t.Fatal(err)
		}
		var programs []*facts.Program
		for _, fn := range r.object.Programs() {
			programs = append(programs, r.read(t, fn.Name))
		}
		for i, line := range strings.Split(string(text), "\n") {
			_, notes, has := strings.Cut(line, "//~ ")
			if !has {
				continue
			}
			for _, note := range strings.Split(notes, " //~ ") {
				name, want, ok := strings.Cut(note, ": ")
				if !ok {
					t.Fatalf("%s:%d: %q", r.source, i+1, note)
				}
				got := "-"
				for _, p := range programs {
					if f, ok := p.At(r.source, i+1, name); ok {
						if text := f.Text(); got != "-" && got != text {
							t.Errorf("%s:%d: %s is %q in one program and %q in another", r.source, i+1, name, got, text)
						} else {
							got = text
						}
					}
				}
				if got != want {
					t.Errorf("%s:%d: %s is %q, want %q", r.source, i+1, name, got, want)
				}
			}
		}
	}
}
