package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Apply makes those edits that are of one file in its text, as an editor does:
// positions are those of the text before. A line break of a replacement becomes
// that of the line that it is made in. An edit outside of the text or overlapping
// another is an error; then nothing is made.
func Apply(file, text string, edits []Edit) (string, error) {
	edits = slices.DeleteFunc(slices.Clone(edits), func(e Edit) bool { return e.File != file })
	edits, err := inOrder(edits)
	if err != nil {
		return "", err
	}
	lines := strings.SplitAfter(text, "\n")
	starts := make([]int, len(lines))
	for i := range lines[1:] {
		starts[i+1] = starts[i] + len(lines[i])
	}
	offset := func(p Position) (int, error) {
		if p.Line > len(lines) || p.Column > len(chomp(lines[p.Line-1]))+1 {
			return 0, fmt.Errorf("%s has no line %d, column %d", file, p.Line, p.Column)
		}
		return starts[p.Line-1] + p.Column - 1, nil
	}
	var out strings.Builder
	done := 0
	for _, e := range edits {
		from, err := offset(e.Start)
		if err != nil {
			return "", err
		}
		to, err := offset(e.End)
		if err != nil {
			return "", err
		}
		replacement := strings.ReplaceAll(e.Replacement, "\r\n", "\n")
		if strings.HasSuffix(lines[e.Start.Line-1], "\r\n") {
			replacement = strings.ReplaceAll(replacement, "\n", "\r\n")
		}
		out.WriteString(text[done:from])
		out.WriteString(replacement)
		done = to
	}
	out.WriteString(text[done:])
	return out.String(), nil
}

// chomp is a line without its end.
func chomp(line string) string { return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r") }

// inOrder sorts edits of one file by place. Insertions at one place stay as they
// were given, in front of what replaces the text behind it. It is an error when two overlap, or when one is at no place of any file.
func inOrder(edits []Edit) ([]Edit, error) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Start.Line, b.Start.Line), cmp.Compare(a.Start.Column, b.Start.Column),
			cmp.Compare(a.End.Line, b.End.Line), cmp.Compare(a.End.Column, b.End.Column))
	})
	for i, e := range edits {
		switch {
		case e.Start.Line < 1 || e.Start.Column < 1 || e.End.Column < 1 || before(e.End, e.Start):
			return nil, fmt.Errorf("an edit of %s goes from %d:%d to %d:%d", e.File, e.Start.Line, e.Start.Column, e.End.Line, e.End.Column)
		case i > 0 && before(e.Start, edits[i-1].End):
			return nil, fmt.Errorf("two edits of %s overlap at line %d, column %d", e.File, e.Start.Line, e.Start.Column)
		}
	}
	return edits, nil
}

func before(a, b Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}
