package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/bpfdiag/bpfdiag/verifierlog"
	"github.com/spf13/cobra"
)

// maxLogSize bounds the memory that one log takes; a kernel's buffer has at
// most a gigabyte (UINT_MAX >> 2).
const maxLogSize = 1 << 30

func newLogCommand() *cobra.Command {
	var f outputFlags
	var objectPath, program string
	c := &cobra.Command{
		Use:   "log FILE|-...",
		Short: "Explain verifier logs that somebody already has",
		Long: `Log finds the verifier's logs in files and explains each: what a loader printed
(libbpf, cilium/ebpf, aya, bpftool, tc, bcc, veristat), a terminal's output, a
journal, a bug report. What is around a log does not matter, nor does the
kernel's version. "-" is standard input.

With --object, places in the source come from the compiled object, with columns
and the names of variables. The log has to be of just that object.

Exit status: 0 no log tells of a rejection, 1 one does, 2 there is no log in a
file, or it could not be read.`,
		Example: `  bpfdiag log failed.log
  journalctl -u agent | bpfdiag log -
  bpfdiag log --object prog.bpf.o --format json failed.log`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("no file given\n  usage: bpfdiag log FILE|-...   (`bpfdiag log --help` for more)")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			r := &logReader{sources: diag.NewSources(f.roots...), program: program}
			if objectPath != "" {
				if err := r.open(objectPath); err != nil {
					return err
				}
			}
			return r.run(c, f, args)
		},
	}
	fl := c.Flags()
	fl.StringVarP(&objectPath, "object", "o", "", "compiled `object` that the logs are of")
	fl.StringVarP(&program, "program", "p", "", "`name` of the program that the logs are of, where they do not say it")
	f.add(fl)
	return c
}

// logReader explains logs.
type logReader struct {
	object  *object.Object // nil without
	dir     string         // the object's
	program string
	sources *diag.Sources
}

// open has a reader take places from a compiled object.
func (r *logReader) open(path string) error {
	o, err := object.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if o.Program(r.program) == nil && r.program != "" {
		return fmt.Errorf("%s has no program %q", path, r.program)
	}
	r.object, r.dir = o, filepath.Dir(path)
	return nil
}

func (r *logReader) run(c *cobra.Command, f outputFlags, paths []string) error {
	out := newReporter(c.OutOrStdout(), f, diag.Kernel{}, r.sources)
	doc := diag.Document{Schema: diag.Schema, Tool: tool()}
	for _, path := range paths {
		o, err := r.file(path, c.InOrStdin())
		if err != nil {
			o.Error = err.Error()
		}
		check.Finish(&o, r.sources, r.dir)
		doc.Objects = append(doc.Objects, o)
		if err := out.object(o); err != nil {
			return err
		}
		if c.Context().Err() != nil {
			return c.Context().Err()
		}
	}
	if err := out.end(doc); err != nil {
		return err
	}
	switch counts := doc.Count(); {
	case counts.BadObjects > 0:
		return exitCode(exitError)
	case counts.Rejected > 0:
		return exitCode(exitRejected)
	}
	return nil
}

// file explains the logs of one file. Those in front of an error are in the
// result.
func (r *logReader) file(path string, stdin io.Reader) (diag.Object, error) {
	out := diag.Object{Path: path, Programs: []diag.Program{}}
	in := stdin
	if path == "-" {
		out.Path = "<stdin>"
	} else {
		file, err := os.Open(path)
		if err != nil {
			return out, errors.Unwrap(err) // without the path
		}
		defer file.Close()
		in = file
	}
	f := verifierlog.NewFinder(in)
	for f.Next() {
		p, err := r.log(f.Log(), out.Path)
		if err != nil {
			return out, err
		}
		out.Programs = append(out.Programs, p)
	}
	if err := f.Err(); err != nil {
		return out, err
	}
	if len(out.Programs) == 0 {
		return out, errors.New("there is no verifier log in it (a loader prints one when it is asked for log level 1 or 2)")
	}
	return out, nil
}

// log explains one log, which was found in a file.
func (r *logReader) log(found *verifierlog.Found, file string) (diag.Program, error) {
	var text strings.Builder
	n, err := io.Copy(&text, io.LimitReader(found, maxLogSize+1))
	if err != nil {
		return diag.Program{}, err
	}
	if n > maxLogSize {
		return diag.Program{}, fmt.Errorf("the log at line %d is larger than any that a kernel writes", found.Start.Line)
	}
	log := text.String()
	sum := verifierlog.Summarize(log)
	fn, why := r.function(found.Program)
	p := diag.Program{Name: cmp.Or(found.Program, r.program, "program"), Log: log, Stats: check.StatsOf(&sum, len(log))}
	if fn != nil {
		p.Name, p.Section = fn.Name, fn.SectionName()
		p.Type, p.AttachType = loader.TypeOf(p.Section)
	}
	if s := about(found, &sum); s != "" {
		p.Notes = append(p.Notes, s)
	}
	if why != "" {
		p.Notes = append(p.Notes, why)
	}
	if found.Errno != 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%s says: %v", cmp.Or(found.Loader, "the loader"), syscall.Errno(found.Errno)))
	}
	p.Verdict = diag.Rejected
	if sum.Message == "" && found.Errno == 0 && sum.Stats.Known {
		p.Verdict = diag.Accepted
		return p, nil
	}
	path, err := verifierlog.ReadPath(strings.NewReader(log))
	if err != nil {
		return diag.Program{}, err
	}
	p.Notes = append(p.Notes, numbers(path, &sum))
	c := rules.Case{Program: rules.Program{Name: p.Name, Section: p.Section, Type: p.Type, Attach: p.AttachType}, Log: log, Object: r.object, Summary: &sum, Path: path, Sources: r.sources, Dirs: []string{r.dir}}
	if fn != nil {
		c.Locate = loader.LayoutOf(r.object, fn).Find
	}
	// Lines are the log's; who reads of them looks for them in the file.
	c.LogPlace = func(line int) (string, int) {
		at, _ := found.Origin(line, lineOffset(log, line))
		return file, at.Line
	}
	d := rules.Diagnose(c)
	for i, line := range d.LogLines {
		if _, n := c.LogPlace(line); n > 0 {
			d.LogLines[i] = n
		}
	}
	p.Diagnostics = []diag.Diagnostic{d}
	return p, nil
}

// function finds the program of the object that a log is of.
func (r *logReader) function(name string) (fn *object.Function, why string) {
	if r.object == nil {
		return nil, ""
	}
	if fn := r.object.Program(cmp.Or(r.program, name)); fn != nil {
		return fn, ""
	}
	programs := r.object.Programs()
	if len(programs) == 1 {
		return programs[0], ""
	}
	return nil, fmt.Sprintf("the log does not say which of the object's %d programs it is of; --program does", len(programs))
}

// numbers says how long the way to the failure is, and what the verifier counted.
func numbers(p *verifierlog.Path, sum *verifierlog.Summary) string {
	s := "the log does not show the way to the failure"
	if n := p.Len(); n > 0 {
		s = fmt.Sprintf("%s to the failure", plural(n, "step"))
		if p.Truncated {
			s = fmt.Sprintf("the last %s to the failure", plural(n, "step"))
		}
	}
	if st := &sum.Stats; st.Known {
		s += fmt.Sprintf("; %d insns processed, %d states", st.Insns, st.TotalStates)
		if st.StackDepth != "" && strings.Count(st.StackDepth, "+") < 8 {
			s += ", stack " + st.StackDepth
		}
	}
	return s
}

// about says where a log was found, and what of it is there; nothing of a
// whole log that is a file of its own.
func about(found *verifierlog.Found, sum *verifierlog.Summary) string {
	var says []string
	if found.Start.Line > 1 || found.Loader != "" {
		s := fmt.Sprintf("the log begins at line %d", found.Start.Line)
		if found.Loader != "" {
			s += ", printed by " + found.Loader
		}
		says = append(says, s)
	}
	switch end := found.TailMissing && sum.Message == ""; {
	case found.Summary:
		says = append(says, "only the log's last words are there")
	case found.HeadMissing && end:
		says = append(says, "the log's head and end are missing")
	case found.HeadMissing:
		says = append(says, "the log's head is missing")
	case end:
		says = append(says, "the log's end is missing")
	}
	return strings.Join(says, "; ")
}

// lineOffset is where a line, counted from 1, begins.
func lineOffset(text string, line int) int64 {
	at := 0
	for ; line > 1; line-- {
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
	}
	return int64(at)
}
