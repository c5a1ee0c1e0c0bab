package fix

import (
	"context"
	"fmt"
	"slices"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
)

// MaxHelps is how many of a diagnostic's helps Prove tries.
const MaxHelps = 6

// ProveObject is Prove for an object that was checked, and is a file. Its source is
// compiled as it is first: what is said of the result has to be what is said of the
// object. The error says why nothing was tried; it is nil where there is nothing to try.
func ProveObject(ctx context.Context, verify Verify, f *compile.Finder, commandLine string, o *diag.Object) error {
	if !hasEdits(o) {
		return nil
	}
	g, err := Find(f, o.Path, commandLine)
	if err != nil {
		return err
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
// are accepted is marked verified; edits that are refused are no longer offered;
// and the helps are ranked: accepted ones first, then those that get further, then
// those that were not tried, then sentences.
func (p *Prover) Prove(ctx context.Context, v *Version, o *diag.Object) error {
	for i := range o.Programs {
		for j := range o.Programs[i].Diagnostics {
			if err := p.ProveOne(ctx, v, o.Programs[i].Name, &o.Programs[i].Diagnostics[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// ProveOne is Prove for one diagnostic of a program.
func (p *Prover) ProveOne(ctx context.Context, v *Version, program string, d *diag.Diagnostic) error {
	trials, err := p.tryAll(ctx, v, program, d, MaxHelps, func(*diag.Help) bool { return true })
	if err != nil {
		return err
	}
	rank := make([]int, len(d.Helps))
	for i := range d.Helps {
		if len(d.Helps[i].Edits) > 0 {
			rank[i] = 1
		}
	}
	helps := slices.Clone(d.Helps)
	for _, t := range trials {
		if t.Version == nil {
			continue // not to be made here: in a file of others
		}
		h := &helps[t.Help]
		switch t.Outcome {
		case Accepted:
			h.Verified = true
			rank[t.Help] = 3
		case Further:
			rank[t.Help] = 2
		case Refused:
			h.Edits, h.Applicability = nil, diag.Placeholder
			rank[t.Help] = 0
		}
	}
	order := make([]int, len(helps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank[b] - rank[a] })
	d.Helps = nil
	for _, i := range order {
		d.Helps = append(d.Helps, helps[i])
	}
	return nil
}
