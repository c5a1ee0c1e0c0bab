package diag

import (
	"fmt"
	"slices"
	"testing"
)

// null is a diagnostic of one line.
func null(file string, line int, source, function string) Diagnostic {
	return Diagnostic{
		Code: "BPF0101", Severity: SeverityError, Message: "`p` may be NULL here",
		Labels: []Label{{Primary: true, File: file, Line: line, Column: 2, Source: source, Function: function}},
	}
}

// TestFingerprint: it stays when lines are inserted above and when the line is
// indented, and changes when the line, the file, the function or the code does.
func TestFingerprint(t *testing.T) {
	print := func(d Diagnostic) string {
		f := finding{&Object{Path: "a.o"}, &Program{Name: "prog"}, &d}
		return f.fingerprint(Report{})
	}
	first := print(null("a.c", 10, "\tx = *p;", "f"))
	for _, same := range []Diagnostic{null("a.c", 99, "\tx = *p;", "f"), null("a.c", 10, "        x =  *p;", "f")} {
		if print(same) != first {
			t.Errorf("%+v has another fingerprint", same.Labels)
		}
	}
	code := null("a.c", 10, "\tx = *p;", "f")
	code.Code = "BPF0102"
	for _, other := range []Diagnostic{null("b.c", 10, "\tx = *p;", "f"), null("a.c", 10, "\tx = *q;", "f"), null("a.c", 10, "\tx = *p;", "g"), code} {
		if print(other) == first {
			t.Errorf("%+v has the same fingerprint", other.Labels)
		}
	}
}

// TestMergeCauses: one place and one complaint are one cause, in however many
// programs.
func TestMergeCauses(t *testing.T) {
	other := null("a.c", 10, "", "f")
	other.Message, other.KernelMessage = "`q` may be NULL here", "R2 invalid mem access"
	named := func(program string) Diagnostic {
		d := null("b.c", 1, "", "f")
		d.Message, d.KernelMessage = "the verifier rejected `"+program+"`", "R1 !read_ok"
		return d
	}
	nowhere := func(function string) Diagnostic {
		return Diagnostic{Code: "BPF0604", Message: "the stack is too large", Function: function}
	}
	o := Object{Programs: []Program{
		{Name: "a", Diagnostics: []Diagnostic{null("a.c", 10, "", "f"), named("a")}},
		{Name: "b", Diagnostics: []Diagnostic{null("a.c", 10, "", "f")}},
		{Name: "c", Diagnostics: []Diagnostic{null("a.c", 11, "", "f"), named("c")}},
		{Name: "d", Diagnostics: []Diagnostic{other, null("a.c", 10, "", "f")}},
		{Name: "e", Diagnostics: []Diagnostic{nowhere("e")}},
		{Name: "f", Diagnostics: []Diagnostic{nowhere("f")}},
	}}
	MergeCauses(&o)
	var got []string
	for _, p := range o.Programs {
		for i, d := range p.Diagnostics {
			got = append(got, fmt.Sprintf("%s%d same as %q, also in %v", p.Name, i, d.SameAs, d.AlsoIn))
		}
	}
	want := []string{
		`a0 same as "", also in [b d]`, `a1 same as "", also in [c]`, `b0 same as "a", also in []`,
		`c0 same as "", also in []`, `c1 same as "a", also in []`,
		`d0 same as "", also in []`, `d1 same as "a", also in []`,
		`e0 same as "", also in []`, `f0 same as "", also in []`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// TestSteps: the path of a code flow, labels with the evidence of their
// instructions, the primary label last.
func TestSteps(t *testing.T) {
	d := Diagnostic{
		Labels: []Label{
			{Primary: true, File: "a.c", Line: 9, Insn: new(12), Text: "used"},
			{File: "a.c", Line: 3, Insn: new(4), Text: "made"},
			{File: "a.c", Line: 1, Text: "declared"},
			{File: "a.c", Line: 5, Insn: new(6), Text: "moved"},
		},
		Evidence: []Evidence{{Insn: 2, State: "s2"}, {Insn: 4, State: "s4"}, {Insn: 4, State: "s4b"}, {Insn: 8, State: "s8"}, {Insn: 12, State: "s12"}},
	}
	var got []string
	for _, s := range d.steps() {
		text := "-"
		if s.label != nil {
			text = s.label.Text
		}
		for _, e := range s.evidence {
			text += " " + e.State
		}
		got = append(got, text)
	}
	want := []string{"- s2", "made s4 s4b", "declared", "moved", "- s8", "used s12"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
