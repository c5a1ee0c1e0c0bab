package diag

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// githubShown is how many errors of a step GitHub shows.
const githubShown = 10

// WriteGitHub prints workflow commands, which GitHub shows beside the lines of
// a pull request. It shows the first ten of a step only, so the order is by
// weight, and each cause comes once.
func WriteGitHub(w io.Writer, doc Document, r Report) error {
	all := unique(doc.findings())
	slices.SortStableFunc(all, func(a, b finding) int {
		return cmp.Or(cmp.Compare(weight(&a), weight(&b)), cmp.Compare(programs(&b), programs(&a)))
	})
	for i := range all {
		if _, err := io.WriteString(w, r.githubCommand(&all[i])); err != nil {
			return err
		}
	}
	if len(all) > githubShown {
		_, err := fmt.Fprintf(w, "bpfdiag: %d findings; GitHub shows the first %d of a step beside the code\n", len(all), githubShown)
		return err
	}
	return nil
}

// weight orders findings: what the author can mend first.
func weight(f *finding) int {
	if f.d == nil {
		return 10
	}
	n := slices.Index([]Class{ClassSource, ClassCompiler, ClassLimit, ClassVerifier, ClassEnvironment}, f.d.Class)
	if n < 0 {
		n = 5
	}
	if f.d.Severity != SeverityError {
		n += 20
	}
	return n
}

// programs is how many programs a cause stops.
func programs(f *finding) int {
	if f.d == nil {
		return 0
	}
	return 1 + len(f.d.AlsoIn)
}

func (r Report) githubCommand(f *finding) string {
	command, title := "error", "not verified"
	var props, text []string
	prop := func(name, value string) { props = append(props, name+"="+githubProperty(value)) }
	if f.d == nil {
		text = []string{f.object.Path + ": " + f.failure()}
	} else {
		d := f.d
		if d.Severity != SeverityError {
			command = "warning"
		}
		title = strings.TrimSpace(d.Code + " " + d.Name)
		if l := d.primary(); l != nil && l.File != "" {
			prop("file", r.path(l.File))
			if l.Line > 0 {
				g := r.label(d, l)
				prop("line", fmt.Sprint(g.line))
				prop("endLine", fmt.Sprint(g.endLine))
				// Columns with several lines make GitHub refuse the annotation.
				if g.column > 0 && g.line == g.endLine {
					prop("col", fmt.Sprint(g.column))
					prop("endColumn", fmt.Sprint(max(g.endColumn-1, g.column))) // of the last character
				}
			}
		}
		text = f.summary()
	}
	prop("title", title)
	for i := range text {
		text[i] = visible(text[i])
	}
	return fmt.Sprintf("::%s %s::%s\n", command, strings.Join(props, ","), githubMessage(strings.Join(text, "\n")))
}

// summary is a diagnostic in a few plain lines, for formats that show no more.
func (f *finding) summary() []string {
	d := f.d
	lines := []string{d.Message}
	if l := d.primary(); l != nil && l.Text != "" {
		lines = append(lines, l.Text)
	}
	for _, l := range d.Labels {
		if !l.Primary && l.Text != "" && l.Line > 0 {
			lines = append(lines, place(l.File, l.Line, 0)+": "+l.Text)
		}
	}
	for _, n := range d.Notes {
		lines = append(lines, "note: "+oneLine(n))
	}
	for _, h := range d.Helps {
		lines = append(lines, "help"+h.doubt()+": "+oneLine(h.Text))
	}
	if c := complaint(d.KernelMessage); len(c) > 0 {
		lines = append(lines, "verifier: "+strings.Join(c[:min(len(c), maxKernelLines)], " "))
	}
	names := append([]string{f.program.Name}, d.AlsoIn...)
	if more := len(names) - maxAlsoIn; more > 0 {
		names = append(names[:maxAlsoIn], fmt.Sprintf("and %d more", more))
	}
	return append(lines, fmt.Sprintf("in %s: %s", f.object.Path, strings.Join(names, ", ")))
}

var (
	githubMessageEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubPropertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func githubMessage(s string) string  { return githubMessageEscapes.Replace(s) }
func githubProperty(s string) string { return githubPropertyEscapes.Replace(visible(s)) }
