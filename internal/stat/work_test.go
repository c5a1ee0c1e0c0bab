package stat

import (
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
)

func work() *diag.Work {
	line := func(n, insns, times int, source string) diag.WorkPart {
		return diag.WorkPart{Kind: diag.WorkLine, File: "a.c", Line: n, Insns: insns, Times: times, Source: source}
	}
	loop := diag.WorkPart{Kind: diag.WorkLoop, File: "a.c", Line: 3, Insns: 970, Times: 97, Paths: 90, Pruned: 2, Source: "while (n)"}
	loop.Parts = []diag.WorkPart{
		line(4, 900, 97, "x++;"),
		line(5, 62, 97, "y++;"), line(6, 4, 1, "z++;"), line(7, 4, 1, "z++;"),
	}
	loop.Parts[1].Calls = []diag.WorkCall{{Function: "f", Times: 90, Insns: 18}, {Function: "f", Times: 7, Insns: 2}}
	f := diag.WorkPart{Kind: diag.WorkFunction, File: "a.c", Line: 20, Function: "f", Insns: 20, Times: 97, Parts: []diag.WorkPart{line(21, 20, 97, "return 1;")}}
	main := diag.WorkPart{Kind: diag.WorkFunction, File: "a.c", Line: 1, Function: "main", Insns: 980, Parts: []diag.WorkPart{loop, line(1, 5, 1, "int main(void)"), line(4, 5, 1, "x++;")}}
	return &diag.Work{Insns: 1000, Parts: []diag.WorkPart{main, f}}
}

func TestHot(t *testing.T) {
	var b strings.Builder
	if err := Hot(work()).WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	const want = `Share  Insns  Times  Paths  Pruned  Line    Source
-----  -----  -----  -----  ------  ------  ------
 98 %    980                        a.c:1   main()
 97 %    970     97     90       2  a.c:3     while (n) …  # loop, 97 passes of 10 insns
 90 %    900     97                 a.c:4       x++;
6.2 %     62     97                 a.c:5       y++;  # calls f() 97 times, 20 insns
0.8 %      8                                    … 2 with less than 1 % each
1.0 %     10                                  … 2 with less than 1 % each
2.0 %     20     97                 a.c:20  f(), called 97 times
2.0 %     20     97                 a.c:21    return 1;
-----  -----  -----  -----  ------  ------  ------
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

// TestTopLines: a line in several parts is one.
func TestTopLines(t *testing.T) {
	var b strings.Builder
	if err := TopLines(work(), 2).WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	const want = `| Share | Insns | Times | Paths | Pruned | Line | Source |
| --: | --: | --: | --: | --: | --- | --- |
| 90 % | 905 | 98 |  |  | a.c:4 | x++; |
| 6.2 % | 62 | 97 |  |  | a.c:5 | y++;  # calls f() 97 times, 20 insns |
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

// TestFolder: rows have the names of files alone where most of the work is.
func TestFolder(t *testing.T) {
	w := &diag.Work{Insns: 100, Parts: []diag.WorkPart{
		{Kind: diag.WorkLine, File: "/src/progs/a.c", Line: 1, Insns: 40}, {Kind: diag.WorkLine, File: "/usr/include/b.h", Line: 2, Insns: 50},
		{Kind: diag.WorkLine, File: "/src/progs/sub/c.h", Line: 3, Insns: 4}, {Kind: diag.WorkLine, File: "/src/progs/d.h", Line: 4, Insns: 15},
	}}
	if got := Folder(w); got != "/src/progs" {
		t.Errorf("folder %q", got)
	}
	var b strings.Builder
	if err := TopLines(w, 4).WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| a.c:1 |", "| /usr/include/b.h:2 |", "| sub/c.h:3 |", "| d.h:4 |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
	if got := Folder(work()); got != "" {
		t.Errorf("folder %q of files that have none", got)
	}
}
