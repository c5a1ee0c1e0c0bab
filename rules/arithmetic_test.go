package rules

import (
	"slices"
	"strings"
	"testing"
)

// TestOffsets: which bound of an offset is missing, and which check does not count.
func TestOffsets(t *testing.T) {
	const begin = `0: R0=map_value(map=t,ks=4,vs=256) R1=ctx() R10=fp0
; n = *v; @ p.c:5
0: (79) r2 = *(u64 *)(r0 +0)          ; R0=map_value(map=t,ks=4,vs=256) R2=scalar()
`
	tests := []struct{ name, log, message, label, class string }{
		{
			name: "no check",
			log: begin + `; return v[n]; @ p.c:8
1: (0f) r0 += r2
math between map_value pointer and register with unbounded min value is not allowed
`,
			message: "the offset has no bounds where it is added to a pointer to a value of map `t` (256 bytes)",
			label:   "loaded from a value of a map: it may be any number",
			class:   "source",
		},
		{
			name: "only the upper bound",
			log: begin + `; if (n > 63) @ p.c:6
1: (65) if r2 s> 0x3f goto pc+2       ; R2=scalar(smax=63)
; return v[n]; @ p.c:8
2: (0f) r0 += r2
math between map_value pointer and register with unbounded min value is not allowed
`,
			message: "the offset has no lower bound where it is added to a pointer to a value of map `t` (256 bytes)",
			label:   "behind this check it is at most 63, also negative",
			class:   "source",
		},
		{
			name: "a mask is no arithmetic on a pointer, however large it is",
			log: begin + `; v & ~63 @ p.c:6
1: (18) r3 = 0x1fffffffc              ; R3=0x1fffffffc
3: (5f) r0 &= r3
math between map_value pointer and 8589934588 is not allowed
`,
			message: "a pointer takes + and - only, not `&`",
			label:   "computed here",
			class:   "source",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := Diagnose(Case{Program: Program{Name: "p", Type: "xdp"}, Log: test.log})
			if d.Message != test.message || string(d.Class) != test.class {
				t.Errorf("got %s, class %s", d.Message, d.Class)
			}
			var labels []string
			for _, l := range d.Labels {
				labels = append(labels, l.Text)
			}
			if !slices.Contains(labels, test.label) {
				t.Errorf("no label %q, but:\n%s", test.label, strings.Join(labels, "\n"))
			}
		})
	}
}
