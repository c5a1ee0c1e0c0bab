package diag

import "strings"

// ink is what a piece of the text form means; colours follow from that.
type ink uint8

const (
	inkPlain ink = iota
	inkStrong
	inkError
	inkWarning
	inkFrame
	inkSecondary
	inkNote
	inkHelp
	inkAdded
	inkRemoved
	inkChanged
)

// sgr are the sixteen colours that every terminal has, so that the user's
// theme decides what they look like.
var sgr = [...]string{
	inkStrong: "1", inkError: "1;31", inkWarning: "1;33", inkFrame: "1;34", inkSecondary: "1;34",
	inkNote: "1;32", inkHelp: "1;36", inkAdded: "32", inkRemoved: "31", inkChanged: "33",
}

// frame is the set of characters that the layout is drawn with, each one
// column wide.
type frame struct {
	arrow, next                        string // before the first file and before others
	dots                               string // for lines left out; ends in the bar's column
	bar                                rune
	primary, secondary                 rune // underlines
	hang                               rune // from an underline down to its text
	spanStart, spanBar, spanLine, last rune // of a span over several lines
	primaryTip, secondaryTip           rune // where it starts and ends in a line
}

var (
	asciiFrame = frame{
		arrow: "--> ", next: "::: ", dots: "...", bar: '|', primary: '^', secondary: '-', hang: '|',
		spanStart: '/', spanBar: '|', spanLine: '_', last: '|', primaryTip: '^', secondaryTip: '-',
	}
	unicodeFrame = frame{
		arrow: " ╭─▸ ", next: " ├─▸ ", dots: "  ┆", bar: '│', primary: '━', secondary: '─', hang: '│',
		spanStart: '╭', spanBar: '│', spanLine: '─', last: '╰', primaryTip: '┛', secondaryTip: '╯',
	}
)

// piece is text in one ink.
type piece struct {
	ink  ink
	text string
}

// pen writes lines of pieces.
type pen struct {
	b     strings.Builder
	color bool
}

func (p *pen) line(pieces ...piece) {
	for len(pieces) > 0 && strings.Trim(pieces[len(pieces)-1].text, " ") == "" {
		pieces = pieces[:len(pieces)-1]
	}
	var now string // the colour that is on
	for i, c := range pieces {
		code := sgr[c.ink]
		if i == len(pieces)-1 {
			c.text = strings.TrimRight(c.text, " ")
		}
		// A space looks the same in every colour.
		if p.color && code != now && strings.Trim(c.text, " ") != "" {
			if now != "" {
				p.b.WriteString("\x1b[0m")
			}
			if code != "" {
				p.b.WriteString("\x1b[" + code + "m")
			}
			now = code
		}
		p.b.WriteString(c.text)
	}
	if now != "" {
		p.b.WriteString("\x1b[0m")
	}
	p.b.WriteByte('\n')
}

// row is a line of single characters at columns, with a text at its end.
type row struct {
	runes []rune
	inks  []ink
	at    int // column of the text
	text  piece
}

// put draws a character over what is there.
func (r *row) put(column int, c rune, i ink) {
	for len(r.runes) <= column {
		r.runes, r.inks = append(r.runes, ' '), append(r.inks, inkPlain)
	}
	r.runes[column], r.inks[column] = c, i
}

func (r *row) pieces() []piece {
	var out []piece
	for i := 0; i < len(r.runes); {
		j := i
		for j < len(r.runes) && r.inks[j] == r.inks[i] {
			j++
		}
		out = append(out, piece{r.inks[i], string(r.runes[i:j])})
		i = j
	}
	if r.text.text != "" {
		out = append(out, piece{inkPlain, strings.Repeat(" ", max(0, r.at-len(r.runes)))}, r.text)
	}
	return out
}
