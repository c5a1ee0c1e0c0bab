package stat

import (
	"cmp"
	"slices"
	"strings"
)

// SourceLine is a source line in a log.
type SourceLine struct {
	Place string // "prog.c:12", "" before Linux 6.9
	Text  string
	Count int
}

// SourceLines counts the source lines of a log ("; x++; @ prog.c:12"), the most
// frequent first.
func SourceLines(log string) []SourceLine {
	counts := map[string]int{}
	for line := range strings.Lines(log) {
		if text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "; "); ok {
			counts[text]++
		}
	}
	var lines []SourceLine
	for line, n := range counts {
		l := SourceLine{Text: line, Count: n}
		if i := strings.LastIndexByte(line, '@'); i >= 0 {
			l.Text, l.Place = strings.TrimRight(line[:i], " \t"), strings.TrimSpace(line[i+1:])
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b SourceLine) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text), strings.Compare(a.Place, b.Place))
	})
	return lines
}
