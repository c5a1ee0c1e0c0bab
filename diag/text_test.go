package diag

import "testing"

// TestText shows the text form: a label with its source line, tabs expanded,
// and the kernel's words below it.
func TestText(t *testing.T) {
	insn := 8
	got := Text(Diagnostic{
		Code: "BPF0000", Severity: "error", Message: "the verifier rejected `count`", Insn: &insn,
		KernelMessage: "R0 invalid mem access 'map_value_or_null'\nsecond line",
		Labels:        []Label{{Primary: true, File: "a.bpf.c", Line: 21, Column: 3, Source: "\t\t*count += 1;"}},
		Notes:         []string{"a note"},
	})
	want := "error[BPF0000]: the verifier rejected `count`\n" +
		"  --> a.bpf.c:21:3\n" +
		"   |\n" +
		"21 |         *count += 1;\n" +
		"   |         ^\n" +
		"   |\n" +
		"   = verifier: R0 invalid mem access 'map_value_or_null' (insn 8)\n" +
		"   =           second line\n" +
		"   = note: a note\n"
	if got != want {
		t.Errorf("got:\n%s", got)
	}
}
