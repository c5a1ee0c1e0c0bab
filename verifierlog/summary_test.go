package verifierlog

import (
	"strings"
	"testing"
)

// TestSummarize shows the end of a log in each kernel's form.
func TestSummarize(t *testing.T) {
	for _, c := range []struct {
		name, log, message, stack string
		insn                      int
		insns                     int
	}{
		{"accepted, 6.12", "verification time 85 usec\nstack depth 8+0\nprocessed 13 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0\n", "", "8+0", -1, 13},
		{"accepted, 7.2", "verification time 5 usec\nstack depth 64+32 max 96\ninsns processed 9+4\nprocessed 13 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0\n", "", "64+32", -1, 13},
		{"accepted, 7.3", "verification time 5 usec\nstack depth max 96\nsubprog 0 (main_prog) main insns_self 9 insns_total 13 stack 64\nsubprog 1 (helper) static insns_self 4 insns_total 4 stack 32\nprocessed 13 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0\n", "", "64+32", -1, 13},
		{"a path", "0: R1=ctx() R10=fp0\n; return *v; @ a.c:11\n0: (b7) r0 = 0                        ; R0_w=0\n1: (61) r0 = *(u32 *)(r0 +0)\nR0 invalid mem access 'scalar'\nprocessed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n", "R0 invalid mem access 'scalar'", "", 1, 2},
		{"no path", "unreachable insn 5\nprocessed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n", "unreachable insn 5", "", 5, 0},
		{"two lines", "11: (71) r0 = *(u8 *)(r1 +23)\ninvalid access to packet, off=23 size=1, R1(id=0,off=23,r=14)\nR1 offset is outside of the packet\nprocessed 12 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0", "invalid access to packet, off=23 size=1, R1(id=0,off=23,r=14)\nR1 offset is outside of the packet", "", 11, 12},
		{"a state in the complaint", "6: (05) goto pc-1\n; for (;;) @ a.c:3\ninfinite loop detected at insn 6\ncur state: R0=1 R10=fp0\nold state: R0=1 R10=fp0\nprocessed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n", "infinite loop detected at insn 6\ncur state: R0=1 R10=fp0\nold state: R0=1 R10=fp0", "", 6, 9},
		{"a line end that the kernel forgot", "3: (85) call bpf_tail_call#12\nexpected prog array map for tail callverification time 27 usec\nstack depth 0\nprocessed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n", "expected prog array map for tail call", "0", 3, 3},
		{"two programs", "0: (95) exit\nR0 !read_ok\nprocessed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\nunreachable insn 5\nprocessed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n", "unreachable insn 5", "", 5, 0},
		{"a loader's words behind it", "0: (95) exit\r\nR0 !read_ok\r\nprocessed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\r\n-- END PROG LOAD LOG --\r\n", "R0 !read_ok", "", 0, 1},
		{"empty", "", "", "", -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Summarize(c.log)
			if s.Message != c.message || s.Insn != c.insn || s.Stats.Insns != c.insns || s.Stats.StackDepth != c.stack {
				t.Errorf("got %+v", s)
			}
		})
	}
}

// FuzzSummarize: a log is never an error, and the complaint is part of it.
func FuzzSummarize(f *testing.F) {
	for _, log := range goldenLogs(f) {
		f.Add(string(log))
	}
	f.Add("1: (b7) r0 = 0\nfrom 1 to 2: safe\nR1 !read_ok\nprocessed 2 insns")
	f.Fuzz(func(t *testing.T, log string) {
		s := Summarize(log)
		for line := range strings.Lines(s.Message) {
			if !strings.Contains(log, strings.TrimRight(line, "\n")) {
				t.Errorf("%q is not in the log", line)
			}
		}
	})
}
