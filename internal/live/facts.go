package live

import (
	"context"
	"slices"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/facts"
	"github.com/bpfdiag/bpfdiag/lsp"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// Facts are what a kernel's verifier knows of some programs' variables.
func (b *Backend) Facts(ctx context.Context, s lsp.Settings, what lsp.Built, kernel string, programs []string) ([]lsp.FactLine, error) {
	o := what.Of.(*built)
	obj, err := o.parse()
	if err != nil {
		return nil, err
	}
	ck, pool, err := b.checker(s, o, kernel, check.Options{})
	if err != nil {
		return nil, err
	}
	chosen := func(program string) bool { return slices.Contains(programs, program) }
	var all []lsp.FactLine
	err = pool.Do(ctx, func(m loader.Machine) error {
		all = nil
		return ck.Facts(ctx, m, obj, chosen, func(name string, p *facts.Program, err error) error {
			if err == nil {
				all = append(all, o.factLines(name, p)...)
			}
			return ctx.Err()
		})
	})
	return all, err
}

func (o *built) factLines(program string, p *facts.Program) []lsp.FactLine {
	var all []lsp.FactLine
	for _, file := range p.Files() {
		path := p.Resolve(file)
		if !o.madeFrom(path) {
			continue
		}
		for _, n := range p.Lines(file) {
			l := lsp.FactLine{File: path, Line: n, Program: program, Limits: p.Limits}
			for _, f := range p.Line(file, n) {
				x := lsp.Fact{Name: f.Name, Type: f.Type.String(), Text: f.Text(), Range: rangeOf(&f)}
				if !f.Memory && !f.Before.Empty() && !f.After.Empty() {
					x.Text, x.After = f.Before.Text(f.Type), f.After.Text(f.Type)
				}
				l.Facts = append(l.Facts, x)
			}
			if len(l.Facts) > 0 {
				all = append(all, l)
			}
		}
	}
	return all
}

// rangeOf is the range of a variable's numbers when the line is over, empty if it
// is one number only, or all of its type. Memory may change between two lines.
func rangeOf(f *facts.Fact) string {
	set := &f.After
	if set.Empty() {
		set = &f.Before
	}
	r, ok := set.Ranges(f.Type)
	if !ok || f.Memory || f.Likely || r.Whole() || r.Exact() {
		return ""
	}
	return r.String()
}
