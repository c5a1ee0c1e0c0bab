package rules

import "testing"

func TestArgumentNumber(t *testing.T) {
	for field, want := range map[string]int{
		"R1": 1, "R5": 5, "R0": 0, "R6": 0, "R": 0,
		"arg#0": 1, "args#1": 2, "arg0": 1, "arg5": 0, "arg #2": 3, "arg#": 0, "arg#99": 0,
		"arg 1": 1, "arg 0": 0,
		"*(R11-8)": 6, "*(R11-16)": 7, "*(R11-0)": 0, "*(R11-8": 0,
		"counters": 0, "": 0,
	} {
		if got := argumentNumber(field); got != want {
			t.Errorf("argumentNumber(%q) = %d, want %d", field, got, want)
		}
	}
}

// TestCallOfLog: a log alone names what a program calls with, from the source
// line that it prints.
func TestCallOfLog(t *testing.T) {
	const head = "0: R1=ctx() R10=fp0\n; "
	const tail = " @ q.bpf.c:7\n0: (bf) r6 = r1                       ; R1=ctx() R6=ctx()\n1: (85) call bpf_spin_unlock#94\n" +
		"bpf_spin_unlock without taking a lock\nprocessed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
	for line, want := range map[string]string{
		"bpf_spin_unlock(&v->lock);":                           "`v->lock` is not held here",
		"if (x) bpf_spin_unlock(lock); else y();":              "`lock` is not held here",
		"bpf_spin_unlock(&table[":                              "the lock is not held here",
		"UNLOCK(v);":                                           "the lock is not held here",
		"bpf_spin_unlock(&a->lock), bpf_spin_unlock(&b->lock)": "the lock is not held here",
		"": "the lock is not held here",
	} {
		d := Diagnose(Case{Log: head + line + tail})
		if d.Code != "BPF0412" || d.Message != want {
			t.Errorf("%q: %s %s, want %s", line, d.Code, d.Message, want)
		}
	}
}
