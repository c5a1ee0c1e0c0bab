package features

import "maps"

// longest is the length of the longest list of names.
func (d document) longest() int {
	most := 0
	d.lists(func(list []string) []string {
		most = max(most, len(list))
		return list
	}, func(fields []Field) []Field {
		most = max(most, len(fields))
		return fields
	})
	return most
}

// cut is a copy whose lists have at most n names, and that says how many it lacks.
func (d document) cut(n int) document {
	left := 0
	out := d.lists(func(list []string) []string {
		left += max(0, len(list)-n)
		return list[:min(n, len(list)):min(n, len(list))]
	}, func(fields []Field) []Field {
		left += max(0, len(fields)-n)
		return fields[:min(n, len(fields)):min(n, len(fields))]
	})
	out.LeftOut = &leftOut{Names: left}
	return out
}

// lists is a copy with other lists.
func (d document) lists(names func([]string) []string, fields func([]Field) []Field) document {
	uses := func(u uses) uses {
		u.Helpers, u.Kfuncs, u.Maps, u.MapValues = names(u.Helpers), names(u.Kfuncs), names(u.Maps), names(u.MapValues)
		return u
	}
	kernels := d.Kernels
	d.Kernels = nil
	for _, k := range kernels {
		if k.Common != nil {
			common := uses(*k.Common)
			k.Common = &common
		}
		programs := k.Programs
		k.Programs = nil
		for _, p := range programs {
			p.uses = uses(p.uses)
			if p.Context != nil {
				p.Context = &Context{p.Context.Name, fields(p.Context.Fields)}
			}
			k.Programs = append(k.Programs, p)
		}
		functions := k.Functions
		k.Functions = nil
		for _, f := range functions {
			f.Allowed, f.Denied = names(f.Allowed), names(f.Denied)
			k.Functions = append(k.Functions, f)
		}
		k.Flags = maps.Clone(k.Flags)
		for flag, list := range k.Flags {
			k.Flags[flag] = names(list)
		}
		k.Maps = names(k.Maps)
		d.Kernels = append(d.Kernels, k)
	}
	return d
}
