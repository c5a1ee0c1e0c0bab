package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// print writes a part: figures, a line for each program, then the two texts of
// each in short.
func (p *part) print(w io.Writer) error {
	slices.SortFunc(p.all, func(a, b *comparison) int { return strings.Compare(a.name, b.name) })
	fmt.Fprintf(w, "# Side by side with the report of Linux 7.3: %s\n\n", p.name)
	fmt.Fprintf(w, "Made by `go run ./internal/sidebyside %s`; [README.md](README.md) says how to read it.\n\n", p.name)
	p.printFigures(w)
	fmt.Fprintf(w, "\n| program | code | report | ours | | At | label | evidence | text | unsaid | missing |\n")
	fmt.Fprintf(w, "| --- | --- | --: | --: | --: | --- | --: | --: | --: | --: | --: |\n")
	for _, c := range p.all {
		fmt.Fprintf(w, "| %s | %s | %d | %d | %d %% | %s | %d | %d | %d | %d | %d |\n", c.name, c.diag.Code, c.report.Lines, c.ours(),
			100*c.ours()/c.report.Lines, p.at(c), c.count(inLabel), c.count(inEvidence), c.count(inText), c.count(unsaid), c.count(missing))
	}
	if len(p.without) > 0 {
		fmt.Fprintf(w, "\nRejected without a report: %s.\n", strings.Join(p.without, ", "))
	}
	for _, c := range p.all {
		fmt.Fprintf(w, "\n## %s\n\n```text\n", c.name)
		c.printReport(w)
		c.printOurs(w)
		if reason := p.arguments.at[c.name]; reason != "" {
			fmt.Fprintf(w, "our place: %s\n", reason)
		}
		if reason := p.arguments.long[c.name]; reason != "" {
			fmt.Fprintf(w, "our length: %s\n", reason)
		}
		fmt.Fprintf(w, "```\n")
	}
	return nil
}

func (p *part) at(c *comparison) string {
	switch {
	case agrees(c.report, c.diag):
		return "agrees"
	case p.arguments.at[c.name] != "":
		return "argued"
	}
	return "differs"
}

func (p *part) printFigures(w io.Writer) {
	at, third, lines, ours, longer := map[string]int{}, 0, 0, 0, 0
	size, oursize := 0, 0
	in := map[where]int{}
	var shares []int
	for _, c := range p.all {
		at[p.at(c)]++
		if c.third() {
			third++
		}
		if c.ours() > c.report.Lines {
			longer++
		}
		lines, ours = lines+c.report.Lines, ours+c.ours()
		size, oursize = size+c.size, oursize+len(c.diag.Rendered)
		shares = append(shares, 100*c.ours()/c.report.Lines)
		for _, f := range c.facts {
			in[f.in]++
		}
	}
	if len(shares) == 0 {
		return
	}
	slices.Sort(shares)
	fmt.Fprintf(w, "- %d programs are rejected with a report, %d without\n", len(p.all), len(p.without))
	fmt.Fprintf(w, "- the report's `At:` and our primary label: %d agree, %d differ and are argued, %d differ\n", at["agrees"], at["argued"], at["differs"])
	fmt.Fprintf(w, "- facts of the reports: %d told by a label, %d in the evidence, %d in the text; %d left unsaid for a reason, %d missing\n",
		in[inLabel], in[inEvidence], in[inText], in[unsaid], in[missing])
	fmt.Fprintf(w, "- lines: %d of the reports, %d of ours (%d %%); in the middle, ours has %d %% of the report's; at most a third in %d programs, more lines than the report in %d\n",
		lines, ours, 100*ours/lines, shares[len(shares)/2], third, longer)
	fmt.Fprintf(w, "- bytes: %d of the reports, %d of ours (%d %%)\n", size, oursize, 100*oursize/size)
}

func (c *comparison) printReport(w io.Writer) {
	r := c.report
	fmt.Fprintf(w, "Linux 7.3, %d lines: %s\n", r.Lines, r.Title)
	fmt.Fprintf(w, "  Reason: %s\n", r.Reason)
	fmt.Fprintf(w, "  At: line %d, insn %d: %s\n", r.At.Line, r.At.Insn, r.At.Text)
	var words, steps []string
	times := map[string]int{} // in loops
	for _, f := range c.facts {
		if f.event == nil {
			words = append(words, f.word+" ["+string(f.in)+"]")
			continue
		}
		step := fmt.Sprintf("line %d, insn %d: %s: %s [%s]", f.event.Line, f.event.Insn, f.event.Kind, short(f.event.Text), f.in)
		if times[step]++; times[step] == 1 {
			steps = append(steps, step)
		}
	}
	for _, s := range steps {
		if n := times[s]; n > 1 {
			s += fmt.Sprintf(", %d times", n)
		}
		fmt.Fprintf(w, "  - %s\n", s)
	}
	if len(words) > 0 {
		fmt.Fprintf(w, "  In the reason: %s\n", strings.Join(words, ", "))
	}
	fmt.Fprintf(w, "  Suggestion: %s\n", r.Suggestion)
}

// short cuts the ranges that the kernel prints in three forms.
func short(text string) string {
	const most = 150
	if len(text) <= most {
		return text
	}
	return strings.TrimSpace(text[:most-3]) + "..."
}

func (c *comparison) printOurs(w io.Writer) {
	d := c.diag
	fmt.Fprintf(w, "bpfdiag, %d lines: %s %s\n", c.ours(), d.Code, d.Message)
	for _, l := range d.Labels {
		mark := "-"
		if l.Primary {
			mark = "^"
		}
		fmt.Fprintf(w, "  %s line %d: %s\n", mark, l.Line, l.Text)
	}
	for _, n := range d.Notes {
		fmt.Fprintf(w, "  note: %s\n", n)
	}
	for _, h := range d.Helps {
		fmt.Fprintf(w, "  help: %s%s\n", h.Text, edits(h))
	}
}

// edits says in a line what a help changes.
func edits(h diag.Help) string {
	var all []string
	for _, e := range h.Edits {
		all = append(all, strings.Join(strings.Fields(e.Replacement), " "))
	}
	if len(all) == 0 {
		return ""
	}
	return ": `" + strings.Join(all, "`, `") + "`"
}
