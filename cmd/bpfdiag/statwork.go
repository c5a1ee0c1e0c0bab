package main

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/stat"
)

// hotFlags ask where the verifier's instructions went.
type hotFlags struct {
	hot   bool
	lines int // source lines; 0 for none
}

func (f *hotFlags) any() bool { return f.hot || f.lines > 0 }

// check says with what other flags they do not go.
func (f *hotFlags) check(s *statFlags) error {
	switch {
	case f.lines < 0:
		return fmt.Errorf("--top-lines %d: it cannot be negative", f.lines)
	case !f.any():
		return nil
	case s.compare || s.replay || s.merge || s.baseline != "":
		return fmt.Errorf("--hot and --top-lines are for objects, not for files of results")
	case s.format == "csv":
		return fmt.Errorf("--hot and --top-lines have no CSV form; use -o json, json-lines, markdown or table")
	}
	return nil
}

// printWork prints each row's program and where its instructions went.
func (s *statistics) printWork(rows []stat.Record) error {
	f := &s.flags.hotFlags
	for i := range rows {
		r := &rows[i]
		title := fmt.Sprintf("%s/%s: %s, %s insns, %s states", r.File, r.Program, r.Cell(stat.Verdict), r.Cell(stat.TotalInsns), r.Cell(stat.TotalStates))
		if r.Code != "" {
			title += " (" + r.Code + ")"
		}
		if s.flags.format == "markdown" {
			title = "### " + stat.Markdown(title)
		}
		fmt.Fprintf(s.out, "%s\n", title)
		if r.Work == nil {
			fmt.Fprintf(s.out, "The verifier left no log of it.\n\n")
			continue
		}
		for _, line := range aboutWork(r.Work, int(r.Numbers[stat.TotalInsns])) {
			fmt.Fprintln(s.out, line)
		}
		fmt.Fprintln(s.out)
		if f.hot {
			if err := s.write(stat.Hot(r.Work)); err != nil {
				return err
			}
			fmt.Fprintln(s.out)
		}
		if f.lines > 0 {
			if err := s.write(stat.TopLines(r.Work, f.lines)); err != nil {
				return err
			}
			fmt.Fprintln(s.out)
		}
	}
	return nil
}

// aboutWork says of a program's work as a whole what its rows do not.
func aboutWork(w *diag.Work, insns int) (lines []string) {
	if w.CutMB > 0 {
		lines = append(lines, fmt.Sprintf("The log is longer than its buffer by %.1f MB; what follows is of %d of the instructions, %d %%.",
			w.CutMB, w.Insns, 100*w.Insns/max(insns, 1)))
	}
	if w.Paths > 0 {
		lines = append(lines, fmt.Sprintf("%d branches were put off and taken up later; %d paths ended in a state that was known.", w.Paths, w.Pruned))
	}
	if dir := stat.Folder(w); dir != "" {
		lines = append(lines, "Files are in "+dir+".")
	}
	return lines
}

// workMembers are what a row's JSON has of it.
func (s *statistics) workMembers(w *diag.Work) map[string]any {
	m := map[string]any{}
	if w == nil {
		return m
	}
	if s.flags.hot {
		m["hot"] = w
	}
	if n := s.flags.lines; n > 0 {
		lines := w.Lines()
		m["top_lines"] = lines[:min(n, len(lines))]
	}
	return m
}

// hotHelp is what the long help says of the ways to find expensive lines.
var hotHelp = strings.TrimSpace(`
Where the verifier's instructions go: --hot prints the loops of each program and
the lines in them, --top-lines N the N lines with most instructions. Both read a
log of all paths. -S N, as veristat has it, counts how often a line is printed in
the log, which is less exact: the verifier prints a line when it comes to another.
`)
