package verifierlog

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// String gives the value as Linux 6.12 prints it (print_reg_state, and the slots
// of print_verifier_state), without the place and its marks of liveness:
// "map_value_or_null(id=1,map=counts,ks=4,vs=8)", "mmmm????".
func (v *Value) String() string {
	var b strings.Builder
	b.WriteString(v.Bytes)
	if v.Base == StackBytes {
		return b.String()
	}
	if v.Precise {
		b.WriteByte('P')
	}
	switch {
	case v.Base == NotInit:
		return b.String() + "?"
	case v.Base == Scalar && v.Const:
		return b.String() + snum(v.Number)
	case v.Base == FramePtr:
		b.WriteString("fp")
		if v.FrameNo >= 0 {
			fmt.Fprintf(&b, "[%d]", v.FrameNo)
		}
		if v.Const {
			return b.String() + snum(v.Offset)
		}
	default:
		b.WriteString(v.Type)
	}
	if v.Base == Arena {
		return b.String()
	}
	return b.String() + "(" + strings.Join(printAttributes(v), ",") + ")"
}

func printAttributes(v *Value) []string {
	var a []string
	add := func(format string, args ...any) { a = append(a, fmt.Sprintf(format, args...)) }
	slot := v.Base == Iter || v.Base == Dynptr
	if v.ID != 0 {
		add("id=%d", v.ID)
		if v.AddConst != 0 {
			a[len(a)-1] += fmt.Sprintf("%+d", v.AddConst)
		}
	}
	if v.RefID != 0 {
		add("%s=%d", map[bool]string{false: "ref_obj_id", true: "ref_id"}[slot], v.RefID)
	}
	if v.ParentID != 0 {
		add("parent_id=%d", v.ParentID)
	}
	if v.Flags&NonOwning != 0 {
		add("non_own_ref")
	}
	switch v.Base {
	case MapPtr, MapValue, MapKey:
		if v.Map != "" {
			add("map=%s", v.Map)
		}
		add("ks=%d,vs=%d", v.KeySize, v.ValSize)
	}
	if v.Offset != 0 {
		add("off=%s", snum(v.Offset))
	}
	switch v.Base {
	case Packet, PacketMeta:
		add("r=%s", unum(uint64(v.Range)))
	case Mem:
		add("sz=%s", unum(uint64(v.MemSize)))
	case DynptrPtr:
		add("type=%s", v.TypeName)
	case Iter:
		add("state=%s,depth=%d", v.IterState, v.IterDepth)
	}
	if v.Const {
		add("imm=%s", snum(v.Number))
	}
	a = append(a, printBounds(&v.Bounds)...)
	if v.Bounds.Printed&PrintedVarOff != 0 {
		add("var_off=(%s; %s)", hex(v.Bounds.Value), hex(v.Bounds.Mask))
	}
	return a
}

// printBounds mirrors print_scalar_ranges.
func printBounds(b *Bounds) (out []string) {
	narrow := func(v int32) uint64 {
		if v >= math.MinInt16 && v <= math.MaxInt16 {
			return uint64(int64(v))
		}
		return uint64(uint32(v))
	}
	names := [...]string{"smin", "smax", "umin", "umax", "smin32", "smax32", "umin32", "umax32"}
	values := [...]uint64{
		uint64(b.Smin), uint64(b.Smax), b.Umin, b.Umax,
		narrow(b.Smin32), narrow(b.Smax32), uint64(b.Umin32), uint64(b.Umax32),
	}
	left := b.Printed
	for i := range names {
		if left>>i&1 == 0 {
			continue
		}
		s := names[i] + "="
		for j := i + 2; j < len(names); j += 2 {
			negative := names[i][0] == 's' && int64(values[i]) < 0
			if left>>j&1 == 1 && values[j] == values[i] && negative == (names[j][0] == 's' && int64(values[j]) < 0) {
				left &^= 1 << j
				s += names[j] + "="
			}
		}
		if names[i][0] == 's' {
			s += snum(int64(values[i]))
		} else {
			s += unum(values[i])
		}
		out = append(out, s)
	}
	return out
}

func snum(v int64) string {
	if v >= math.MinInt16 && v <= math.MaxInt16 {
		return strconv.FormatInt(v, 10)
	}
	return hex(uint64(v))
}

func unum(v uint64) string {
	if v <= math.MaxUint16 {
		return strconv.FormatUint(v, 10)
	}
	return hex(v)
}

func hex(v uint64) string { return "0x" + strconv.FormatUint(v, 16) }
