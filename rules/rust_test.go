package rules

import (
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
)

// TestKeepRust: what is left of helps for a program in Rust.
func TestKeepRust(t *testing.T) {
	edit := func(file string) []diag.Edit { return []diag.Edit{{File: file, Replacement: "if (!p) return 0;"}} }
	for _, c := range []struct {
		help diag.Help
		rust bool
		text string // "" if nothing is left
		kept bool   // the edits
	}{
		{diag.Help{Text: "check `p` first", Applicability: diag.Safe, Edits: edit("src/main.rs")}, false, "check `p` first", false},
		{diag.Help{Text: "check `p` first", Applicability: diag.Safe, Edits: edit("main.bpf.c")}, false, "check `p` first", true},
		{diag.Help{Text: "check `p` first: `if (!p) return 0;`"}, true, "check `p` first", false},
		{diag.Help{Text: "check `p` first: `if (!p) return 0;`"}, false, "check `p` first: `if (!p) return 0;`", false},
		{diag.Help{Text: "let this check leave no 0", Edits: edit("a.rs")}, true, "", false},
		{diag.Help{Text: "make it `__noinline`; or have fewer paths"}, true, "have fewer paths", false},
		{diag.Help{Text: "write `SEC(\"xdp\")`"}, true, "", false},
	} {
		d := diag.Diagnostic{Helps: []diag.Help{c.help}}
		keepRust(&d, c.rust)
		text, edits := "", 0
		if len(d.Helps) > 0 {
			text, edits = d.Helps[0].Text, len(d.Helps[0].Edits)
		}
		if text != c.text || edits > 0 != c.kept {
			t.Errorf("%+v, rust %v: %q, %d edits", c.help, c.rust, text, edits)
		}
		if !c.kept && len(c.help.Edits) > 0 && text != "" && d.Helps[0].Applicability != diag.Placeholder {
			t.Errorf("%q is still %s", text, d.Helps[0].Applicability)
		}
	}
}
