package kernel

import (
	"slices"
	"time"
)

// Step tells how far a build is.
type Step struct {
	Name   string // fetch, unpack, patch, configure, compile, link, install; "" before these
	Index  int    // counts from 1; 0 before the first step
	Total  int    // number of steps
	Done   int64  // bytes in fetch and unpack, patches in patch, files in compile
	Of     int64  // what Done will be in the end, as far as is known; 0 is unknown
	Detail string // the file or package at hand; may be ""
	// Note is something to tell the user for good, in its own call: what is
	// waited for, that patches of another series are used.
	Note    string
	Elapsed time.Duration // since the build began
}

var steps = []string{"fetch", "unpack", "patch", "configure", "compile", "link", "install"}

// step begins a step.
func (b *builder) step(name string) {
	b.now = Step{Name: name, Index: slices.Index(steps, name) + 1, Total: len(steps)}
	b.report()
}

// progress tells how far the current step is.
func (b *builder) progress(done, of int64, detail string) {
	b.now.Done, b.now.Of, b.now.Detail = done, of, detail
	if time.Since(b.reported) >= 100*time.Millisecond {
		b.report()
	}
}

// note tells the user something, whatever the step.
func (b *builder) note(text string) {
	b.now.Note = text
	b.report()
	b.now.Note = ""
}

func (b *builder) report() {
	b.reported = time.Now()
	b.now.Total = len(steps)
	b.now.Elapsed = time.Since(b.began)
	if b.options.Progress != nil {
		b.options.Progress(b.now)
	}
}
