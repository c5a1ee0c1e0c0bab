package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0603", tooComplex)
	_ = rule("BPF0604", tooManyBranches)
)

// tooComplex: the verifier has processed a million instructions, over all
// paths, and gives up (do_check in kernel/bpf/verifier.c).
func tooComplex(c *Case, d *diag.Diagnostic) {
	st := &c.Summary.Stats
	limit := "1000000"
	if st.InsnLimit > 0 {
		limit = fmt.Sprint(st.InsnLimit)
	}
	d.Message = "the verifier gave up on " + quote(c.Program.Name) + " after " + limit + " instructions"
	primary(d, "it was here then, which need not be the cause")
	if c.last < 0 {
		smaller(d)
		return
	}
	p, _ := verifierlog.ReadProfile(strings.NewReader(c.Log))
	all := p.Paths > 0 // a log of level 2 has all paths, not only the last
	d.Notes = append(d.Notes, c.spent(p, all))
	hot, looped := p.Hot()
	if hot.Passes < minPasses {
		looped = false // that explains nothing
	}
	if !looped {
		if loop, visits, ok := c.sourceLoop(p); ok && 4*visits > p.Visits { // an unrolled one, mostly
			c.markLoop(d, &loop)
			primary(d, share(visits, p.Visits)+" of the steps "+shown(all)+" of this loop")
		}
		c.hotLines(d, p, nil, 2)
		smaller(d)
		return
	}
	loop, known := c.loopOf(hot.Head, hot.Back)
	text := fmt.Sprintf("%s of the steps %s in this loop, in %d passes", share(hot.Visits, p.Visits), shown(all), hot.Passes)
	if known {
		c.markLoop(d, &loop)
	} else if l, ok := c.label(headLine(p, hot), ""); ok {
		l.Primary = true
		d.Labels = slices.DeleteFunc(d.Labels, func(o diag.Label) bool { return o.Primary })
		d.Labels = append(d.Labels, l)
		text = fmt.Sprintf("%s of the steps %s in the loop of instructions %d to %d, in %d passes", share(hot.Visits, p.Visits), shown(all), hot.Head, hot.Back, hot.Passes)
	}
	primary(d, text)
	c.hotLines(d, p, &hot, 2)
	if s := c.apart(hot); s != "" {
		d.Notes = append(d.Notes, s)
	}
	if known {
		if h, ok := c.asIterator(&loop); ok {
			d.Helps = append(d.Helps, h)
		} else if h, ok := c.asRepeat(&loop); ok {
			d.Helps = append(d.Helps, h)
		} else {
			d.Helps = append(d.Helps, c.iterate())
		}
	} else {
		d.Helps = append(d.Helps, c.iterate())
	}
	smaller(d)
}

// headLine is the instruction of a loop whose source line, as the log has it,
// begins with the loop's keyword; its first one if there is none.
func headLine(p *verifierlog.Profile, l verifierlog.LoopVisits) int {
	for _, v := range p.Insns {
		if v.Insn < l.Head || v.Insn > l.Back {
			continue
		}
		for _, word := range [...]string{"for", "while", "bpf_for", "bpf_repeat", "do"} {
			rest, ok := strings.CutPrefix(v.Source.Text, word)
			if ok && strings.HasPrefix(strings.TrimSpace(rest), "(") {
				return v.Insn
			}
		}
	}
	return l.Head
}

func shown(all bool) string {
	if all {
		return "are"
	}
	return "shown are"
}

// minPasses is from when on a loop of the object counts as what took the steps.
const minPasses = 8

// sourceLoop is the loop of the source that most steps were made of: the
// compiler may have unrolled it, so that the object has none.
func (c *Case) sourceLoop(p *verifierlog.Profile) (most sourceLoop, visits int, ok bool) {
	type place struct {
		name  string
		start int
	}
	sum := map[place]int{}
	for _, v := range p.Insns {
		at, file, known := c.source(v.Insn)
		if !known {
			continue
		}
		pl, _ := c.place(v.Insn)
		for s := at.Stmt; s != nil; s = s.Parent {
			if s.Kind != sourcetext.LoopStmt || s.Head.End <= s.Head.Start {
				continue
			}
			k := place{pl.File, s.Start}
			sum[k] += v.Visits
			if n := sum[k]; n > visits || n == visits && s.Start > most.stmt.Start {
				most, visits, ok = sourceLoop{v.Insn, pl.File, file, s}, n, true
			}
		}
	}
	return most, visits, ok
}

// spent says how much of the verifier's work the log shows. That of level 1
// has one path; what went into others was taken back.
func (c *Case) spent(p *verifierlog.Profile, all bool) string {
	st := &c.Summary.Stats
	switch {
	case all:
		return fmt.Sprintf("the log shows %d steps on all paths; %d paths ended in a state that was known", p.Visits, p.Pruned)
	case c.Path.Truncated || c.Cut != "":
		return fmt.Sprintf("the log shows the last %d steps of the last path", p.Visits)
	case !st.Known:
		return fmt.Sprintf("the last path has %d steps", p.Visits)
	case 10*p.Visits > 9*st.Insns:
		return fmt.Sprintf("nearly all were spent on one path, which has %d steps", p.Visits)
	}
	s := fmt.Sprintf("the last path has %d steps, %s of all, and the rest went into other branches", p.Visits, share(p.Visits, st.Insns))
	if st.TotalStates > 0 {
		s += fmt.Sprintf(", with %d different states", st.TotalStates)
	}
	return s
}

// hotLines labels the lines that took most steps, below a loop's if one is given.
func (c *Case) hotLines(d *diag.Diagnostic, p *verifierlog.Profile, l *verifierlog.LoopVisits, n int) {
	type line struct {
		file                string
		line, visits, insns int
		insn, most          int
	}
	var lines []line
	for _, v := range p.Insns {
		if l != nil && (v.Insn < l.Head || v.Insn > l.Back) {
			continue
		}
		file, at := v.Source.File, v.Source.Line
		if pl, ok := c.place(v.Insn); ok {
			file, at = pl.File, pl.Line
		}
		if at == 0 {
			continue
		}
		i := slices.IndexFunc(lines, func(o line) bool { return o.file == file && o.line == at })
		if i < 0 {
			i = len(lines)
			lines = append(lines, line{file: file, line: at})
		}
		o := &lines[i]
		o.visits += v.Visits
		o.insns++
		if v.Visits > o.most {
			o.most, o.insn = v.Visits, v.Insn
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return b.visits - a.visits })
	for i := range lines {
		o := &lines[i]
		if n == 0 || 20*o.visits < p.Visits {
			break
		}
		label, ok := c.label(o.insn, fmt.Sprintf("%d steps, %s", o.visits, share(o.visits, p.Visits)))
		if !ok || slices.ContainsFunc(d.Labels, func(x diag.Label) bool { return x.Line == label.Line && x.File == label.File }) {
			continue
		}
		label.Column, label.EndLine, label.EndColumn = 0, 0, 0 // of the line, not of one expression
		label.InlinedFrom = nil
		d.Labels = append([]diag.Label{label}, d.Labels...)
		n--
	}
}

// maxPasses is how many passes of a loop are compared; each costs a walk over
// a part of the log.
const maxPasses = 12

// apart says what differs from pass to pass, which keeps the verifier from
// seeing that it has been here before.
func (c *Case) apart(l verifierlog.LoopVisits) string {
	visits := c.Path.Visits(l.Head)
	var names, exact []string
	for n := 0; n < maxPasses && n < len(visits)-1; n++ {
		step := visits[len(visits)-1-n]
		for _, ch := range c.Path.Changing(step) {
			name := c.name(step, ch.Loc)
			s := quote(name.Expr)
			switch {
			case c.Locate == nil && (ch.Before.Base == verifierlog.Scalar || ch.After.Base == verifierlog.Scalar):
				s = c.register(ch.Loc)
			case name.Expr == "" || name.From:
				continue
			}
			if !slices.Contains(names, s) {
				names = append(names, s)
			}
			if (ch.Before.Precise || ch.After.Precise) && !slices.Contains(exact, s) {
				exact = append(exact, s)
			}
		}
	}
	if len(exact) > 0 {
		return "no pass shown begins in a state that was seen before: values differ of which the verifier needs the exact number, " + list(exact)
	}
	if len(names) > 0 {
		return "no pass shown begins in a state that was seen before; what differs: " + list(names)
	}
	return ""
}

// list joins names for a sentence, a few of them.
func list(names []string) string {
	if len(names) > 5 {
		names = append(names[:4:4], "and others")
	}
	return strings.Join(names, ", ")
}

// tooManyBranches: more conditional jumps are open than the verifier keeps
// (push_stack, BPF_COMPLEXITY_LIMIT_JMP_SEQ).
func tooManyBranches(c *Case, d *diag.Diagnostic) {
	n := 8192
	if f := c.numbers(); len(f) > 0 {
		n = f[0] - 1
	}
	d.Message = "more branches are open at once in " + quote(c.Program.Name) + fmt.Sprintf(" than the verifier keeps (%d)", n)
	primary(d, "one more branch")
	d.Notes = append(d.Notes, "each condition on the path whose other side is still to be looked at is open, and a loop opens its own at every pass")
	if c.last < 0 {
		smaller(d)
		return
	}
	p, _ := verifierlog.ReadProfile(strings.NewReader(c.Log))
	jumps := map[int]int{}
	total, most := 0, -1
	for _, i := range c.Path.Branches(0, c.Path.Len()) {
		insn := c.Path.Insn(i)
		jumps[insn]++
		total++
		if most < 0 || jumps[insn] > jumps[most] {
			most = insn
		}
	}
	hot, looped := p.Hot()
	loop, known := sourceLoop{}, false
	if looped && hot.Passes >= minPasses {
		if loop, known = c.loopOf(hot.Head, hot.Back); known {
			c.markLoop(d, &loop)
			primary(d, fmt.Sprintf("this loop was gone through %d times on the path shown", hot.Passes))
		}
	}
	if most >= 0 && 10*jumps[most] > total {
		if l, ok := c.label(most, fmt.Sprintf("%d of the %d conditions on the path shown", jumps[most], total)); ok && !(known && c.inHead(&loop, most)) {
			d.Labels = append([]diag.Label{l}, d.Labels...)
		}
	} else if total > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("the path shown has %d conditions, and none makes up a tenth of them: unrolled loops, or very much code", total))
		if loop, visits, ok := c.sourceLoop(p); ok && 4*visits > p.Visits {
			c.markLoop(d, &loop)
			primary(d, share(visits, p.Visits)+" of the steps shown are of this loop")
		}
	}
	if known {
		if h, ok := c.asIterator(&loop); ok {
			d.Helps = append(d.Helps, h)
		} else {
			d.Helps = append(d.Helps, c.iterate())
		}
	}
	smaller(d)
}

// inHead says whether an instruction is of a loop's head.
func (c *Case) inHead(l *sourceLoop, insn int) bool {
	at, _, ok := c.source(insn)
	p, _ := c.place(insn)
	return ok && p.File == l.name && at.Span.Start >= l.stmt.Head.Start && at.Span.End <= l.stmt.Head.End
}

func (c *Case) iterate() diag.Help {
	return diag.Help{Text: "loop with " + c.loopForms() + ", of which the verifier need not see every pass"}
}

// smaller adds the advice that holds for any program that is too much, unless
// there is an edit.
func smaller(d *diag.Diagnostic) {
	for _, h := range d.Helps {
		if len(h.Edits) > 0 {
			return
		}
	}
	suggest(d, "move code into a function that is not `static` (`__noinline`), which is verified once and not at each call on each path; or have fewer paths: decide first and compute later, lower the bounds of loops, go on in another program with `bpf_tail_call`")
}

// share is a part of a whole in percent: "97 %".
func share(part, whole int) string {
	switch {
	case whole <= 0 || part <= 0:
		return "0 %"
	case 100*part < whole:
		return "less than 1 %"
	}
	return fmt.Sprintf("%d %%", 100*part/whole)
}
