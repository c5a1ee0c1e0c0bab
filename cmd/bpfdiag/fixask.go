package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/fix"
)

// asker asks a person which edits are made.
type asker struct {
	in  *bufio.Reader
	out *fixReport
}

func newAsker(in io.Reader, out *fixReport) *asker { return &asker{bufio.NewReader(in), out} }

// choose shows a diagnostic with those helps that the verifier does not refuse, and
// asks which is made.
func (a *asker) choose(ctx context.Context, c fix.Choice) (int, error) {
	d := *c.Diagnostic
	d.Helps = nil
	for _, h := range c.Diagnostic.Helps {
		if len(h.Edits) == 0 {
			d.Helps = append(d.Helps, h)
		}
	}
	for i, t := range c.Trials {
		h := c.Diagnostic.Helps[t.Help]
		h.Verified = t.Outcome == fix.Accepted
		h.Text = fmt.Sprintf("[%d] %s", i+1, h.Text)
		if t.Outcome == fix.Further {
			h.Text += " (then there is another complaint)"
		}
		d.Helps = append(d.Helps, h)
	}
	text := a.out.text.text
	text.Sources = diag.NewSources(a.out.flags.roots...).Overlay(c.Version.Texts)
	fmt.Fprintf(a.out.w, "%s: rejected\n%s\n", diag.Visible(c.Program), text.Render(d))
	if len(c.Trials) == 0 {
		fmt.Fprintln(a.out.w, "no edit is known that helps")
		return -1, nil
	}
	return a.answer(ctx, len(c.Trials))
}

// answer reads which of n edits is made.
func (a *asker) answer(ctx context.Context, n int) (int, error) {
	which := "y: make [1]"
	if n > 1 {
		which += fmt.Sprintf(", 2 to %d: make another", n)
	}
	for {
		fmt.Fprintf(a.out.w, "%s, n: leave the program, q: no more questions ? ", which)
		line, err := a.read(ctx)
		if err != nil {
			return -1, err
		}
		switch answer := strings.ToLower(strings.TrimSpace(line)); answer {
		case "y", "yes":
			return 0, nil
		case "n", "no":
			return -1, nil
		case "q", "quit":
			return -1, fix.ErrQuit
		default:
			if i, err := strconv.Atoi(answer); err == nil && i >= 1 && i <= n {
				return i - 1, nil
			}
		}
	}
}

// read waits for a line, or for a signal. The end of the input is a "q".
func (a *asker) read(ctx context.Context) (string, error) {
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := a.in.ReadString('\n')
		got <- answer{line, err}
	}()
	select {
	case r := <-got:
		if r.err == io.EOF {
			return "", fix.ErrQuit
		}
		return r.line, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
