package stat

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Grid is a table ready to be printed.
type Grid struct {
	heads   []head
	rows    [][]cell
	objects []members // the rows for JSON
	open    bool      // no line below the rows
	ragged  bool      // nothing is added to the last column to make it as wide as its widest cell
	folder  string    // that is left out of places
}

// head is over a column. The suffix, "(A)", stands at the column's end.
type head struct {
	title, suffix string
	csv           string
	left          bool
}

type cell struct {
	text string
	left bool
}

// Table is the grid of rows, with the columns of a spec.
func Table(rows []Record, spec Spec) *Grid {
	g := &Grid{}
	for _, f := range spec {
		g.heads = append(g.heads, headOf(f.Column))
	}
	for i := range rows {
		var cells []cell
		var object members
		for _, f := range spec {
			_, left := rows[i].text(f.Column)
			cells = append(cells, cell{rows[i].Cell(f.Column), left})
			object = append(object, rows[i].member(f.Column))
		}
		g.rows, g.objects = append(g.rows, cells), append(g.objects, object)
	}
	return g
}

// Comparison is the grid of two tables side by side: of each column the first's
// value, the second's, and how they differ.
func Comparison(pairs []Pair, spec Spec) *Grid {
	g := beside(spec, func(c Column) (heads []head) {
		for _, s := range [...][2]string{{" (A)", "_base"}, {" (B)", "_comp"}, {" (DIFF)", "_diff"}} {
			heads = append(heads, head{title: columns[c].header, suffix: s[0], csv: columns[c].names[0] + s[1], left: true})
		}
		return heads
	})
	g.open = true // as veristat has it
	for i := range pairs {
		p := &pairs[i]
		g.add(spec, p.File, p.Program, func(c Column) ([]cell, members) { return p.cells(c), p.members(c) })
	}
	return g
}

func headOf(c Column) head {
	return head{title: columns[c].header, csv: columns[c].names[0], left: columns[c].left}
}

// beside is a grid of several tables' rows side by side: columns that name the
// row are there once, heads makes what is above any other.
func beside(spec Spec, heads func(Column) []head) *Grid {
	g := &Grid{}
	for _, f := range spec {
		if f.Column.key() {
			g.heads = append(g.heads, headOf(f.Column))
		} else {
			g.heads = append(g.heads, heads(f.Column)...)
		}
	}
	return g
}

// add adds a row of such a grid.
func (g *Grid) add(spec Spec, file, program string, values func(Column) ([]cell, members)) {
	var cells []cell
	var object members
	for _, f := range spec {
		var cs []cell
		var ms members
		switch f.Column {
		case FileName:
			cs, ms = []cell{{file, true}}, members{{columns[FileName].names[0], file}}
		case ProgName:
			cs, ms = []cell{{program, true}}, members{{columns[ProgName].names[0], program}}
		default:
			cs, ms = values(f.Column)
		}
		cells, object = append(cells, cs...), append(object, ms...)
	}
	g.rows, g.objects = append(g.rows, cells), append(g.objects, object)
}

const notThere = "N/A"

func (p *Pair) cells(c Column) []cell {
	_, left := new(Record).text(c)
	a, b, diff := cell{notThere, left}, cell{notThere, left}, cell{notThere, left}
	if p.A != nil {
		a.text = p.A.Cell(c)
	}
	if p.B != nil {
		b.text = p.B.Cell(c)
	}
	switch {
	case p.A == nil || p.B == nil:
	case !left:
		x, y := p.A.Numbers[c], p.B.Numbers[c]
		diff.text = fmt.Sprintf("%+d (%+.2f%%)", y-x, percent(x, y))
	case a.text == b.text:
		diff.text = "MATCH"
	default:
		diff.text = "MISMATCH"
	}
	return []cell{a, b, diff}
}

// WriteTable prints the grid with aligned columns, under a line of dashes and,
// if it has rows, over one.
func (g *Grid) WriteTable(out io.Writer) error {
	w := bufio.NewWriter(out)
	widths := make([]int, len(g.heads))
	for i, h := range g.heads {
		widths[i] = len(h.title + h.suffix)
		for _, row := range g.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i].text))
		}
	}
	line := func(cell func(i int) string) {
		for i := range g.heads {
			if i > 0 {
				w.WriteString("  ")
			}
			w.WriteString(cell(i))
		}
		w.WriteByte('\n')
	}
	if last := len(widths) - 1; g.ragged && last >= 0 {
		widths[last] = len(g.heads[last].title)
	}
	dashes := func(i int) string { return strings.Repeat("-", widths[i]) }
	line(func(i int) string {
		h := g.heads[i]
		return pad(h.title, widths[i]-len(h.suffix), h.left) + h.suffix
	})
	line(dashes)
	for _, row := range g.rows {
		line(func(i int) string { return pad(row[i].text, widths[i], row[i].left) })
	}
	if len(g.rows) > 0 && !g.open {
		line(dashes)
	}
	return w.Flush()
}

func pad(s string, width int, left bool) string {
	space := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
	if left {
		return s + space
	}
	return space + s
}

// WriteMarkdown prints the grid as a table of GitHub's Markdown.
func (g *Grid) WriteMarkdown(out io.Writer) error {
	w := bufio.NewWriter(out)
	row := func(cell func(i int) string) {
		for i := range g.heads {
			w.WriteString("| " + cell(i) + " ")
		}
		w.WriteString("|\n")
	}
	row(func(i int) string { return g.heads[i].title + g.heads[i].suffix })
	row(func(i int) string {
		if len(g.rows) > 0 && g.rows[0][i].left || len(g.rows) == 0 && g.heads[i].left {
			return "---"
		}
		return "--:"
	})
	for _, cells := range g.rows {
		row(func(i int) string {
			text := strings.TrimLeft(cells[i].text, " ")
			indent := len(cells[i].text) - len(text)
			return strings.Repeat("\u2003", indent/2) + Markdown(text) // Markdown takes spaces away
		})
	}
	return w.Flush()
}

// Markdown is text as it stands in Markdown.
func Markdown(text string) string { return markdownEscapes.Replace(text) }

var markdownEscapes = strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "`", "\\`", "_", `\_`, "*", `\*`)
