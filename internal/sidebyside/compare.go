package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// part is one of the two documents.
type part struct {
	name      string
	only      []string // programs that it is about, nil for all
	arguments *arguments
	all       []*comparison
	without   []string // rejected programs without a report
}

// comparison is a program that has a report and a diagnostic.
type comparison struct {
	name   string // OBJECT/PROGRAM, the object without its suffix
	report *verifierlog.Report
	size   int // bytes of the report
	diag   *diag.Diagnostic
	facts  []fact
}

// ours is how many lines our text has.
func (c *comparison) ours() int { return strings.Count(c.diag.Rendered, "\n") }

// third says whether ours has at most a third of the report's lines.
func (c *comparison) third() bool { return 3*c.ours() <= c.report.Lines }

// count is how many facts are in a part of the diagnostic.
func (c *comparison) count(in where) (n int) {
	for _, f := range c.facts {
		if f.in == in {
			n++
		}
	}
	return n
}

// read compares the programs of a document, whose logs are LOGS/OBJECT/PROGRAM.log.
func (p *part) read(doc *diag.Document, logs string) error {
	for _, o := range doc.Objects {
		object := path.Base(filepath.ToSlash(o.Path))
		for i := range o.Programs {
			prog := &o.Programs[i]
			name := strings.TrimSuffix(object, ".bpf.o") + "/" + prog.Name
			if prog.Verdict != diag.Rejected || p.only != nil && !slices.Contains(p.only, name) {
				continue
			}
			if len(prog.Diagnostics) == 0 {
				return fmt.Errorf("%s has no diagnostic", name)
			}
			text, err := os.ReadFile(filepath.Join(logs, object, prog.Name+".log"))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if c := compare(name, string(text), &prog.Diagnostics[0], p.arguments); c != nil {
				p.all = append(p.all, c)
			} else {
				p.without = append(p.without, name)
			}
		}
	}
	for _, name := range p.only {
		if !slices.ContainsFunc(p.all, func(c *comparison) bool { return c.name == name }) {
			return fmt.Errorf("%s was not rejected with a report", name)
		}
	}
	return nil
}

// compare is nil where the kernel has no report.
func compare(name, log string, d *diag.Diagnostic, a *arguments) *comparison {
	sum := verifierlog.Summarize(log)
	r := sum.Report
	if r == nil {
		return nil
	}
	c := &comparison{name: name, report: r, diag: d, facts: facts(r, d)}
	lines := strings.SplitAfter(sum.Message[strings.LastIndex(sum.Message, "Verification failed: "):], "\n")
	c.size = len(strings.Join(lines[:r.Lines], ""))
	for i := range c.facts {
		if f := &c.facts[i]; f.in == missing && a.unsaid(c, f) != "" {
			f.in = unsaid
		}
	}
	return c
}
