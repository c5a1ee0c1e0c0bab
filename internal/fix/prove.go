package fix

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// MaxHelps is how many of a diagnostic's helps Prove tries.
const MaxHelps = 6

// ProveBuilt is Prove for an object that a command has just made from the files as
// they are, with texts in place of some of them. It is called before anybody removes or
// changes them. When ctx ends, the helps that were tried until then are as Prove leaves
// them, the others as they were, and the error is the context's cause.
func ProveBuilt(ctx context.Context, verify Verify, c compile.Command, texts map[string]string, built *object.Object, o *diag.Object) error {
	if !hasEdits(o) {
		return nil
	}
	p := &Prover{Command: c, Object: built.Path, Verify: verify}
	v := Judged(built, *o)
	v.Texts = texts
	return p.Prove(ctx, v, o)
}

// ProveObject is Prove for an object that was checked, and is a file. How it was made is
// found out first: by the command line if one is given (as Find has it), by a command
// that somebody wrote or that the object has recorded, or, if guess says so, by the usual
// one. Its source is compiled as it is: what is said of the result has to be what is said
// of the object. The error says why nothing was tried (and is as ProveBuilt's when ctx
// ends); it is nil where there is nothing to try.
func ProveObject(ctx context.Context, verify Verify, f *compile.Finder, commandLine string, guess bool, o *diag.Object) error {
	if !hasEdits(o) {
		return nil
	}
	g, err := Find(f, o.Path, commandLine)
	if err != nil {
		return err
	}
	if g.Command.From == compile.DefaultCommand && !guess {
		return fmt.Errorf("nothing says how it was compiled; %s", wayOut(g.Command))
	}
	p := &Prover{Command: g.Command, Object: g.Object, Verify: verify}
	base, err := p.Base(ctx, nil)
	if err != nil {
		return err
	}
	if err := Compare(o, &base.Object); err != nil {
		return fmt.Errorf("%w; %s", err, wayOut(g.Command))
	}
	return p.Prove(ctx, base, o)
}

func hasEdits(o *diag.Object) bool {
	for _, p := range o.Programs {
		for _, d := range p.Diagnostics {
			if slices.ContainsFunc(d.Helps, func(h diag.Help) bool { return len(h.Edits) > 0 }) {
				return true
			}
		}
	}
	return false
}

// wayOut is what to do about a command that makes something else.
func wayOut(c compile.Command) string {
	if c.From == compile.DefaultCommand {
		return "give the command with --compile, or compile with -grecord-command-line"
	}
	return "the object may be older than its source"
}

// Prove tries the helps of an object that was made from the texts of v, and
// verified: those of o, which may be v.Object itself. Each help whose edits
// are accepted is marked verified; edits that are refused are no longer offered; and
// the helps are ranked by what the verifier said: see ProveOne.
func (p *Prover) Prove(ctx context.Context, v *Version, o *diag.Object) error {
	for i := range o.Programs {
		for j := range o.Programs[i].Diagnostics {
			if _, err := p.ProveOne(ctx, v, o.Programs[i].Name, &o.Programs[i].Diagnostics[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// ProveOne is Prove for one diagnostic of a program. The helps are then: those that
// are accepted, those that get further, those that were not tried, sentences. Of equal
// ones, safe goes before likely, and that before what is to be adapted. A help whose
// edits are refused is a sentence; it is dropped where the edits of another are accepted.
// Refused tells why.
func (p *Prover) ProveOne(ctx context.Context, v *Version, program string, d *diag.Diagnostic) (refused []Refusal, err error) {
	trials, err := p.tryAll(ctx, v, program, d, MaxHelps, func(*diag.Help) bool { return true })
	refused = refusals(d, trials)
	type judged struct {
		diag.Help
		rank    int
		refused bool
	}
	helps := make([]judged, len(d.Helps))
	for i, h := range d.Helps {
		helps[i].Help = h
		if len(h.Edits) > 0 {
			helps[i].rank = 1
		}
	}
	accepted := false
	for _, t := range trials {
		if t.Version == nil {
			continue // not to be made here, in a file of others; or the time was up
		}
		h := &helps[t.Help]
		switch t.Outcome {
		case Accepted:
			h.Verified, h.rank, accepted = true, 3, true
		case Further:
			h.rank = 2
		case Refused:
			h.Edits, h.Applicability, h.rank, h.refused = nil, diag.Placeholder, 0, true
		}
	}
	slices.SortStableFunc(helps, func(a, b judged) int {
		if a.rank != b.rank || a.rank == 0 {
			return b.rank - a.rank
		}
		return cmp.Compare(trust[b.Applicability], trust[a.Applicability])
	})
	d.Helps = nil
	for _, h := range helps {
		if !h.refused || !accepted {
			d.Helps = append(d.Helps, h.Help)
		}
	}
	return refused, err
}

// trust orders helps that the verifier says the same of.
var trust = map[diag.Applicability]int{diag.Safe: 2, diag.Likely: 1}
