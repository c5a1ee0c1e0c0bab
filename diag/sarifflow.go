package diag

import (
	"cmp"
	"slices"
)

// step is one location of the failing path: a label, evidence, or both.
type step struct {
	label    *Label
	evidence []*Evidence
}

// steps joins labels and evidence, both of which are in path order, the
// primary label last. A label takes the evidence of its instruction; evidence
// that comes before a label's stays before it.
func (d *Diagnostic) steps() []step {
	var labels []*Label
	primary := d.primary()
	for i := range d.Labels {
		if l := &d.Labels[i]; l != primary && l.File != "" {
			labels = append(labels, l)
		}
	}
	if primary != nil && primary.File != "" {
		labels = append(labels, primary)
	}
	var out []step
	rest := d.Evidence
	take := func(n int) {
		for i := range rest[:n] {
			e := &rest[i]
			if last := len(out) - 1; last >= 0 && out[last].label == nil && out[last].evidence[0].Insn == e.Insn {
				out[last].evidence = append(out[last].evidence, e)
			} else {
				out = append(out, step{evidence: []*Evidence{e}})
			}
		}
		rest = rest[n:]
	}
	for _, l := range labels {
		s := step{label: l}
		if l.Insn != nil {
			if i := slices.IndexFunc(rest, func(e Evidence) bool { return e.Insn == *l.Insn }); i >= 0 {
				take(i)
				for len(rest) > 0 && rest[0].Insn == *l.Insn {
					s.evidence = append(s.evidence, &rest[0])
					rest = rest[1:]
				}
			}
		}
		out = append(out, s)
	}
	take(len(rest))
	return out
}

// sarifFlow is the failing path; none for a single step, which says nothing
// that the result's location does not say.
func (r Report) sarifFlow(d *Diagnostic) []sarifCodeFlow {
	var flow []sarifFlowLocation
	for _, s := range d.steps() {
		at := sarifFlowLocation{Importance: "important"}
		if s.label != nil {
			at.Location = r.sarifPlace(d, s.label)
			if s.label.Primary {
				at.Importance = "essential"
			}
		} else {
			e := s.evidence[0]
			if e.File == "" || e.Line <= 0 {
				continue // a location needs a place
			}
			at.Location = r.sarifPlace(d, &Label{File: e.File, Line: e.Line, Column: e.Column, Text: e.Source})
			at.Importance = "unimportant"
		}
		for _, e := range s.evidence {
			if e.State == "" {
				continue
			}
			if at.State == nil {
				at.State = map[string]sarifMessage{}
			}
			at.State[cmp.Or(e.describe(), "state")] = sarifMessage{Text: visible(e.State)}
		}
		flow = append(flow, at)
	}
	if len(flow) < 2 && (len(flow) == 0 || flow[0].State == nil) {
		return nil
	}
	return []sarifCodeFlow{{ThreadFlows: []sarifThreadFlow{{Locations: flow}}}}
}
