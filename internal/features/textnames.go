package features

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// names says where functions and maps may be used.
func (p *printer) names() {
	for i, name := range p.report.Names {
		if i > 0 {
			p.line("")
		}
		p.name(name)
	}
}

func (p *printer) name(name string) {
	f, ok := p.report.function(name)
	switch {
	case ok && f.Kind == Helper:
		p.line("%s: helper %d", name, f.ID)
	case ok:
		p.line("%s: kfunc", name)
	case slices.Contains(valueTypes, name):
		p.line("%s: in map values", name)
	default:
		p.line("%s: map type", name)
	}
	if f.Declaration != "" {
		p.line("  %s", f.Declaration)
	}
	if len(f.Flags) > 0 {
		p.line("  flags: %s", strings.Join(f.Flags, ", "))
	}
	for i, k := range p.report.answers {
		release := p.report.Kernels[i].Release
		if missing := k.lacks(name); missing != "" {
			p.line("  Linux %s: %s", release, missing)
			continue
		}
		yes, no := k.allowed(name)
		switch {
		case p.report.some:
			if len(yes) > 0 {
				p.list(fmt.Sprintf("  Linux %s: allowed in", release), yes)
			}
			if len(no) > 0 {
				p.list(fmt.Sprintf("  Linux %s: not allowed in", release), no)
			}
		case len(yes) == 0:
			p.line("  Linux %s: no program may use it", release)
		case len(no) == 0:
			p.line("  Linux %s: every program may use it", release)
		case len(no) < len(yes):
			p.list(fmt.Sprintf("  Linux %s: every program may use it except", release), no)
		default:
			p.list(fmt.Sprintf("  Linux %s:", release), yes)
		}
	}
}

// function finds what kernels say of a function, the newest first.
func (r *Report) function(name string) (Function, bool) {
	for i := len(r.answers) - 1; i >= 0; i-- {
		for _, f := range append(slices.Clone(r.answers[i].Helpers), r.answers[i].Kfuncs...) {
			if f.Name == name {
				return f, true
			}
		}
	}
	return Function{}, false
}

// lacks says that a kernel has no such function or map.
func (k *Kernel) lacks(name string) string {
	for _, f := range append(slices.Clone(k.Helpers), k.Kfuncs...) {
		if f.Name == name {
			return ""
		}
	}
	for _, m := range k.Maps {
		if m.Name == name {
			return m.Error
		}
	}
	return "has none"
}

// overview lists the programs, the maps that cannot be made and the limits.
func (p *printer) overview() {
	groups := p.report.Groups()
	p.line("%s", p.kernels())
	p.line("")
	t := tabwriter.NewWriter(&p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TYPE\tRETURNS\tCONTEXT\tSECTIONS")
	var never []string
	for _, g := range groups {
		since := p.where(func(i int) bool { return g.In[i].Error == "" })
		if since == "only in " {
			never = append(never, g.Sections...)
			continue
		}
		newest := g.newest()
		context := ""
		if newest.Context != nil {
			context = newest.Context.Name
		}
		sections := strings.Join(g.Sections, " ")
		if since != "" {
			sections += " (" + since + ")"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", newest.Type, p.returns(g), context, sections)
	}
	t.Flush()
	if never != nil {
		p.list("no such programs:", never)
	}
	p.line("")
	p.maps()
	p.limits()
	p.line("\n`bpfdiag features xdp` says what XDP programs may use, `bpfdiag features bpf_loop` who may call that")
}

// maps lists what maps there are.
func (p *printer) maps() {
	var byKernel [][]string
	for _, k := range p.report.answers {
		var names []string
		for _, m := range k.Maps {
			if m.Error == "" {
				names = append(names, m.Name)
			}
		}
		byKernel = append(byKernel, names)
	}
	p.byKernel("maps", byKernel)
}

// limits lists what was measured.
func (p *printer) limits() {
	p.line("limits:")
	for i, l := range p.report.answers[0].Limits {
		p.line("  %s: %s", l.Name, p.perKernel(func(kernel int) string {
			l := p.report.answers[kernel].Limits[i]
			return fmt.Sprintf("%d %s", l.Value, l.Unit)
		}))
	}
}
