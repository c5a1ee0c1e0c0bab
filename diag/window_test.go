package diag

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestFit: whatever is cut off a line, it fits, what is marked starts in
// sight, and the columns are those of the text.
func TestFit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "bc ", "\t", "漢", "e\u0301", "👩‍👩‍👧", "\x80", "\u202e", "x = y;"}
	for range 20000 {
		var b strings.Builder
		for range random.IntN(60) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		line := b.String()
		from := random.IntN(len(line) + 2)
		to := from + 1 + random.IntN(8)
		width := 20 + random.IntN(60)
		w := fit(line, width, from, to)
		start, end := w.span(from, to)
		what := fmt.Sprintf("line %q, bytes %d to %d, width %d: %q, columns %d to %d", line, from, to, width, w.text, start, end)
		if n := textWidth(w.text); n > width {
			t.Fatalf("%s: takes %d", what, n)
		}
		if start < 0 || end <= start || start > w.end || end > w.end+1 {
			t.Fatalf("%s: outside", what)
		}
		if strings.HasSuffix(w.text, ellipsis) && start >= w.end {
			t.Fatalf("%s: the mark is behind the end", what)
		}
		if from < len(line) && line[from] == 'x' {
			if at := columnOf(w.text, start); !strings.HasPrefix(at, "x") {
				t.Fatalf("%s: there is %q", what, at)
			}
		}
	}
}

// columnOf returns the text from a column on.
func columnOf(text string, column int) string {
	at := 0
	for _, c := range cells(text) {
		if at >= column {
			return text[c.off:]
		}
		at += c.width
	}
	return ""
}

// TestFitLong: of a line of many bytes only the neighbourhood is looked at.
func TestFitLong(t *testing.T) {
	line := strings.Repeat("漢字 ", 1<<18) + "here" + strings.Repeat(" x", 1<<18)
	from := strings.Index(line, "here")
	w := fit(line, 80, from, from+4)
	if start, end := w.span(from, from+4); end-start != 4 || !strings.HasPrefix(columnOf(w.text, start), "here") || textWidth(w.text) > 80 {
		t.Errorf("%q, columns %d to %d", w.text, start, end)
	}
}
