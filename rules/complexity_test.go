package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
)

// TestTooComplex: of a log of one path the loop that took the steps is told,
// and that the other paths took the rest.
func TestTooComplex(t *testing.T) {
	var log strings.Builder
	log.WriteString("0: R1=ctx() R10=fp0\n; int n = 0; @ sum.bpf.c:4\n0: (b7) r1 = 0                        ; R1_w=0\n")
	for i := range 100 {
		fmt.Fprintf(&log, "; for (i = 0; i < 1000000; i++) @ sum.bpf.c:7\n1: (07) r1 += 1                       ; R1_w=%d\n", i+1)
		log.WriteString("; n += weigh(i); @ sum.bpf.c:8\n2: (bf) r2 = r1                       ; R2_w=1\n3: (0f) r3 += r2                      ; R3_w=scalar()\n")
		log.WriteString("4: (a5) if r1 < 0xf4240 goto pc-4\n")
	}
	log.WriteString("BPF program is too large. Processed 1000001 insn\nprocessed 1000001 insns (limit 1000000) max_states_per_insn 4 total_states 9000 peak_states 7 mark_read 3\n")
	d := Diagnose(Case{Program: Program{Name: "sum"}, Log: log.String()})
	got := diag.Text{}.Render(d)
	want := `error[BPF0603]: the verifier gave up on ` + "`sum`" + ` after 1000000 instructions
 --> sum.bpf.c:7
  |
7 | for (i = 0; i < 1000000; i++)
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 99 % of the steps shown are in the loop of instructions 1 to 4, in 99 passes
8 | n += weigh(i);
  | -------------- 300 steps, 74 %
  |
  = note: the last path has 401 steps, less than 1 % of all, and the rest went into other branches, with 9000 different states
`
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCountedLoop(t *testing.T) {
	for head, counter := range map[string]string{
		"for (int i = 0; i < 10; i++)":                 "i",
		"for (i = 0; i < sizeof(e->name); ++i)":        "i",
		"for (unsigned int j = at; j < n + 1; j += 1)": "j",
		"for (i = 0; i <= 10; i++)":                    "",
		"for (i = 10; i > 0; i--)":                     "",
		"for (i = 0; i < n && data[i]; i++)":           "",
		"for (struct node *n = first; n; n = n->next)": "",
		"while (i < 10)":                               "",
	} {
		got := ""
		if m := countedLoop.FindStringSubmatch(head); m != nil {
			got = m[2]
		}
		if got != counter {
			t.Errorf("%s counts %q, want %q", head, got, counter)
		}
	}
}
