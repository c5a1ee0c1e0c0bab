package diag_test

import (
	"fmt"

	"github.com/bpfdiag/bpfdiag/diag"
)

// What a rule fills in, and what becomes of it. The lines' texts are those that
// the object carries; where the file is found, it is used.
func Example() {
	d := diag.Diagnostic{
		Code: "BPF0101", Name: "null-pointer-dereference",
		Severity: diag.SeverityError, Class: diag.ClassSource,
		Message:       "`stats` may be NULL here",
		KernelMessage: "R0 invalid mem access 'map_value_or_null'",
		Insn:          new(12), Function: "count",
		Labels: []diag.Label{
			{File: "count.bpf.c", Line: 27, Column: 27, EndLine: 27, EndColumn: 63, Insn: new(8),
				Text:   "returns NULL when `key` is not in `counters`",
				Source: "    struct stats *stats = bpf_map_lookup_elem(&counters, &key);"},
			{Primary: true, File: "count.bpf.c", Line: 31, Column: 5, EndLine: 31, EndColumn: 19, Insn: new(12),
				Text:   "used here without a check",
				Source: "    stats->packets++;"},
		},
		Notes: []string{"on the path to this line nothing compares `stats` with NULL"},
		Helps: []diag.Help{{
			Text: "check it first", Applicability: diag.Likely,
			Edits: []diag.Edit{{File: "count.bpf.c", Start: diag.Position{Line: 31, Column: 5}, End: diag.Position{Line: 31, Column: 5},
				Replacement: "if (!stats)\n        return XDP_PASS;\n    "}},
		}},
	}
	fmt.Print(diag.Text{}.Render(d))
	// Output:
	// error[BPF0101]: `stats` may be NULL here
	//   --> count.bpf.c:31:5
	//    |
	// 27 |     struct stats *stats = bpf_map_lookup_elem(&counters, &key);
	//    |                           ------------------------------------ returns NULL when `key` is not in `counters`
	//  ...
	// 31 |     stats->packets++;
	//    |     ^^^^^^^^^^^^^^ used here without a check
	//    |
	//    = note: on the path to this line nothing compares `stats` with NULL
	// help (likely): check it first
	//    |
	// 31 +     if (!stats)
	// 32 +         return XDP_PASS;
	// 33 |     stats->packets++;
	//    |
	//    = verifier: R0 invalid mem access 'map_value_or_null' (insn 12)
}
