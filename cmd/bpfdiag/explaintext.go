package main

import (
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"golang.org/x/term"
)

// Lines of text are as long as the terminal allows, within what is still easy to read.
const (
	plainWidth = 80
	mostWidth  = 100
)

// textWidth is how long the lines of a page may be.
func textWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 20 {
			return min(columns, mostWidth)
		}
	}
	return plainWidth
}

// text is the page for a terminal: Markdown without the marks that only
// matter to programs, its paragraphs filled anew.
func (e *explanation) text(width int) string {
	var b strings.Builder
	var block []string // the lines of a paragraph, an item or a table
	flush := func() {
		if len(block) > 0 {
			writeBlock(&b, block, width)
			block = nil
		}
	}
	code := false
	for line := range strings.Lines(e.Markdown) {
		line = strings.TrimRight(line, " \n")
		switch fence := strings.HasPrefix(line, "```"); {
		case fence:
			flush()
			code = !code
		case code:
			b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		case line == "" || strings.HasPrefix(line, "    "):
			flush()
			b.WriteString(line + "\n")
		case strings.HasPrefix(line, "#"):
			flush()
			line = strings.TrimLeft(line, "# ")
			if !strings.HasPrefix(line, e.Code) {
				line = strings.ToUpper(line)
			}
			b.WriteString(line + "\n")
		case strings.HasPrefix(line, "- "):
			flush()
			block = append(block, line)
		default:
			block = append(block, line)
		}
	}
	flush()
	return b.String()
}

// writeBlock writes a table, or anything else filled.
func writeBlock(b *strings.Builder, block []string, width int) {
	if strings.HasPrefix(block[0], "|") {
		writeTable(b, block, width)
		return
	}
	indent := ""
	if strings.HasPrefix(block[0], "- ") {
		indent = "  "
	}
	column := 0
	for _, word := range strings.Fields(strings.Join(block, " ")) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
}

// writeTable aligns a table's columns; where that is too wide, each row is an
// item that names the columns.
func writeTable(b *strings.Builder, rows []string, width int) {
	var table [][]string
	for _, row := range rows {
		row = strings.TrimSuffix(strings.TrimPrefix(row, "|"), "|")
		if strings.Trim(row, "-| ") == "" {
			continue // between head and rows
		}
		cells := strings.Split(row, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		table = append(table, cells)
	}
	var aligned strings.Builder
	w := tabwriter.NewWriter(&aligned, 0, 8, 3, ' ', 0)
	for _, cells := range table {
		io.WriteString(w, "  "+strings.Join(cells, "\t")+"\n")
	}
	w.Flush()
	fits := true
	for line := range strings.Lines(aligned.String()) {
		fits = fits && utf8.RuneCountInString(strings.TrimRight(line, " \n")) <= width
	}
	if fits {
		b.WriteString(aligned.String())
		return
	}
	for _, cells := range table[1:] {
		var says []string
		for i, c := range cells[1:] {
			if c != "" && i+1 < len(table[0]) {
				says = append(says, table[0][i+1]+": "+c)
			}
		}
		writeBlock(b, []string{"- " + cells[0] + ": " + strings.Join(says, "; ")}, width)
	}
}
