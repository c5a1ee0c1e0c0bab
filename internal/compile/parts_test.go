package compile

import (
	"strings"
	"testing"
)

func TestParts(t *testing.T) {
	said := "In file included from a.c:1:\n" +
		"./h.h:1:9: warning: 'X' macro redefined [-Wmacro-redefined]\n    1 | #define X 1\n" +
		"\x1b[1ma.c:7:9: \x1b[0m\x1b[0;1;31merror: \x1b[0munsupported atomic operation, please use 32/64 bit version\x1b[0m\n    7 | code\n      | ^\n" +
		"fatal error: error in backend: Cannot select: 0x5649: i32,ch = AtomicLoadAdd<(load)> 0x5, Constant:i32<1>, a.c:7:9\n" +
		"  0x56: i64 = LDIMM64, a.c:7:9\nIn function: prog\nPLEASE submit a bug report\nclang: error: clang frontend command failed\nclang: note: diagnostic msg:\n" +
		"1 warning and 2 errors generated.\n"
	var got []string
	whole := ""
	for _, p := range Parts(said, "/d") {
		whole += p.Text
		what := "-"
		if m := p.Message; m != nil {
			what = m.Severity + " " + m.File + " " + m.Function
		}
		got = append(got, what)
	}
	if want := "-|warning /d/h.h |error /d/a.c |error a.c prog|-"; strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
	if whole != said {
		t.Errorf("%q", whole)
	}
}
