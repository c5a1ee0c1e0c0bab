package debuginfo

import (
	"sort"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Live is a variable in scope and where it is; no Locations means that the
// compiler has optimised it away at this instruction.
type Live struct {
	*Variable
	Locations []Location
}

// Variables lists what is in scope when instruction i begins, inner scopes first.
func (in *Info) Variables(fn *object.Function, i int) []Live {
	var out []Live
	for _, v := range in.function(fn).inScope(i) {
		out = append(out, Live{v, v.at(i)})
	}
	return out
}

// StackUse is the share of a variable in a function's stack frame.
type StackUse struct {
	*Variable
	Offset, Size int64 // relative to r10, in bytes
	Likely       bool
}

// StackUse lists the variables on a function's stack, the largest first, and
// the depth of the frame that its code uses, in bytes. Variables of different
// blocks may share their place.
func (in *Info) StackUse(fn *object.Function) (vars []StackUse, depth int64) {
	f := in.function(fn)
	depth, _, _ = deepestSlot(fn)
	depth = max((depth+7)&^7, f.frame)
	for _, v := range f.vars {
		for _, s := range v.locs {
			for _, l := range s.locs {
				if l.Kind != OnStack {
					continue
				}
				u := StackUse{v, l.Offset, v.partSize(l), f.doubt}
				seen := false
				for _, o := range vars {
					seen = seen || o == u
				}
				if !seen {
					vars = append(vars, u)
				}
			}
		}
	}
	sort.SliceStable(vars, func(a, b int) bool { return vars[a].Size > vars[b].Size })
	return vars, depth
}
