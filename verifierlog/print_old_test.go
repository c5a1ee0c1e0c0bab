package verifierlog

import (
	"fmt"
	"strconv"
	"strings"
)

// printOldValue writes a value as Linux 6.1 does (print_verifier_state in its
// kernel/bpf/verifier.c), or, with inv, as Linux 5.3 to 5.17.
func printOldValue(v *Value, inv bool) string {
	scalar, suffix := "", ""
	if inv {
		scalar, suffix = "inv", "_value"
	}
	var b strings.Builder
	b.WriteString(printPlace(v) + "=" + v.Bytes)
	if v.Base == Scalar {
		b.WriteString(scalar)
	}
	if v.Precise {
		b.WriteByte('P')
	}
	typ := v.Type
	if inv && v.Base == Scalar {
		typ = "" // written
	}
	switch {
	case v.Base == StackBytes:
		return b.String()
	case v.Base == Scalar && v.Const:
		return b.String() + strconv.FormatInt(v.Number, 10)
	case v.Base == FramePtr && v.Const && v.Reg >= 0:
		return b.String() + "fp" + strconv.FormatInt(v.Offset, 10)
	case v.Reg < 0:
		return b.String() + typ
	}
	var a []string
	add := func(format string, args ...any) { a = append(a, fmt.Sprintf(format, args...)) }
	if v.ID != 0 || inv {
		add("id=%d", v.ID)
	}
	if v.RefID != 0 {
		add("ref_obj_id=%d", v.RefID)
	}
	if v.Base != Scalar {
		add("off=%d", v.Offset)
	}
	switch v.Base {
	case Packet, PacketMeta:
		add("r=%d", v.Range)
	case MapPtr, MapValue, MapKey:
		add("ks=%d,vs=%d", v.KeySize, v.ValSize)
	}
	if v.Const {
		add("imm=%x", uint64(v.Number))
	}
	for i, n := range [...]int64{v.Bounds.Smin, v.Bounds.Smax} {
		if v.Bounds.Printed>>i&1 != 0 {
			add("%s%s=%d", [...]string{"smin", "smax"}[i], suffix, n)
		}
	}
	for i, n := range [...]uint64{v.Bounds.Umin, v.Bounds.Umax} {
		if v.Bounds.Printed>>(i+2)&1 != 0 {
			add("%s%s=%d", [...]string{"umin", "umax"}[i], suffix, n)
		}
	}
	if v.Bounds.Printed&PrintedVarOff != 0 {
		add("var_off=(%s; %s)", hex(v.Bounds.Value), hex(v.Bounds.Mask))
	}
	for i, n := range [...]int64{int64(v.Bounds.Smin32), int64(v.Bounds.Smax32), int64(int32(v.Bounds.Umin32)), int64(int32(v.Bounds.Umax32))} {
		if v.Bounds.Printed>>(i+4)&1 != 0 {
			add("%s%s=%d", [...]string{"s32_min", "s32_max", "u32_min", "u32_max"}[i], suffix, n)
		}
	}
	return b.String() + typ + "(" + strings.Join(a, ",") + ")"
}
