package diag

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func edit(line, column, endLine, endColumn int, replacement string) Edit {
	return Edit{"a.c", Position{line, column}, Position{endLine, endColumn}, replacement}
}

func TestApply(t *testing.T) {
	for _, test := range []struct {
		what, text string
		edits      []Edit
		want, fail string
	}{
		{"an insertion", "\tx = *p;\n", []Edit{edit(1, 2, 1, 2, "if (!p)\n\t\treturn 0;\n\t")}, "\tif (!p)\n\t\treturn 0;\n\tx = *p;\n", ""},
		{"in whatever order they are given", "f(a, b);", []Edit{edit(1, 6, 1, 7, "d"), edit(1, 3, 1, 4, "c")}, "f(c, d);", ""},
		{"over lines", "a\nb\nc\n", []Edit{edit(1, 2, 3, 1, " ")}, "a c\n", ""},
		{"two insertions at one place", "x", []Edit{edit(1, 1, 1, 1, "a"), edit(1, 1, 1, 1, "b")}, "abx", ""},
		{"an insertion in front of what is replaced", "x", []Edit{edit(1, 1, 1, 2, "y"), edit(1, 1, 1, 1, "a")}, "ay", ""},
		{"columns are bytes", "é = 1;", []Edit{edit(1, 3, 1, 3, "!")}, "é! = 1;", ""},
		{"lines end as those of the file do", "a\r\nb\r\n", []Edit{edit(2, 1, 2, 1, "x\n")}, "a\r\nx\r\nb\r\n", ""},
		{"behind the last line", "a\n", []Edit{edit(2, 1, 2, 1, "b\n")}, "a\nb\n", ""},
		{"of another file", "a", []Edit{{"b.c", Position{9, 9}, Position{9, 9}, "x"}}, "a", ""},
		{"no edits", "a", nil, "a", ""},

		{"overlapping", "abc", []Edit{edit(1, 1, 1, 3, "x"), edit(1, 2, 1, 2, "y")}, "", "two edits of a.c overlap at line 1, column 2"},
		{"behind the end of a line", "abc\r\n", []Edit{edit(1, 5, 1, 5, "x")}, "", "a.c has no line 1, column 5"},
		{"behind the end of the file", "abc", []Edit{edit(2, 1, 2, 1, "x")}, "", "a.c has no line 2, column 1"},
		{"before its beginning", "abc", []Edit{edit(0, 1, 1, 1, "x")}, "", "an edit of a.c goes from 0:1 to 1:1"},
		{"backwards", "abc", []Edit{edit(1, 2, 1, 1, "x")}, "", "an edit of a.c goes from 1:2 to 1:1"},
	} {
		got, err := Apply("a.c", test.text, test.edits)
		if test.fail == "" && err != nil || err != nil && err.Error() != test.fail || err == nil && test.fail != "" {
			t.Errorf("%s: %v, want %s", test.what, err, test.fail)
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.what, got, test.want)
		}
	}
}

// TestApplyAsShown: what a help shows of its edits is what becomes of the file.
func TestApplyAsShown(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	made := 0
	for range 5000 {
		var lines []string
		for range 1 + random.IntN(6) {
			lines = append(lines, strings.Repeat("ab", random.IntN(3)))
		}
		place := func() Position {
			n := 1 + random.IntN(len(lines))
			return Position{n, 1 + random.IntN(len(lines[n-1])+1)}
		}
		var edits []Edit
		for range 1 + random.IntN(3) {
			edits = append(edits, Edit{"a.c", place(), place(), []string{"", "x", "x\ny", "z\n"}[random.IntN(4)]})
		}
		text, err := Apply("a.c", strings.Join(lines, "\n")+"\n", edits)
		shown, ok := patch(view{file: lines}, edits)
		if (err == nil) != ok {
			t.Fatalf("%q, %+v: applied %v, shown %v", lines, edits, err, ok)
		}
		after := strings.Split(text, "\n")
		for _, l := range shown {
			if strings.IndexByte("+~ ", l.op) >= 0 && (l.number > len(after) || after[l.number-1] != l.text) {
				t.Fatalf("%q, %+v: line %d is shown as %q, and the file becomes\n%s", lines, edits, l.number, l.text, text)
			}
		}
		if err == nil {
			made++
		}
	}
	if made < 500 {
		t.Errorf("only %d tries made edits", made)
	}
}
