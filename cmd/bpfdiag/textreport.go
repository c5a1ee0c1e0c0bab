package main

import (
	"cmp"
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
	text  diag.Text
	tty   bool
	flags outputFlags
}

func newTextReporter(w io.Writer, f outputFlags, s *diag.Sources) *textReporter {
	r := &textReporter{w: w, flags: f, text: diag.Text{Sources: s, Pages: pages}}
	file, ok := w.(*os.File)
	r.tty = ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
	r.text.Color = wantColor(f.color, r.tty)
	if r.tty {
		r.text.Links = r.text.Color
		r.text.Unicode = utf8Locale()
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil {
			r.text.Width = columns
		}
	}
	return r
}

// wantColor follows --color, then NO_COLOR and CLICOLOR_FORCE, then whether
// the output is a terminal.
func wantColor(flag string, tty bool) bool {
	switch {
	case flag == "always":
		return true
	case flag == "never", os.Getenv("NO_COLOR") != "":
		return false
	case os.Getenv("CLICOLOR_FORCE") != "" && os.Getenv("CLICOLOR_FORCE") != "0":
		return true
	}
	return tty
}

// utf8Locale says whether the terminal shows UTF-8, as setlocale(3) finds out.
func utf8Locale() bool {
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG"))
	_, charset, _ := strings.Cut(strings.ToLower(locale), ".")
	return strings.HasPrefix(charset, "utf-8") || strings.HasPrefix(charset, "utf8")
}

func (r *textReporter) object(o diag.Object) error {
	var b strings.Builder
	if o.Error != "" {
		b.WriteString(r.text.Render(diag.Diagnostic{Severity: diag.SeverityError, Message: o.Path + ": " + o.Error}))
	}
	for _, p := range o.Programs {
		r.program(&b, o, p)
	}
	_, err := io.WriteString(r.w, b.String())
	return err
}

func (r *textReporter) program(b *strings.Builder, o diag.Object, p diag.Program) {
	line := fmt.Sprintf("%s: %s: %s", diag.Visible(o.Path), diag.Visible(p.Name), p.Verdict)
	switch p.Verdict {
	case diag.Accepted:
		if r.flags.quiet && !r.flags.raw {
			return
		}
		if p.Stats != nil {
			line += fmt.Sprintf(" (%d insns processed, %d states, stack %s)", p.Stats.Insns, p.Stats.TotalStates, p.Stats.StackDepth)
		}
	case diag.Error:
		if len(p.Diagnostics) == 0 || r.flags.raw {
			line += ": " + diag.Visible(p.Error)
		}
	}
	if n := len(p.Diagnostics); n > 0 && p.Diagnostics[n-1].SameAs != "" && !r.flags.raw {
		line += ", like " + diag.Visible(p.Diagnostics[n-1].SameAs)
	}
	fmt.Fprintln(b, line)
	shown := false
	for _, d := range p.Diagnostics {
		if d.SameAs == "" && !r.flags.raw {
			b.WriteString(r.text.Render(d))
			shown = true
		}
	}
	if !r.flags.quiet {
		for _, n := range p.Notes {
			fmt.Fprintf(b, "  = note: %s\n", diag.Visible(n))
		}
	}
	if r.flags.raw && p.Log != "" {
		for l := range strings.Lines(strings.TrimRight(p.Log, "\n") + "\n") {
			b.WriteString(r.rawLine(l))
		}
		shown = p.Verdict == diag.Rejected
	}
	if shown {
		b.WriteByte('\n')
	}
}

// rawLine is a line of the log, byte by byte; on a terminal what the object
// put into it must not be a command.
func (r *textReporter) rawLine(l string) string {
	if !r.tty {
		return l
	}
	parts := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
	for i := range parts {
		parts[i] = diag.Visible(parts[i])
	}
	return strings.Join(parts, "\t") + "\n"
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
	line := strings.Join(parts, ", ")
	if d.Kernel.Release != "" {
		line += " (Linux " + d.Kernel.Release + ")"
	}
	_, err := fmt.Fprintln(r.w, line)
	return err
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
