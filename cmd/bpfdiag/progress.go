package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"
)

// plainInterval is how often a progress line is repeated where lines can't be
// rewritten, as in a build log.
const plainInterval = 15 * time.Second

// progressLine shows what goes on, in one line that is rewritten on a
// terminal, and in a line every 15 seconds anywhere else. Its methods may be
// called from several goroutines.
type progressLine struct {
	w        io.Writer
	width    func() int // columns of the terminal, 0 when it is none
	interval time.Duration

	mu    sync.Mutex
	shown bool      // a line stands on the terminal that Clear must remove
	last  time.Time // when something was printed to what is no terminal
}

// newProgressLine writes to w, which is a terminal's only if it is a file.
func newProgressLine(w io.Writer) *progressLine {
	p := &progressLine{w: w, width: func() int { return 0 }, interval: plainInterval, last: time.Now()}
	if f, ok := w.(*os.File); ok && os.Getenv("TERM") != "dumb" {
		p.width = func() int { return terminalWidth(f) }
	}
	return p
}

// Update shows text, cut to the terminal's width, until the next call.
func (p *progressLine) Update(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	width := p.width()
	if width == 0 {
		if time.Since(p.last) >= p.interval {
			p.last = time.Now()
			fmt.Fprintln(p.w, text)
		}
		return
	}
	fmt.Fprintf(p.w, "\r%s\x1b[K", cutTo(text, width-1))
	p.shown = true
}

// Print writes a line that stays.
func (p *progressLine) Print(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.last = time.Now()
	fmt.Fprintln(p.w, text)
}

// Plain is Print where lines can't be rewritten, and nothing on a terminal,
// where Update shows the same.
func (p *progressLine) Plain(text string) {
	if p.width() == 0 {
		p.Print(text)
	}
}

// Clear removes the line, so that something else can be printed.
func (p *progressLine) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progressLine) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// cutTo shortens text to a number of columns, taking each character for one.
func cutTo(text string, columns int) string {
	if columns < 1 || utf8.RuneCountInString(text) <= columns {
		return text
	}
	return string([]rune(text)[:columns-1]) + "…"
}
