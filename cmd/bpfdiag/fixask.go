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
	fmt.Fprintf(a.out.w, "%s: %s: %s\n%s", diag.Visible(c.Path), diag.Visible(c.Program), c.Version.Program(c.Program).Verdict, text.Render(d))
	if len(c.Trials) == 0 {
		fmt.Fprint(a.out.w, "no edit is known that helps\n\n")
		return -1, nil
	}
	return a.answer(ctx, len(c.Trials))
}

// answer reads which of n edits is made.
func (a *asker) answer(ctx context.Context, n int) (int, error) {
	which := "make [1]? y: yes"
	if n > 1 {
		which = fmt.Sprintf("make which? 1 to %d, y: [1]", n)
	}
	for {
		fmt.Fprintf(a.out.w, "%s, n: leave this program as it is, q: end, and keep what was made ", which)
		line, err := a.read(ctx)
		if err != nil {
			return -1, err
		}
		fmt.Fprintln(a.out.w)
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
