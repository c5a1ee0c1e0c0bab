package diag

import (
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzText renders hostile positions and strings: no panic, bounded output,
// no control character but newlines, only UTF-8.
func FuzzText(f *testing.F) {
	f.Add("`p` may be NULL", "a.c", "\tint x = *p;", "here", "if (!p)\n\t\treturn 0;\n", 1, 11, 1, 13, 1, 2, uint8(80))
	f.Add("\x1b[2J\u202e", "\x00.c", "日本\x80語\t\u0301", "\r\n\x9b", "", 2, 4, 3, 1, -1, 1<<62, uint8(0))
	f.Add("", "", "x", "", "x", 1, 1, 1<<62, 1<<62, 1, 1, uint8(1))
	f.Fuzz(func(t *testing.T, message, file, source, label, replacement string, line, column, endLine, endColumn, line2, column2 int, width uint8) {
		d := Diagnostic{
			Code: "BPF0101", Severity: SeverityError, Message: message, KernelMessage: message + "\n" + source,
			Insn: new(line), Function: label, Notes: []string{label, message}, AlsoIn: []string{file, label},
			Labels: []Label{
				{Primary: true, File: file, Line: line, Column: column, EndLine: endLine, EndColumn: endColumn, Text: label, Source: source},
				{File: file, Line: line2, Column: column2, Text: message, Source: source, Function: label,
					InlinedFrom: []Call{{Function: message, File: file, Line: line}}},
				{File: file, Line: line, Column: column2, EndLine: line2, EndColumn: column, Text: label},
				{File: file, Line: endLine, Column: column, Text: label, Source: message},
				{File: message, Line: line2, Column: endColumn, Source: replacement},
			},
			Helps: []Help{
				{Text: message, Edits: []Edit{
					{file, Position{line, column}, Position{endLine, endColumn}, replacement},
					{file, Position{line2, column2}, Position{line2, column2}, source},
				}},
				{Text: label, Edits: []Edit{{file, Position{line, column}, Position{line, endColumn}, replacement}}},
			},
			Evidence: []Evidence{{Insn: line, Line: line2, File: file, State: label}},
		}
		// A file with the lines that the labels carry, so that it is used.
		s := NewSources()
		if line > 0 && line < 100 {
			lines := strings.Split(strings.Repeat("\n", line-1)+strings.ReplaceAll(source, "\n", " ")+"\n\tlast;", "\n")
			s.files[file] = sourceFile{lines: lines}
		}
		input := len(message) + len(file) + len(source) + len(label) + len(replacement)
		for _, text := range []Text{{}, {Sources: s, Width: int(width), Pages: testPages, Unicode: true}} {
			out := text.Render(d)
			if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || isHidden(r)) }); i >= 0 {
				t.Fatalf("hidden character %q in %q", out[i:], out)
			}
			if !utf8.ValidString(out) {
				t.Fatalf("not UTF-8: %q", out)
			}
			if limit := 64<<10 + 200*input; len(out) > limit || strings.Count(out, "\n") > 400 {
				t.Fatalf("%d bytes of output of %d", len(out), input)
			}
		}
		o := Object{Path: file, Programs: []Program{{Name: label, Verdict: Rejected, Diagnostics: []Diagnostic{d}}}}
		NewSources().Locate(&o, message)
		MergeCauses(&o)
		for name, write := range formats {
			if err := write(io.Discard, Document{Objects: []Object{o}}, Report{Sources: s}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}
