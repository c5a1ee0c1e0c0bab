package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules"
)

// TestEdits: what the helps suggest is made and tried. For each help with edits of
// each rejected program on the pages, and of each broken example, the edits are made
// in a copy of the source, which is compiled and judged. Those programs are broken in
// one way, so the edits have to do:
//
//	safe        compiles, and the program is accepted
//	likely      the same, or testdata/edits.txt says why not
//	placeholder compiles, or testdata/edits.txt says why not (it may be that it does
//	            with the headers of another libbpf)
//
// Half of the helps, of all kernels, have edits. $BPFDIAG_EDITS names other objects to try the
// edits of: see TestEditsOf.
func TestEdits(t *testing.T) {
	bpfdiagBin(t)
	if clang() == "" {
		missing(t, "no clang")
	}
	excused := editExceptions(t)
	kernels := testKernels(t)
	var all editCounts
	for _, k := range kernels {
		t.Run(k, func(t *testing.T) {
			var sum editCounts
			pages := pageObjects(t, k)
			sum.add(judgeEdits(t, k, pages, func(object, source, _ string) error { return compilePage(object, source) }, excused))
			var broken []string
			for _, e := range examples(t) {
				if e.kernel == k {
					broken = append(broken, e.object("broken"))
				}
			}
			if len(broken) > 0 {
				sum.add(judgeEdits(t, k, broken, compileExample, excused))
			}
			t.Logf("pages and examples: %v", &sum)
			all.add(sum)
		})
	}
	if all.helps > 2*all.withEdits {
		t.Errorf("less than half of the helps have edits: %v", &all)
	}
	for _, e := range excused {
		if !e.met && e.what == "refused" && slices.Contains(kernels, e.kernel) {
			t.Errorf("edits.txt: nothing needs the exception %q", e.line)
		}
	}
}

// TestEditsOf tries the edits for other objects: those of $BPFDIAG_EDITS, a pattern of
// files. $BPFDIAG_EDITS_COMPILE is a command that compiles SOURCE to OBJECT. Their
// programs may be broken in several ways, so it does when the failure is another
// one behind a safe edit. What is refused of other edits is told.
func TestEditsOf(t *testing.T) {
	objects, err := filepath.Glob(os.Getenv("BPFDIAG_EDITS"))
	command := strings.Fields(os.Getenv("BPFDIAG_EDITS_COMPILE"))
	if err != nil || len(objects) == 0 || len(command) == 0 {
		t.Skip("$BPFDIAG_EDITS and $BPFDIAG_EDITS_COMPILE name no objects and no compiler")
	}
	compile := func(object, source, _ string) error { return runCommand(command, source, object) }
	for _, k := range testKernels(t) {
		t.Run(k, func(t *testing.T) {
			sum := judgeEdits(t, k, objects, compile, nil)
			t.Logf("%v", &sum)
		})
	}
}

// compileExample compiles as `make examples` does; what stands beside the
// original is found.
func compileExample(object, source, original string) error {
	return runCommand([]string{root("scripts", "compile-examples")}, source, object, filepath.Dir(original))
}

func runCommand(command []string, args ...string) error {
	if out, err := exec.Command(command[0], append(command[1:], args...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// pageObjects compiles the programs of the pages that a kernel rejects.
func pageObjects(t *testing.T, kernel string) (objects []string) {
	t.Helper()
	folder := t.TempDir()
	for _, p := range rules.Pages() {
		if p.Rejected == "" || p.Compiler || p.Kernels != nil && !slices.Contains(p.Kernels, kernel) {
			continue
		}
		source := filepath.Join(folder, p.Code+".bpf.c")
		object := filepath.Join(folder, p.Code+".bpf.o")
		if err := os.WriteFile(source, []byte(p.Rejected), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := compilePage(object, source); err != nil {
			t.Error(err)
			continue
		}
		objects = append(objects, object)
	}
	return objects
}

// attempt is a help whose edits are made in a copy of the source.
type attempt struct {
	name    string // of the page or example
	program string
	diag    *diag.Diagnostic
	help    *diag.Help
	source  string // the copy
	object  string
	err     error // why the edits cannot be made, or it does not compile
	verdict diag.Verdict
	mended  bool   // the program fails for another reason now
	says    string // what is said of the program then
}

// editCounts counts helps.
type editCounts struct {
	helps, withEdits    int
	tried, compile, met map[diag.Applicability]int
	mended              map[diag.Applicability]int // those not accepted, for another reason now
}

func (n *editCounts) add(o editCounts) {
	n.helps += o.helps
	n.withEdits += o.withEdits
	for _, m := range []struct{ to, from *map[diag.Applicability]int }{
		{&n.tried, &o.tried}, {&n.compile, &o.compile}, {&n.met, &o.met}, {&n.mended, &o.mended},
	} {
		if *m.to == nil {
			*m.to = map[diag.Applicability]int{}
		}
		for a, c := range *m.from {
			(*m.to)[a] += c
		}
	}
}

func (n *editCounts) String() string {
	s := fmt.Sprintf("%d helps, %d with edits (%d %%)", n.helps, n.withEdits, 100*n.withEdits/max(n.helps, 1))
	for _, a := range []diag.Applicability{diag.Safe, diag.Likely, diag.Placeholder} {
		s += fmt.Sprintf("; %s: %d, %d compile, %d accepted", a, n.tried[a], n.compile[a], n.met[a])
		if n.mended[a] > 0 {
			s += fmt.Sprintf(", %d fail in another way then", n.mended[a])
		}
	}
	return s
}

// judgeEdits checks objects, makes the edits of all helps, and judges what comes of it.
func judgeEdits(t *testing.T, kernel string, objects []string, compile func(object, source, original string) error, excused []*editException) editCounts {
	t.Helper()
	var n editCounts
	n.add(editCounts{}) // makes the maps
	folder := t.TempDir()
	doc := checkObjects(t, kernel, objects)
	var all []*attempt
	sentences := map[string]int{}
	for _, o := range doc.Objects {
		if o.Error != "" {
			missing(t, fmt.Sprintf("%s: %s", o.Path, o.Error))
		}
		for _, p := range o.Programs {
			for i := range p.Diagnostics {
				d := &p.Diagnostics[i]
				if d.SameAs != "" {
					continue
				}
				for j := range d.Helps {
					h := &d.Helps[j]
					n.helps++
					if len(h.Edits) == 0 {
						sentences[d.Code]++
						if h.Applicability == diag.Safe {
							t.Errorf("%s, `%s`: a sentence is no safe edit: %s", o.Path, p.Name, h.Text)
						}
						continue
					}
					n.withEdits++
					a := &attempt{name: strings.TrimSuffix(filepath.Base(o.Path), ".bpf.o"), program: p.Name, diag: d, help: h}
					a.source = filepath.Join(folder, fmt.Sprint(len(all)), a.name+".bpf.c")
					a.object = strings.TrimSuffix(a.source, ".c") + ".o"
					all = append(all, a)
				}
			}
		}
	}
	compileAttempts(all, compile)
	var compiled []string
	for _, a := range all {
		if n.tried[a.help.Applicability]++; a.err == nil {
			n.compile[a.help.Applicability]++
			compiled = append(compiled, a.object)
		}
	}
	if len(compiled) > 0 {
		judged := map[string]*diag.Object{}
		after := checkObjects(t, kernel, compiled)
		for i := range after.Objects {
			judged[after.Objects[i].Path] = &after.Objects[i]
		}
		for _, a := range all {
			if a.err == nil {
				a.judge(judged[a.object])
			}
		}
	}
	for _, a := range all {
		switch {
		case a.verdict == diag.Accepted:
			n.met[a.help.Applicability]++
		case a.mended:
			n.mended[a.help.Applicability]++
		}
		a.report(t, kernel, excused)
	}
	codes := slices.SortedFunc(maps.Keys(sentences), func(a, b string) int {
		return cmp.Or(sentences[b]-sentences[a], strings.Compare(a, b))
	})
	for i, c := range codes {
		codes[i] = fmt.Sprintf("%s %d", c, sentences[c])
	}
	t.Logf("%v\nhelps without edits: %s", &n, strings.Join(codes, ", "))
	return n
}

// compileAttempts makes the edits, and compiles the copies.
func compileAttempts(all []*attempt, compile func(object, source, original string) error) {
	var wg sync.WaitGroup
	slots := make(chan bool, 2)
	for _, a := range all {
		slots <- true
		wg.Go(func() {
			defer func() { <-slots }()
			original := a.help.Edits[0].File
			if a.err = a.edit(original); a.err == nil {
				a.err = compile(a.object, a.source, original)
			}
		})
	}
	wg.Wait()
}

// edit makes the edits in a copy of the source.
func (a *attempt) edit(original string) error {
	for _, e := range a.help.Edits {
		if e.File != original || !strings.HasSuffix(e.File, ".c") {
			return fmt.Errorf("an edit of %s, which is not the program's own file", e.File)
		}
	}
	text, err := os.ReadFile(sourcePath(original))
	if err != nil {
		return err
	}
	made, err := diag.Apply(original, string(text), a.help.Edits)
	if err != nil {
		return err
	}
	if made == string(text) {
		return errors.New("the edits change nothing")
	}
	if err := os.MkdirAll(filepath.Dir(a.source), 0o755); err != nil {
		return err
	}
	return os.WriteFile(a.source, []byte(made), 0o644)
}

// sourcePath finds a file that an edit names: bpfdiag runs in the repository's root.
func sourcePath(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return root(name)
}

// judge finds the program in the object that was made with the edits.
func (a *attempt) judge(o *diag.Object) {
	for _, p := range o.Programs {
		if p.Name != a.program {
			continue
		}
		a.verdict, a.says = p.Verdict, p.Error
		a.mended = len(p.Diagnostics) > 0 && p.Diagnostics[0].Code != a.diag.Code
		for _, d := range p.Diagnostics {
			a.says += "\n" + d.Rendered
		}
		return
	}
	a.says = o.Error + " it has no such program"
}

// report says what is wrong with an attempt.
func (a *attempt) report(t *testing.T, kernel string, excused []*editException) {
	t.Helper()
	what := ""
	switch {
	case a.err != nil:
		what, a.says = "uncompiled", a.err.Error()
	case a.verdict != diag.Accepted && a.help.Applicability != diag.Placeholder && (excused != nil || !a.mended):
		what = "refused"
	default:
		return
	}
	if a.help.Applicability != diag.Safe {
		for _, e := range excused {
			if e.kernel == kernel && e.name == a.name && e.what == what {
				e.met = true
				return
			}
		}
	}
	say := t.Errorf
	if a.help.Applicability != diag.Safe && excused == nil {
		say = t.Logf
	}
	text, _ := os.ReadFile(a.source)
	say("%s, `%s`: %s edit %s on %s: %s\n%s\nwith the edits:\n%s\n%s", a.name, a.program, a.help.Applicability, what, kernel, a.help.Text, a.diag.Rendered, text, a.says)
}

// checkObjects has a kernel judge objects, in the repository's root.
func checkObjects(t *testing.T, kernel string, objects []string) (doc diag.Document) {
	t.Helper()
	bin, err := filepath.Abs(bpfdiagBin(t))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, append([]string{"check", "--kernel", kernel, "--format", "json", "--max-bytes", "0"}, objects...)...)
	cmd.Dir = root()
	out, err := cmd.Output()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	return doc
}

// editException is a line of testdata/edits.txt: kernel, page or example,
// "refused" or "uncompiled", and why it is so.
type editException struct {
	kernel, name, what string
	line               string
	met                bool
}

func editExceptions(t *testing.T) []*editException {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "edits.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all := []*editException{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) < 4 || f[2] != "refused" && f[2] != "uncompiled" {
			t.Fatalf("edits.txt: %s", line)
		}
		for _, k := range strings.Split(f[0], ",") {
			all = append(all, &editException{kernel: k, name: f[1], what: f[2], line: strings.TrimSpace(line)})
		}
	}
	return all
}
