package lsp

import "testing"

func TestDeclare(t *testing.T) {
	for _, test := range [][3]string{
		{"__u32", "length", "__u32 length"},
		{"struct ethhdr *", "eth", "struct ethhdr *eth"},
		{"char[16]", "name", "char name[16]"},
		{"int (*)(void *)", "call", "int (*call)(void *)"},
		{"", "ctx->data", "ctx->data"},
	} {
		if got := declare(test[0], test[1]); got != test[2] {
			t.Errorf("%q %q is %q, want %q", test[0], test[1], got, test[2])
		}
	}
}

// TestCard: programs are named only where they know different things.
func TestCard(t *testing.T) {
	line := func(program string, limits ...string) *factLine {
		return &factLine{FactLine: FactLine{Program: program, Limits: limits}}
	}
	var same, differ card
	for _, program := range []string{"one", "two"} {
		same.add(line(program), Fact{Name: "sum", Type: "int", Text: "0 to 9", After: "0 to 10"})
		differ.add(line(program), Fact{Name: "p", Type: "char *", Text: "NULL"})
	}
	differ.add(line("three", "it was rejected"), Fact{Name: "p", Type: "char *", Text: "map `m`"})
	for _, test := range []struct {
		c        *card
		markdown bool
		want     string
	}{
		{&same, true, "```c\nint sum\n```\n\nverifier: 0 to 9 → 0 to 10 after this line"},
		{&same, false, "int sum\nverifier: 0 to 9 → 0 to 10 after this line"},
		{&differ, true, "```c\nchar *p\n```\n\nverifier, in `one`, `two`: NULL  \nverifier, in `three`: map `m`\n\n*it was rejected*"},
		{&differ, false, "char *p\nverifier, in one, two: NULL\nverifier, in three: map m\nit was rejected"},
	} {
		if got := test.c.text(test.markdown); got != test.want {
			t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
		}
	}
}
