package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"golang.org/x/term"
)

// textReporter prints a line per program and each rejection's diagnostic.
type textReporter struct {
	w     io.Writer
	style diag.Style
	flags checkFlags
}

func newTextReporter(w io.Writer, f checkFlags) (*textReporter, error) {
	r := &textReporter{w: w, flags: f}
	if wantColor(w, f.color) {
		r.style = diag.Colored
	}
	return r, nil
}

// wantColor follows --color, then NO_COLOR and CLICOLOR_FORCE, then whether
// the output is a terminal.
func wantColor(w io.Writer, flag string) bool {
	switch {
	case flag == "always":
		return true
	case flag == "never", os.Getenv("NO_COLOR") != "":
		return false
	case os.Getenv("CLICOLOR_FORCE") != "" && os.Getenv("CLICOLOR_FORCE") != "0":
		return true
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

func (r *textReporter) object(o diag.Object) error {
	var b strings.Builder
	if o.Error != "" {
		fmt.Fprintf(&b, "%s %s\n", r.bad("error:"), o.Path+": "+o.Error)
	}
	for _, p := range o.Programs {
		r.program(&b, o, p)
	}
	_, err := io.WriteString(r.w, b.String())
	return err
}

func (r *textReporter) bad(s string) string {
	if r.style.Error == nil {
		return s
	}
	return r.style.Error(s)
}

func (r *textReporter) program(b *strings.Builder, o diag.Object, p diag.Program) {
	line := fmt.Sprintf("%s: %s: %s", o.Path, p.Name, p.Verdict)
	switch p.Verdict {
	case diag.Accepted:
		if r.flags.quiet && !r.flags.raw {
			return
		}
		if p.Stats != nil {
			line += fmt.Sprintf(" (%d insns processed, %d states, stack %s)", p.Stats.Insns, p.Stats.TotalStates, p.Stats.StackDepth)
		}
		fmt.Fprintln(b, line)
	case diag.Rejected:
		fmt.Fprintln(b, line)
		for _, d := range p.Diagnostics {
			if r.flags.raw {
				continue
			}
			b.WriteString(diag.TextIn(d, r.style))
		}
	case diag.Error:
		fmt.Fprintf(b, "%s: %s\n", line, p.Error)
	}
	if !r.flags.quiet {
		for _, n := range p.Notes {
			fmt.Fprintf(b, "  = note: %s\n", n)
		}
	}
	if r.flags.raw && p.Log != "" {
		b.WriteString(strings.TrimRight(p.Log, "\n") + "\n")
	}
	if p.Verdict == diag.Rejected {
		b.WriteByte('\n')
	}
}

func (r *textReporter) end(d diag.Document) error {
	c := d.Count()
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{c.Accepted, "accepted"}, {c.Rejected, "rejected"}, {c.Errors, "not verified"}, {c.Skipped, "skipped"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if c.BadObjects > 0 {
		parts = append(parts, plural(c.BadObjects, "unreadable object"))
	}
	if len(parts) == 0 {
		parts = []string{"no program checked"}
	}
	if r.flags.quiet && c.Rejected+c.Errors+c.BadObjects == 0 {
		return nil
	}
	_, err := fmt.Fprintf(r.w, "%s (Linux %s)\n", strings.Join(parts, ", "), d.Kernel.Release)
	return err
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
