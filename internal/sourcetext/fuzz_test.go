package sourcetext

import (
	"testing"
)

// FuzzExpression: every text and position has an answer within the text, and
// what is found for a position covers it.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"int f(struct s *p)\n{\n\tif (p->x[1] == 'a' && g(\"b\"))\n\t\treturn ({ int y = (u32)*p; y++; });\n\tp->y <<= 2;\n}\n",
		"SEC(\"xdp\") int BPF_PROG(f, int a) { bpf_for(i, 0, 10) { switch (a) { case 1: default: ; } } do x(); while (0); }",
		"fn f<'a>(c: &'a C) -> u32 { match unsafe { *p } { A => 1, _ => { let x = |y| y as u8 + 1; r#\"\"# } } }",
		"#if 1\nint f(void) {\n#else\n{ ( [\n#endif\n a = b ? c : d; }",
		"\xff({[\xc3", "int f() { ((((((((((", "int f() { a = - - - - ! ~ * & ++ b", "fn f() { if if if { } }",
	} {
		f.Add([]byte(s), 2, 3, false)
		f.Add([]byte(s), 1, 20, true)
	}
	f.Fuzz(func(t *testing.T, text []byte, line, column int, rust bool) {
		if len(text) > 1<<16 {
			return
		}
		file := Parse(text, rust)
		p, ok := file.At(line, column)
		if !ok {
			return
		}
		off, _ := file.Offset(line, column)
		if p.Span.Start < 0 || p.Span.End > len(text) || p.Span.Start >= p.Span.End {
			t.Fatalf("span %v of %d bytes", p.Span, len(text))
		}
		if p.Expr != nil && (off >= p.Expr.End || off < p.Expr.Start && tokenGap(file, off, p.Expr.Start)) {
			t.Fatalf("offset %d is not in %v", off, p.Expr.Span)
		}
		for s := p.Stmt; s != nil; s = s.Parent {
			if s.Start < 0 || s.End > len(text) || s.Start >= s.End {
				t.Fatalf("statement %v of %d bytes", s.Span, len(text))
			}
			file.Indent(s.Start)
		}
	})
}

// tokenGap says whether a token begins between two offsets.
func tokenGap(f *File, from, to int) bool {
	for _, t := range f.toks {
		if t.start >= from && t.start < to {
			return true
		}
	}
	return false
}
