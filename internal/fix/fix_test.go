package fix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// The sources of these tests are compiled, and judged by a verifier that knows one
// rule: a program is rejected at its first line that ends with `// bug X`. What
// the helps of X put in the line's place is up to the test.

// remedy is a help: a line that takes the place of the one with the bug; %s in it is
// that line without its comment.
type remedy struct {
	text string
	how  diag.Applicability
	line string
}

type judge1 struct {
	source   string
	remedies map[string][]remedy
}

var bug = regexp.MustCompile(`(?m)^(.*);.*// bug (\w+)$`)

func (j *judge1) verify(_ context.Context, o *object.Object, texts map[string]string) (diag.Object, error) {
	out := diag.Object{Path: o.Path}
	text, ok := texts[j.source]
	if !ok {
		data, err := os.ReadFile(j.source)
		if err != nil {
			return out, err
		}
		text = string(data)
	}
	for _, fn := range o.Programs() {
		p := diag.Program{Name: fn.Name, Verdict: diag.Accepted}
		start := strings.Index(text, " "+fn.Name+"(")
		end := start + strings.Index(text[start:], "\n}")
		if m := bug.FindStringSubmatchIndex(text[start:end]); m != nil {
			p.Verdict = diag.Rejected
			p.Diagnostics = []diag.Diagnostic{j.diagnose(text, start+m[2], start+m[3], start+m[1], text[start+m[4]:start+m[5]])}
		}
		out.Programs = append(out.Programs, p)
	}
	return out, nil
}

func (j *judge1) diagnose(text string, from, to, end int, name string) diag.Diagnostic {
	line := strings.Count(text[:from], "\n") + 1
	d := diag.Diagnostic{Code: "BPF" + name, Message: "bug " + name, Labels: []diag.Label{{Primary: true, File: j.source, Line: line}}}
	for _, r := range j.remedies[name] {
		h := diag.Help{Text: r.text, Applicability: r.how}
		h.Edits = []diag.Edit{{File: j.source, Start: diag.Position{Line: line, Column: 1}, End: diag.Position{Line: line, Column: end - from + 1},
			Replacement: strings.ReplaceAll(r.line, "%s", text[from:to])}}
		d.Helps = append(d.Helps, h)
	}
	return d
}

const twoPrograms = `#define SEC(n) __attribute__((section(n), used))
SEC("socket") int one(volatile int *ctx)
{
	ctx[0] = 1; // bug A
	ctx[1] = 1; // bug B
	return 0;
}
SEC("socket") int two(volatile int *ctx)
{
	ctx[2] = 1;
	return 0;
}
char _license[] SEC("license") = "GPL";
`

// mend runs the search on a source.
func mend(t *testing.T, source string, remedies map[string][]remedy, o Options) (Result, string) {
	t.Helper()
	o.Compile = command(t)
	path := filepath.Join(t.TempDir(), "x.bpf.c")
	write(t, path, source)
	j := &judge1{path, remedies}
	o.Verify = j.verify
	r, err := Run(t.Context(), o, []string{path})
	if err != nil {
		t.Fatal(err)
	}
	if r.Targets[0].Error != "" {
		t.Fatal(r.Targets[0].Error)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != source {
		t.Errorf("the source was written: %v\n%s", err, text)
	}
	return r, path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRun: what is made, in which order, and what is not.
func TestRun(t *testing.T) {
	good := remedy{"mend", diag.Safe, "%s;"}
	for _, c := range []struct {
		name     string
		a, b     []remedy
		steps    []string // texts of the helps that are made
		verdicts string   // of the two programs
	}{
		{"one after the other", []remedy{good}, []remedy{good}, []string{"mend", "mend"}, "accepted accepted"},
		{"the second is stuck, the first stays", []remedy{good}, nil, []string{"mend"}, "rejected accepted"},
		{"what is likely does not stay unproven", []remedy{{"maybe", diag.Likely, "%s;"}}, nil, nil, "rejected accepted"},
		{"what is likely stays when it leads to acceptance", []remedy{{"maybe", diag.Likely, "%s;"}}, []remedy{good}, []string{"maybe", "mend"}, "accepted accepted"},
		{"nobody completes a placeholder", []remedy{{"todo", diag.Placeholder, "%s;"}}, []remedy{good}, nil, "rejected accepted"},
		{"safe goes before likely", []remedy{{"maybe", diag.Likely, "%s;"}, good}, []remedy{good}, []string{"mend", "mend"}, "accepted accepted"},
		{"what leads nowhere is undone", []remedy{{"wrong", diag.Safe, "%s; // bug C"}, {"right", diag.Safe, "%s;"}}, []remedy{good},
			[]string{"right", "mend"}, "accepted accepted"},
		{"a circle ends", []remedy{{"there", diag.Safe, "%s; // bug C"}}, []remedy{good}, []string{"there"}, "rejected accepted"},
		{"a compile error", []remedy{{"typo", diag.Safe, "%s + nothing;"}, {"right", diag.Safe, "%s;"}}, []remedy{good}, []string{"right", "mend"}, "accepted accepted"},
		{"no change", []remedy{{"same", diag.Safe, "%s; // bug A"}}, nil, nil, "rejected accepted"},
		{"another program suffers", []remedy{{"shift", diag.Safe, "%s;\n\treturn 0;\n}\nSEC(\"socket\") int three(volatile int *ctx)\n{"}}, []remedy{good},
			[]string{"shift", "mend"}, "accepted accepted accepted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := mend(t, twoPrograms, map[string][]remedy{"A": c.a, "B": c.b, "C": {{"back", diag.Safe, "%s; // bug A"}}}, Options{})
			var steps, verdicts []string
			for _, s := range r.Targets[0].Steps {
				steps = append(steps, s.Help.Text)
			}
			for _, p := range r.Targets[0].Programs {
				verdicts = append(verdicts, string(p.Verdict))
			}
			if !slices.Equal(steps, c.steps) || strings.Join(verdicts, " ") != c.verdicts {
				t.Errorf("steps %q, verdicts %v\n%+v", steps, verdicts, r)
			}
			if len(r.Changes) != min(len(steps), 1) {
				t.Errorf("%d changes", len(r.Changes))
			}
		})
	}
}

// TestSilenced: a guard may silence the verifier, for the compiler sees that what is
// behind it is never reached.
func TestSilenced(t *testing.T) {
	source := strings.Replace(twoPrograms, "\tctx[0] = 1; // bug A", "\tint never = 1;\n\tctx[0] = 1; // bug A", 1)
	path := filepath.Join(t.TempDir(), "x.bpf.c")
	write(t, path, source)
	j := &judge1{source: path}
	guarded := func(ctx context.Context, o *object.Object, texts map[string]string) (diag.Object, error) {
		if strings.Contains(texts[path], "if (") {
			return diag.Object{Programs: []diag.Program{{Name: "one", Verdict: diag.Accepted}, {Name: "two", Verdict: diag.Accepted}}}, nil
		}
		return j.verify(ctx, o, texts)
	}
	f, err := Find(nil, path, command(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &Prover{Command: f.Command, Verify: guarded}
	base, err := p.Base(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for condition, want := range map[string]Outcome{"never": Refused, "ctx[3]": Accepted} {
		at := diag.Position{Line: 5, Column: 2}
		edits := []diag.Edit{{File: path, Start: at, End: at, Replacement: "if (" + condition + ")\n\t\treturn 0;\n\t"}}
		trial, err := p.Try(t.Context(), base, "one", &base.Object.Programs[0].Diagnostics[0], edits)
		if err != nil {
			t.Fatal(err)
		}
		if trial.Outcome != want {
			t.Errorf("if (%s): %v, %s", condition, trial.Outcome, trial.Why)
		}
	}
}

// command compiles without looking for include folders, of which there are none.
func command(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath(compile.Clang()); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no clang")
		}
		t.Skip("no clang")
	}
	return compile.Clang() + " -g -O2 --target=bpf -c {source} -o {output}"
}

// TestChoose: a person is asked, and may stop.
func TestChoose(t *testing.T) {
	var asked []string
	remedies := map[string][]remedy{
		"A": {{"typo", diag.Safe, "%s + nothing;"}, {"todo", diag.Placeholder, "%s;"}},
		"B": {{"mend", diag.Safe, "%s;"}},
	}
	choose := func(quit bool) Choose {
		return func(_ context.Context, c Choice) (int, error) {
			asked = append(asked, fmt.Sprintf("%s %d", c.Diagnostic.Code, len(c.Trials)))
			if quit && c.Diagnostic.Code == "BPFB" {
				return -1, ErrQuit
			}
			return 0, nil
		}
	}
	r, _ := mend(t, twoPrograms, remedies, Options{Choose: choose(false)})
	if v := r.Targets[0].Programs[0].Verdict; v != diag.Accepted || !slices.Equal(asked, []string{"BPFA 1", "BPFB 1"}) {
		t.Errorf("%s, asked %q", v, asked)
	}
	r, _ = mend(t, twoPrograms, remedies, Options{Choose: choose(true)})
	if len(r.Targets[0].Steps) != 1 || len(r.Changes) != 1 {
		t.Errorf("what was chosen before is lost: %+v", r)
	}
}

// TestSteps: a bound of the way.
func TestSteps(t *testing.T) {
	good := []remedy{{"mend", diag.Safe, "%s;"}}
	r, _ := mend(t, twoPrograms, map[string][]remedy{"A": good, "B": good}, Options{Steps: 1})
	if n := len(r.Targets[0].Steps); n != 1 || r.Targets[0].Programs[0].Verdict != diag.Rejected {
		t.Errorf("%d steps: %+v", n, r)
	}
}

// TestProve: what is said of helps when they were tried.
func TestProve(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.bpf.c")
	write(t, path, strings.Replace(twoPrograms, " // bug B", "", 1))
	j := &judge1{path, map[string][]remedy{"A": {
		{"typo", diag.Safe, "%s + nothing;"}, {"further", diag.Likely, "%s; // bug C"}, {"todo", diag.Placeholder, "%s;"}, {"mend", diag.Safe, "%s;"}}}}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	o := diag.Object{Path: path}
	o.Programs = []diag.Program{{Name: "one", Verdict: diag.Rejected, Diagnostics: []diag.Diagnostic{
		j.diagnose(string(data), strings.Index(string(data), "\tctx[0]"), strings.Index(string(data), "; // bug A"), strings.Index(string(data), "A\n\tctx[1]")+1, "A")}},
		{Name: "two", Verdict: diag.Accepted}}
	if err := ProveObject(t.Context(), j.verify, nil, command(t), false, &o); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range o.Programs[0].Diagnostics[0].Helps {
		got = append(got, fmt.Sprintf("%s %s %v %d", h.Text, h.Applicability, h.Verified, len(h.Edits)))
	}
	want := []string{"mend safe true 1", "todo placeholder true 1", "further likely false 1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	// An object that says something else is not of this source.
	o.Programs[1].Verdict = diag.Rejected
	if err := ProveObject(t.Context(), j.verify, nil, command(t), false, &o); !errors.Is(err, errOther) {
		t.Errorf("another object: %v", err)
	}
}
