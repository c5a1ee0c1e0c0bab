package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// buildProgress shows the steps of a kernel's build: which one, how far, how
// long so far.
type buildProgress struct {
	line *progressLine
	name string
	stop chan struct{}
	done sync.WaitGroup

	mu       sync.Mutex
	step     kernel.Step
	received time.Time
}

// newBuildProgress writes to w. With verbose, where other programs' output
// goes to w too, no line is rewritten.
func newBuildProgress(w io.Writer, name string, verbose bool) *buildProgress {
	b := &buildProgress{line: newProgressLine(w), name: name, stop: make(chan struct{})}
	if verbose {
		b.line.width = func() int { return 0 }
	}
	b.done.Go(b.tick)
	return b
}

// tick keeps the time going while a step, such as the link, says nothing.
func (b *buildProgress) tick() {
	for {
		select {
		case <-b.stop:
			return
		case <-time.After(time.Second):
		}
		b.mu.Lock()
		step := b.step
		step.Elapsed += time.Since(b.received)
		b.mu.Unlock()
		if step.Total > 0 {
			b.line.Update(b.text(step))
		}
	}
}

// Show takes a step from kernel.Build.
func (b *buildProgress) Show(s kernel.Step) {
	b.mu.Lock()
	began := s.Name != b.step.Name
	b.step, b.received = s, time.Now()
	b.mu.Unlock()
	if s.Note != "" {
		b.line.Print("kernel " + b.name + ": " + s.Note)
	}
	if began {
		b.line.Plain(b.text(s))
	}
	b.line.Update(b.text(s))
}

// Close removes the line.
func (b *buildProgress) Close() {
	close(b.stop)
	b.done.Wait()
	b.line.Clear()
}

// text is one line: kernel 6.12 [5/7] compile 812 of 1600 (50 %), 2m3s, kernel/bpf/core.o
func (b *buildProgress) text(s kernel.Step) string {
	text := "kernel " + b.name
	if s.Index > 0 {
		text += fmt.Sprintf(" [%d/%d] %s", s.Index, s.Total, s.Name)
	}
	if s.Of > 0 {
		done, of := fmt.Sprint(s.Done), fmt.Sprint(s.Of)
		if s.Name == "fetch" || s.Name == "unpack" {
			done, of = megabytes(s.Done), megabytes(s.Of)+" MB"
		}
		text += fmt.Sprintf(" %s of %s (%d %%)", done, of, min(100, 100*s.Done/s.Of))
	}
	text += ", " + s.Elapsed.Truncate(time.Second).String()
	if s.Detail != "" {
		text += ", " + s.Detail
	}
	return text
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f", float64(n)/1e6) }
