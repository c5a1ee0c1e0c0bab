package sourcetext

import (
	"fmt"
	"strings"
	"testing"
)

// TestStatement: the statement at a position, and what an edit in front of it
// has to know.
func TestStatement(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"\tx¦ = 1;\n", `"x = 1;" indent "\t" in prog`},
		{"\tif (!p)\n\t\treturn ¦XDP_PASS;\n", `"return XDP_PASS;" indent "\t\t" bare in prog`},
		{"\tif (¦!p)\n\t\treturn 1;\n", `"if (!p)\n\t\treturn 1;" indent "\t" head in prog`},
		{"\tif (a) {\n\t\tb(¦c);\n\t}\n", `"b(c);" indent "\t\t" in prog`},
		{"\tif (a) {\n\t\tb(c);\n\t} else if (¦d)\n\t\te();\n", `"if (d)\n\t\te();" indent "\t" bare head in prog`},
		{"\tfor (i = 0; i < 3; ¦i++)\n\t\te();\n", `"for (i = 0; i < 3; i++)\n\t\te();" indent "\t" head in prog`},
		{"\tbpf_for(i, 0, 3) {\n\t\te(¦i);\n\t}\n", `"e(i);" indent "\t\t" in prog`},
		{"\tcase 1: f(¦x); break;\n", `"f(x);" indent "\t" in prog`},
		{"\tint a = 1,\n\t    b = ¦f(a);\n", `"int a = 1,\n\t    b = f(a);" indent "\t" in prog`},
		{"\tx = ({ int y = f(); ¦y; });\n", `"y;" indent "\t" in prog`},
		{"\tbpf_printk(\"a\"\n\t\t   \"b\", ¦c);\n", `"bpf_printk(\"a\"\n\t\t   \"b\", c);" indent "\t" in prog`},
		{"\tx = 1; // ; }\n\t/* { */ y¦ = 2;\n", `"y = 2;" indent "\t" in prog`},
		{"#if 1\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t\tc¦ = 1;\n\t}\n", `"c = 1;" indent "\t\t" in prog`},
	} {
		text, at, _ := cut("struct s { int x; };\nSEC(\"xdp\")\nint BPF_PROG(prog, int a)\n{\n" + c.body + "}\n")
		f := Parse([]byte(text), false)
		line, col := f.Position(at)
		p, ok := f.At(line, col)
		if !ok || p.Stmt == nil {
			t.Errorf("%q: no statement", text)
			continue
		}
		got := fmt.Sprintf("%q indent %q", f.Text(p.Stmt.Span), f.Indent(p.Stmt.Start))
		if p.Stmt.Bare {
			got += " bare"
		}
		if p.InHead {
			got += " head"
		}
		got += " in " + p.Function.Name
		if got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.body, got, c.want)
		}
	}
}

// TestNothingThere: positions that stand for no code.
func TestNothingThere(t *testing.T) {
	text := "#define X(a) \\\n\tf(a)\n\n/* c */\nint x;\nint f(void) { return 1; }"
	f := Parse([]byte(text), false)
	for _, at := range [][2]int{{1, 3}, {2, 2}, {3, 1}, {4, 4}, {6, 26}, {7, 1}, {0, 0}, {5, -1}, {5, 1000}} {
		if p, ok := f.At(at[0], at[1]); ok {
			t.Errorf("%v: %q", at, f.Text(p.Span))
		}
	}
	if p, ok := f.At(6, 0); !ok || f.Text(p.Span) != "f(void)" || p.Function.Name != "f" {
		t.Errorf("line 6: %+v", p)
	}
}

// TestColumnZero: without a column the line's statement is meant.
func TestColumnZero(t *testing.T) {
	f := Parse([]byte("int f(int x)\n{\n\tx = 1; y = 2;\n\tif (x)\n\t\tz();\n\tx = a\n\t    + b;\n}\n"), false)
	for line, want := range map[int]string{3: "x = 1;", 4: "if (x)", 5: "z();", 6: "x = a\n\t    + b;", 7: "+"} {
		if p, ok := f.At(line, 0); !ok || f.Text(p.Span) != want {
			t.Errorf("line %d: %q, want %q", line, f.Text(p.Span), want)
		}
	}
}

// TestCorners: what must not confuse the tokens behind it.
func TestCorners(t *testing.T) {
	for _, c := range []string{
		"char *s = \"unterminated\n; x ", "c = 'x\n; ", "\xff\xfe(\"\x80\") ; ", "a = b /* c\n */ ; ",
		"// \\\n comment ( {\n", "f(]; ", "x = (y]; ", "#define Z { \\\n {\n", "#if 0 /* {\n { */\n#endif\n",
		"u = 1e+5 + 0x1.8p-3 + 1'000; ", "f()))); ", "'\\", "\r\n\r\n",
	} {
		f := Parse([]byte("int g(void)\n{\n"+c+"\n\tx = p->y;\n}\n"), false)
		if strings.HasSuffix(c, "\\") {
			continue // only that it ends
		}
		line := strings.Count(c, "\n") + 4
		if p, ok := f.At(line, 9); !ok || f.Text(p.Span) != "p->y" {
			t.Errorf("%q: got %q", c, f.Text(p.Span))
		}
	}
}
