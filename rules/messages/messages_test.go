package messages

import (
	"slices"
	"strings"
	"testing"
)

var classes = []string{"source", "compiler", "limit", "environment", "verifier"}

func TestCodes(t *testing.T) {
	claimed := map[string]bool{}
	for _, p := range Patterns() {
		claimed[p.Code] = true
	}
	codes := Codes()
	for _, c := range codes {
		if !slices.Contains(classes, c.Class) || c.Family == "" || c.Headline == "" {
			t.Errorf("%s: class %q, family %q, headline %q", c.ID, c.Class, c.Family, c.Headline)
		}
		if strings.HasSuffix(c.Headline, ".") || strings.ToLower(c.Headline[:1]) != c.Headline[:1] && !strings.HasPrefix(c.Headline, "Linux ") &&
			!strings.HasPrefix(c.Headline, "BPF_") && !strings.HasPrefix(c.Headline, "R10") && !strings.HasPrefix(c.Headline, "SEC(") {
			t.Errorf("%s: a headline begins small and has no full stop: %s", c.ID, c.Headline)
		}
		if claimed[c.ID] == (c.Unclaimed != "") {
			t.Errorf("%s: claims messages: %v, but says that it has none because %q", c.ID, claimed[c.ID], c.Unclaimed)
		}
	}
	if len(codes) < 120 {
		t.Errorf("%d codes", len(codes))
	}
}

// Every pattern recognises what it stands for, and none takes what is
// another's.
func TestPatterns(t *testing.T) {
	for _, p := range Patterns() {
		if p.literal < 3 && p.Code != "" {
			t.Errorf("%q claims nearly everything", p.Text)
		}
		line := Sample(p.Text)
		got, _ := Line(line)
		if got != p {
			text := "nothing"
			if got != nil {
				text = got.Text
			}
			t.Errorf("%q is recognised as %q, not as %q", line, text, p.Text)
			continue
		}
		for _, q := range Patterns() {
			if q == p || q.literal != p.literal || q.Code == p.Code && q.Role == p.Role {
				continue
			}
			if _, ok := q.match(line); ok {
				t.Errorf("%q fits %q (%s) as well as %q (%s)", line, p.Text, p.Code, q.Text, q.Code)
			}
		}
	}
}

func TestFind(t *testing.T) {
	for _, test := range []struct {
		message, code string
		line          int
		fields        string
	}{
		{"R0 invalid mem access 'map_value_or_null'", "BPF0101", 0, "R0 map_value"},
		{"R1 invalid mem access 'trusted_ptr_or_null_'", "BPF0101", 0, "R1 trusted_ptr "},
		{"R1 invalid mem access 'rcu_ptr_or_null_task_struct'", "BPF0101", 0, "R1 rcu_ptr task_struct"},
		{"R0 invalid mem access 'inv'", "BPF0130", 0, "R0"},
		{"R0 invalid mem access 'pkt_end'", "BPF0131", 0, "R0 pkt_end"},
		{"*(R11-8) invalid mem access 'scalar'", "BPF0130", 0, "*(R11-8)"},
		{"invalid access to packet, off=0 size=8, R1(id=0,off=0,r=4)\nR1 offset is outside of the packet", "BPF0112", 0, "0 8 R1 0 0 4"},
		{"invalid access to map value, value_size=8 off=-4 size=8\nR2 min value is outside of the allowed memory range", "BPF0110", 0, "8 -4 8"},
		{"R2 min value is outside of the allowed memory range", "BPF0113", 0, "R2"},
		{"cannot access ptr member next with moff 0 in struct callback_head with off 0 size 4\n" +
			"kernel function bpf_path_d_path args#0 expected pointer to STRUCT path but R1 has a pointer to STRUCT file", "BPF0513", 1,
			"bpf_path_d_path args#0 STRUCT path R1 STRUCT file"},
		{"cannot access ptr member next with moff 0 in struct callback_head with off 0 size 4", "BPF0151", 0, "next 0 callback_head 0 4"},
		{"R1 type=sock_or_null expected=sock_common, sock", "BPF0102", 0, "R1 sock sock_common, sock"},
		{"R1 type=scalar expected=fp", "BPF0511", 0, "R1 fp"},
		{"R1 type=ctx expected=fp\nCaller passes invalid args into func#1 ('foo')", "BPF0515", 0, "R1 fp"},
		{"func 'f' size 4 must be 8\ninvalid bpf_context access off=0 size=4", "BPF0140", 0, "f 4"},
		{"invalid func unknown#195896080", "BPF0820", 0, ""},
		{"invalid func unknown#2002000000", "BPF0821", 0, "000000"},
		{"invalid func unknown#2001000003", "BPF0813", 0, "000003"},
		{"invalid func unknown#77", "BPF0502", 0, "unknown 77"},
		{"Unreleased reference id=2 alloc_insn=3\nBPF_EXIT instruction in main prog would lead to reference leak", "BPF0401", 0, "2 3"},
		{"global function calls are not allowed while holding a lock,\nuse static function instead", "BPF0416", 0, ""},
		{"At program exit the register R0 has smin=5 smax=7 should have been in [0, 1]", "BPF0701", 0, "At program exit R0  smin=5 smax=7 0 1"},
		{"At program exit the register R0 has value (0x1; 0x0) should have been in (0x0; 0x1)", "BPF0701", 0, "program exit R0 has value (0x1; 0x0) (0x0; 0x1)"},
		{"At callback return the register R0 has smin=2 should have been in [0, 1]", "BPF0705", 0, "R0  smin=2 0 1"},
		{"from 3 to 5: safe", "", 0, ""},
		{"nothing that a kernel says", "", 0, ""},
		{"", "", 0, ""},
	} {
		m, ok := Find(test.message)
		if m.Code != test.code || m.Line != test.line || ok != (test.code != "") || strings.Join(m.Fields, " ") != test.fields {
			t.Errorf("%q:\n got %s, line %d, fields %q\nwant %s, line %d, fields %q", test.message,
				m.Code, m.Line, strings.Join(m.Fields, " "), test.code, test.line, test.fields)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, p := range Patterns() {
		f.Add(Sample(p.Text))
	}
	f.Fuzz(func(t *testing.T, message string) {
		if m, ok := Find(message); ok && (m.Code == "" || !strings.Contains(message, m.Text)) {
			t.Errorf("%q: %+v", message, m)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	var lines []string
	for _, p := range Patterns() {
		lines = append(lines, Sample(p.Text))
	}
	for i := 0; b.Loop(); i++ {
		Find(lines[i%len(lines)])
	}
}
