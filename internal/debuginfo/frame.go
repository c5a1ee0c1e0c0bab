package debuginfo

import (
	"slices"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// stackLimit is MAX_BPF_STACK, in bytes.
const stackLimit = 512

// repairFrame makes offsets of stack variables relative to r10.
//
// clang up to 22 adds the frame's size to the offsets of DW_OP_fbreg and
// DW_OP_breg10 (fixed by llvm-project #204722): the lowest byte of the frame
// has offset 0. True offsets are negative, biased ones are not. The frame's
// size is nowhere in the object; it is the depth of the deepest slot that the
// code uses, rounded up to 8 as BPFFrameLowering does.
func (f *function) repairFrame() {
	biased := false
	top := int64(0) // where the variable ends that ends last
	for _, v := range f.vars {
		for _, s := range v.locs {
			for _, l := range s.locs {
				if !l.biased || l.Offset < 0 {
					continue
				}
				biased = true
				if l.Kind == OnStack {
					top = max(top, l.Offset+v.partSize(l))
				}
			}
		}
	}
	if !biased {
		return
	}
	deepest, _, _ := deepestSlot(f.fn)
	f.frame = (deepest + 7) &^ 7
	if top > f.frame {
		// The deepest variable is not wholly used: its place is a guess.
		f.frame, f.doubt = (top+7)&^7, true
	}
	for _, v := range f.vars {
		for _, s := range v.locs {
			for i := range s.locs {
				if l := &s.locs[i]; l.biased && (l.Kind == OnStack || l.stack) {
					l.Offset -= f.frame
				}
			}
		}
	}
}

// deepestSlot returns how far below r10 a function's code reaches, in bytes:
// by accesses relative to r10, and by addresses that it makes of r10. taken
// lists those addresses, relative to r10; whole says that some address was
// made in a way that this does not see.
func deepestSlot(fn *object.Function) (deepest int64, taken []int32, whole bool) {
	var copies uint16 // registers that hold r10 and wait for an offset
	for i := 0; i < len(fn.Insns); i++ {
		in := fn.Insns[i]
		dst, src := in.Regs&0xf, in.Src()
		class := in.Code & 7
		add := in.Code == codeAddImm64 && copies&(1<<dst) != 0
		switch {
		case class == classLDX && src == framePointer, (class == classST || class == classSTX) && dst == framePointer:
			deepest = max(deepest, -int64(in.Off))
		case add:
			deepest = max(deepest, -int64(in.Imm))
			taken = append(taken, in.Imm)
			copies &^= 1 << dst
		}
		reads := class == classSTX || class == classLDX || in.Code&8 != 0 && (class == classALU64 || class == classALU)
		if reads && copies&(1<<src) != 0 || class == classSTX && src == framePointer || class == classJMP && copies != 0 {
			whole = true
		}
		if class == classLD || class == classLDX || (class == classALU || class == classALU64) && !add {
			copies &^= 1 << dst
		}
		if in.Code == codeMov64 && src == framePointer {
			copies |= 1 << dst
		}
		if in.Code == object.CodeLdImm {
			i++
		}
	}
	return deepest, taken, whole
}

// takenExtents lists the parts of the stack that may change behind the code's
// back: variables whose address is made, and where no variable is known,
// everything from the address up.
func (f *function) takenExtents() []extent {
	_, taken, whole := deepestSlot(f.fn)
	if whole {
		return []extent{{-stackLimit, 0}}
	}
	slices.Sort(taken)
	var out []extent
	for _, at := range slices.Compact(taken) {
		e := extent{at, 0}
		for _, v := range f.vars {
			for _, s := range v.locs {
				for _, l := range s.locs {
					if l.Kind != OnStack || f.doubt || l.Offset > int64(at) {
						continue
					}
					if end := l.Offset + v.partSize(l); int64(at) < end && (e.to == 0 || end > int64(e.to)) {
						e = extent{min(e.from, int32(l.Offset)), int32(end)}
					}
				}
			}
		}
		if n := len(out); n > 0 && e.from <= out[n-1].to {
			out[n-1] = extent{min(out[n-1].from, e.from), max(out[n-1].to, e.to)}
			continue
		}
		out = append(out, e)
	}
	return out
}

// partSize is how many bytes of a variable are at a location.
func (v *Variable) partSize(l Location) int64 {
	if l.PartSize > 0 {
		return l.PartSize
	}
	return v.Type.ByteSize()
}

// Instruction classes and codes (include/uapi/linux/bpf.h).
const (
	classLD    = 0
	classLDX   = 1
	classST    = 2
	classSTX   = 3
	classALU   = 4
	classJMP   = 5
	classJMP32 = 6
	classALU64 = 7

	codeMov64    = 0xbf // BPF_ALU64 | BPF_MOV | BPF_X
	codeAddImm64 = 0x07 // BPF_ALU64 | BPF_ADD | BPF_K
)
