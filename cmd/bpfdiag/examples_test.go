package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/rogpeppe/go-internal/diff"
)

var update = flag.Bool("update", false, "write what is said of the examples now")

// goldenClang is the compiler whose objects examples/output is about. Others
// make other instructions: of theirs, only codes are compared.
const goldenClang = "22"

// The bounds of a diagnostic's text, in lines.
const (
	medianLines = 20
	mostLines   = 40
)

// example is a program that is broken in one way and its repaired twin, in
// examples/broken and examples/fixed.
type example struct {
	name   string
	kernel string // that it is for
	// Of the broken one, what is said of all its programs that are not accepted.
	text string
	diag diag.Diagnostic // the first
	file string          // its source
}

func root(elem ...string) string { return filepath.Join(append([]string{"..", ".."}, elem...)...) }

// otherKernels is what depends on which kernels the machine has.
var otherKernels = regexp.MustCompile(`(?m)^ *= note: Linux [0-9., ]+ (?:has|have|lacks|lack) it(?:, too)?\n`)

var (
	firstLine  = regexp.MustCompile(`^// Broken, [^:]+: .+\.$`)
	kernelLine = regexp.MustCompile(`^// Kernel: (\S+)$`)
)

// examples reads the first lines of the sources: what is wrong, and for which
// kernel if it is not for the default one.
func examples(t *testing.T) []*example {
	t.Helper()
	sources, err := filepath.Glob(root("examples", "*", "*.bpf.c"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var all []*example
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		folder, name := filepath.Base(filepath.Dir(path)), strings.TrimSuffix(filepath.Base(path), ".bpf.c")
		twin := map[string]string{"broken": "fixed", "fixed": "broken"}[folder]
		if _, err := os.Stat(root("examples", twin, filepath.Base(path))); err != nil {
			t.Errorf("%s has no twin in examples/%s", path, twin)
		}
		lines := strings.SplitN(string(text), "\n", 3)
		if firstLine.MatchString(lines[0]) != (folder == "broken") {
			t.Errorf("%s: its first line is %q", path, lines[0])
		}
		if folder != "broken" {
			continue
		}
		e := &example{name: name, kernel: kernel.Default, file: filepath.Join("examples", folder, filepath.Base(path))}
		if m := kernelLine.FindStringSubmatch(lines[1]); m != nil {
			e.kernel = m[1]
		}
		all = append(all, e)
	}
	return all
}

// checkExamples judges the compiled examples: every program of a fixed one is
// accepted, and of a broken one at least one is not. `make examples` compiles them.
func checkExamples(t *testing.T) []*example {
	t.Helper()
	bpfdiagBin(t)
	all := examples(t)
	byKernel := map[string][]*example{}
	for _, e := range all {
		byKernel[e.kernel] = append(byKernel[e.kernel], e)
	}
	for k, es := range byKernel {
		if _, err := kernel.Find(k); err != nil {
			missing(t, err.Error())
		}
		var objects []string
		for _, e := range es {
			objects = append(objects, e.object("broken"), e.object("fixed"))
		}
		doc := checkObjects(t, k, objects)
		for i, e := range es {
			broken, fixed := doc.Objects[2*i], doc.Objects[2*i+1]
			if broken.Error != "" || fixed.Error != "" {
				missing(t, fmt.Sprintf("%s: %s %s; run `make examples`", e.name, broken.Error, fixed.Error))
			}
			e.broken(t, broken)
			e.text = otherKernels.ReplaceAllString(strings.ReplaceAll(e.text, doc.Kernel.Release, doc.Kernel.Series), "")
			for _, p := range fixed.Programs {
				if p.Verdict != diag.Accepted {
					t.Errorf("%s is %s: %s", fixed.Path, p.Verdict, p.Error)
					for _, d := range p.Diagnostics {
						t.Log("\n" + d.Rendered)
					}
				}
			}
		}
	}
	return all
}

// object is the example as `make examples` has compiled it, seen from the
// repository's root.
func (e *example) object(folder string) string {
	build := cmp.Or(os.Getenv("BPFDIAG_EXAMPLES"), filepath.Join("build", "examples"))
	return filepath.Join(build, folder, e.name+".bpf.o")
}

func (e *example) broken(t *testing.T, o diag.Object) {
	t.Helper()
	var text strings.Builder
	for _, p := range o.Programs {
		if p.Verdict == diag.Accepted {
			continue
		}
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s: %s\n", p.Name, p.Verdict)
		for _, d := range p.Diagnostics {
			if e.text == "" && e.diag.Code == "" {
				e.diag = d
			}
			text.WriteString(d.Rendered)
		}
	}
	if e.text = text.String(); e.text == "" {
		t.Errorf("%s is accepted", o.Path)
	}
}

// clangMajor is the version of the compiler that made the examples.
func clangMajor() string {
	out, _ := exec.Command(clang(), "-dumpversion").Output()
	major, _, _ := strings.Cut(string(out), ".")
	return major
}

// TestExamples: what is printed of each broken example is examples/output.
// `go test ./cmd/bpfdiag -run Examples -update` writes it, to be read.
func TestExamples(t *testing.T) {
	all := checkExamples(t)
	whole := clangMajor() == goldenClang
	var lengths []int
	for _, e := range all {
		path := root("examples", "output", e.name+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(e.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		switch {
		case whole && string(want) != e.text:
			t.Errorf("%s", diff.Diff(path, want, "what is printed now", []byte(e.text)))
		case !bytes.Contains(want, []byte("["+e.diag.Code+"]")):
			t.Errorf("%s is %s now", e.name, e.diag.Code)
		}
		n := strings.Count(e.diag.Rendered, "\n")
		if lengths = append(lengths, n); n > mostLines {
			t.Errorf("%s: %d lines", path, n)
		}
	}
	slices.Sort(lengths)
	if m := lengths[len(lengths)/2]; m > medianLines {
		t.Errorf("half of the texts have more than %d lines", m)
	}
	t.Logf("%d examples, %d lines in the middle, %d at most", len(all), lengths[len(lengths)/2], lengths[len(lengths)-1])
	outputs, _ := filepath.Glob(root("examples", "output", "*.txt"))
	for _, path := range outputs {
		if !slices.ContainsFunc(all, func(e *example) bool { return e.name+".txt" == filepath.Base(path) }) {
			t.Errorf("%s is of no example", path)
		}
	}
}

// judgement is a line of examples/lines.txt.
type judgement struct {
	line   int    // the primary label's
	as     string // at, right, wrong
	reason string
}

// judgements reads examples/lines.txt, which says what it is about.
func judgements(t *testing.T) map[string]judgement {
	t.Helper()
	text, err := os.ReadFile(root("examples", "lines.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]judgement{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		var j judgement
		if len(f) >= 3 {
			j.line, err = strconv.Atoi(f[1])
			j.as, j.reason = f[2], strings.Join(f[3:], " ")
		}
		if err != nil || j.as != "at" && (j.as != "right" && j.as != "wrong" || j.reason == "") {
			t.Fatalf("lines.txt: %s", line)
		}
		all[f[0]] = j
	}
	return all
}

// TestPrimaryLines: the primary label is on the line that a person would mend.
func TestPrimaryLines(t *testing.T) {
	all := checkExamples(t)
	if clangMajor() != goldenClang {
		missing(t, "the examples are not compiled by clang "+goldenClang)
	}
	judged := judgements(t)
	right := 0
	for _, e := range all {
		j, ok := judged[e.name]
		line := 0
		for _, l := range e.diag.Labels {
			if l.Primary && l.File == e.file {
				line = l.Line
			}
		}
		switch {
		case !ok:
			t.Errorf("%s is not judged; its primary label is at line %d", e.name, line)
		case j.line != line:
			t.Errorf("%s: its primary label is at line %d now, what was judged at %d", e.name, line, j.line)
		case j.as == "at" && !e.mendedAt(t, line):
			t.Errorf("%s: its twin changes nothing at line %d", e.name, line)
		}
		if j.as != "wrong" {
			right++
		}
	}
	t.Logf("%d of %d are right", right, len(all))
	if right*10 < len(all)*9 {
		t.Errorf("%d of %d are right", right, len(all))
	}
	if len(judged) > len(all) {
		t.Error("lines.txt has lines of what is no example")
	}
}

var hunk = regexp.MustCompile(`^@@ -(\d+)`)

// mendedAt says whether the repaired twin differs at a line of the broken one,
// or right before or behind it.
func (e *example) mendedAt(t *testing.T, line int) bool {
	t.Helper()
	read := func(folder string) []byte {
		text, err := os.ReadFile(root("examples", folder, e.name+".bpf.c"))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	at := 0
	for l := range strings.Lines(string(diff.Diff("broken", read("broken"), "fixed", read("fixed")))) {
		if m := hunk.FindStringSubmatch(l); m != nil {
			at, _ = strconv.Atoi(m[1])
			continue
		}
		switch l[0] {
		case '-':
			if at >= line-1 && at <= line+1 {
				return true
			}
			at++
		case '+':
			if at == line || at == line+1 {
				return true
			}
		case ' ':
			at++
		}
	}
	return false
}
