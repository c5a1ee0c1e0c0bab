package rules

import (
	"fmt"
	"slices"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// primary sets what the marked place of the failure says.
func primary(d *diag.Diagnostic, text string) {
	for i := range d.Labels {
		if d.Labels[i].Primary {
			d.Labels[i].Text = text
		}
	}
}

// suggest adds a help without an edit.
func suggest(d *diag.Diagnostic, text string) {
	d.Helps = append(d.Helps, diag.Help{Text: text, Applicability: diag.Placeholder})
}

// advise is suggest with a format.
func advise(d *diag.Diagnostic, format string, args ...any) {
	suggest(d, fmt.Sprintf(format, args...))
}

// note adds a fact.
func note(d *diag.Diagnostic, format string, args ...any) {
	d.Notes = append(d.Notes, fmt.Sprintf(format, args...))
}

// tell adds a label at a step, in path order before the primary one, and the
// place's value there as evidence. Places that say the same are told once; of
// those at one position the first counts. It says whether there is such a label.
func (c *Case) tell(d *diag.Diagnostic, step int, l verifierlog.Loc, text string) bool {
	if step < 0 {
		return false
	}
	if !c.ownPlace(step) {
		c.tellMovedCall(d, step, text)
		return false
	}
	label, ok := c.label(c.Path.Insn(step), text)
	if !ok {
		return false
	}
	for i := range d.Labels {
		o := &d.Labels[i]
		if o.File == label.File && o.Line == label.Line && o.Column == label.Column && (!o.Primary || o.EndColumn == label.EndColumn) {
			return o.Text == label.Text
		}
	}
	at := len(d.Labels)
	for i := range d.Labels {
		if d.Labels[i].Primary {
			at = i
			break
		}
	}
	d.Labels = append(d.Labels[:at], append([]diag.Label{label}, d.Labels[at:]...)...)
	c.evidence(step, l)
	return true
}

// tellMovedCall tells of a call that has no place of its own: compilers make
// one call of equal ones at the begin of two branches, or at their ends.
func (c *Case) tellMovedCall(d *diag.Diagnostic, step int, text string) {
	fn := c.called(c.Path.Step(step))
	if c.Path.Step(step).Op != verifierlog.OpCall || fn == "" || text == "" {
		return
	}
	n := "at a call of " + quote(sourceName(fn)) + " that the compiler joined with others or moved: " + text
	if !slices.Contains(d.Notes, n) {
		d.Notes = append(d.Notes, n)
	}
}

// relabel changes what the label of a step says.
func (c *Case) relabel(d *diag.Diagnostic, step int, text string) {
	for i := range d.Labels {
		if !d.Labels[i].Primary && *d.Labels[i].Insn == c.Path.Insn(step) {
			d.Labels[i].Text = text
		}
	}
}

// mendAt makes the label of a step the primary one: what is to be mended is there,
// not where the verifier stopped.
func (c *Case) mendAt(d *diag.Diagnostic, step int, text string) {
	for i := range d.Labels {
		if l := &d.Labels[i]; !l.Primary && l.Insn != nil && *l.Insn == c.Path.Insn(step) {
			for j := range d.Labels {
				d.Labels[j].Primary = false
			}
			l.Primary, l.Text = true, text
			return
		}
	}
}

// register names a place as the verifier does.
func (c *Case) register(l verifierlog.Loc) string {
	l.Frame = 0
	return l.String()
}

// source of a value: the link at which it was made, behind moves, spills,
// fills and arguments, and the place that it was in then.
func (c *Case) made(step int, l verifierlog.Loc) verifierlog.Link {
	link := verifierlog.Link{Step: -1, Loc: l}
	for _, k := range c.Path.Chain(step, l) {
		link = k
		switch k.Kind {
		case verifierlog.LinkMove, verifierlog.LinkSpill, verifierlog.LinkFill, verifierlog.LinkArgument, verifierlog.LinkReturn:
			continue
		case verifierlog.LinkArith:
			if v, ok := c.Path.After(k.Step, k.Loc); ok && v.Base != verifierlog.Scalar && v.Base != verifierlog.NotInit {
				continue // a pointer that was moved
			}
		}
		break
	}
	return link
}

// origin tells where a value comes from, with more as the end of the sentence:
// "returned by `bpf_map_lookup_elem`" + more.
func (c *Case) origin(d *diag.Diagnostic, step int, l verifierlog.Loc, more string) verifierlog.Link {
	link := c.made(step, l)
	if text := c.made2text(link); text != "" {
		c.tell(d, link.Step, link.Loc, text+more)
	}
	return link
}

// tellOrigin tells where the value of a place comes from.
func (c *Case) tellOrigin(d *diag.Diagnostic, l verifierlog.Loc) verifierlog.Link {
	link := c.made(c.last, l)
	text := c.made2text(link)
	switch {
	case link.Kind == verifierlog.LinkResult:
		text = "returned by " + quote(sourceName(string(c.Path.Step(link.Step).Func)))
		if v, ok := c.Path.After(link.Step, link.Loc); ok && v.Base == verifierlog.MapValue && v.Map != "" {
			text = "returns a pointer to a value of " + quote(v.Map)
		}
	case link.Kind == verifierlog.LinkAddress:
		text = "" // what it is the address of is told where it is used
	case link.Kind == verifierlog.LinkLoad && len(link.From) > 0:
		if v, ok := c.Path.Before(link.Step, link.From[0]); ok && v.Base == verifierlog.Ctx {
			text = "comes from the context"
			if after, known := c.Path.After(link.Step, link.Loc); known && after.Base == verifierlog.BTFPtr {
				text = "an argument of the program"
			}
		}
	}
	if text != "" {
		c.tell(d, link.Step, link.Loc, text)
	}
	return link
}

// made2text says how a value was made.
func (c *Case) made2text(k verifierlog.Link) string {
	s := c.Path.Step(k.Step)
	switch k.Kind {
	case verifierlog.LinkResult:
		return "returned by " + quote(sourceName(string(s.Func)))
	case verifierlog.LinkCallback:
		return "this call runs the callback, and passes it in"
	case verifierlog.LinkConst:
		return fmt.Sprintf("set to %d", s.Imm)
	case verifierlog.LinkAddress:
		if v, ok := c.Path.After(k.Step, k.Loc); ok && v.Base != verifierlog.Scalar {
			return kindOf(v)
		}
		return "a constant"
	case verifierlog.LinkLoad:
		return "loaded here"
	case verifierlog.LinkRead, verifierlog.LinkWritten:
		return "read from the stack"
	case verifierlog.LinkArith:
		return "computed here"
	case verifierlog.LinkMove32:
		return "the upper half is lost here"
	}
	return ""
}

// fault is the place that a message names, "R3", at the step that failed.
func (c *Case) fault(field string) (verifierlog.Loc, bool) {
	if c.last < 0 || len(field) < 2 || field[0] != 'R' {
		return verifierlog.Loc{}, false
	}
	var r int
	if _, err := fmt.Sscanf(field, "R%d", &r); err != nil || r < 0 || r > 10 {
		return verifierlog.Loc{}, false
	}
	return verifierlog.Reg(c.Path.Step(c.last).Frame, r), true
}
