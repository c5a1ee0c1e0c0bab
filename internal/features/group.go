package features

import (
	"reflect"
	"slices"
	"strings"
)

// Group is sections whose programs may do the same, in every kernel that was asked.
type Group struct {
	Sections []string   // as they are shown: "fentry" for a target of our choice
	In       []*Program // what they may do, by kernel
}

// Groups puts sections together, in their order.
func (r *Report) Groups() []Group {
	var groups []Group
	for _, section := range r.sections() {
		var in []*Program
		for _, k := range r.answers {
			in = append(in, k.program(section))
		}
		i := slices.IndexFunc(groups, func(g Group) bool { return slices.EqualFunc(g.In, in, sameProgram) })
		if i < 0 {
			groups, i = append(groups, Group{In: in}), len(groups)
		}
		groups[i].Sections = append(groups[i].Sections, Label(section))
	}
	return groups
}

// sections are all that some kernel was asked about, in the order of the first.
func (r *Report) sections() []string {
	var all []string
	for _, k := range r.answers {
		for _, p := range k.Programs {
			for _, s := range p.Sections {
				if !slices.Contains(all, s) {
					all = append(all, s)
				}
			}
		}
	}
	return all
}

// program is what programs of a section may do.
func (k *Kernel) program(section string) *Program {
	for i := range k.Programs {
		if slices.Contains(k.Programs[i].Sections, section) {
			return &k.Programs[i]
		}
	}
	return nil
}

// sameProgram compares what programs may do. Sections of two types are never the same.
func sameProgram(a, b *Program) bool {
	x, y := *a, *b
	x.Sections, y.Sections = nil, nil
	x.Attach, y.Attach = "", ""
	return reflect.DeepEqual(x, y)
}

// Label is how a section is shown: without a target that was only chosen
// because one was needed.
func Label(section string) string {
	base, target, _ := strings.Cut(section, "/")
	if targets[base] == target && target != "" {
		return base
	}
	return section
}

// Common is what the programs of all groups may use in a kernel.
func Common(groups []Group, kernel int, list func(*Program) []string) []string {
	var common []string
	first := true
	for _, g := range groups {
		p := g.In[kernel]
		switch {
		case p.Error != "":
		case first:
			common, first = slices.Clone(list(p)), false
		default:
			common = slices.DeleteFunc(common, func(n string) bool { return !slices.Contains(list(p), n) })
		}
	}
	return common
}

// without is a list without what another one has.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(n string) bool { return slices.Contains(other, n) })
}

// Lists of what a program may use.
func helpersOf(p *Program) []string { return p.Helpers }
func kfuncsOf(p *Program) []string  { return p.Kfuncs }
func mapsOf(p *Program) []string    { return p.Maps }
func valuesOf(p *Program) []string  { return p.Values }

// allowed says in which programs of a kernel a function or map may be used, by
// program type where all sections of a type may, by section elsewhere.
func (k *Kernel) allowed(name string) (yes, no []string) {
	all, may := map[string]int{}, map[string]int{}
	asked := map[string][]string{}
	var types []string
	uses := func(p *Program) bool {
		for _, list := range [][]string{p.Helpers, p.Kfuncs, p.Maps, p.Values} {
			if slices.Contains(list, name) {
				return true
			}
		}
		return false
	}
	for i := range k.Programs {
		p := &k.Programs[i]
		if p.Error != "" {
			continue
		}
		if all[p.Type] == 0 {
			types = append(types, p.Type)
		}
		all[p.Type]++
		asked[p.Type] = append(asked[p.Type], p.Sections...)
		if uses(p) {
			may[p.Type]++
		}
	}
	for _, t := range types {
		name := t
		if len(asked[t]) == 1 {
			name = Label(asked[t][0])
		}
		switch may[t] {
		case all[t]:
			yes = append(yes, name)
		case 0:
			no = append(no, name)
		default:
			for i := range k.Programs {
				p := &k.Programs[i]
				if p.Type != t || p.Error != "" {
					continue
				}
				list := &no
				if uses(p) {
					list = &yes
				}
				for _, s := range p.Sections {
					*list = append(*list, Label(s))
				}
			}
		}
	}
	return yes, no
}

// listedFlags change how a function has to be called, or by whom.
var listedFlags = []string{"gpl", "acquire", "release", "ret_null", "sleepable", "destructive", "rcu_protected"}

// flags lists by flag the functions that some group may call in a kernel.
func (k *Kernel) flags(groups []Group, kernel int) map[string][]string {
	flags := map[string][]string{}
	for _, f := range append(slices.Clone(k.Helpers), k.Kfuncs...) {
		if !slices.ContainsFunc(groups, func(g Group) bool {
			return slices.Contains(g.In[kernel].Helpers, f.Name) || slices.Contains(g.In[kernel].Kfuncs, f.Name)
		}) {
			continue
		}
		for _, flag := range f.Flags {
			if slices.Contains(listedFlags, flag) {
				flags[flag] = append(flags[flag], f.Name)
			}
		}
	}
	return flags
}
