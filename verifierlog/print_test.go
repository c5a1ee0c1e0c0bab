package verifierlog

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The printers write instructions and values as Linux 6.12 and later do, so
// that what was read can be compared with what was there: nothing is lost.

// printInsn mirrors print_bpf_insn.
func printInsn(i Insn) string {
	reg := func(n int) string {
		if i.Wide {
			return "r" + strconv.Itoa(n)
		}
		return "w" + strconv.Itoa(n)
	}
	addr := fmt.Sprintf("*(u%d *)(r%d %+d)", i.Mem.Size*8, i.Mem.Base, i.Mem.Offset)
	operand := func() string {
		if i.HasImm {
			return strconv.FormatInt(i.Imm, 10)
		}
		return reg(i.Src)
	}
	jump := fmt.Sprintf("pc%+d", i.Target-i.Index-1)
	switch i.Op {
	case OpMov:
		cast := ""
		if i.SignExtend > 0 {
			cast = fmt.Sprintf("(s%d)", i.SignExtend)
		}
		return reg(i.Dst) + " = " + cast + operand()
	case OpALU:
		return reg(i.Dst) + " " + i.Operator + " " + operand()
	case OpNeg:
		return reg(i.Dst) + " = -" + reg(i.Dst)
	case OpByteOrder:
		return fmt.Sprintf("r%d = %s%d r%d", i.Dst, i.Operator, i.Mem.Size*8, i.Dst)
	case OpLoad:
		if i.SignExtend > 0 {
			addr = strings.Replace(addr, "u", "s", 1)
		}
		return fmt.Sprintf("r%d = %s", i.Dst, addr)
	case OpStore:
		if i.HasImm {
			return fmt.Sprintf("%s = %d", addr, i.Imm)
		}
		return fmt.Sprintf("%s = r%d", addr, i.Src)
	case OpAtomic:
		return printAtomic(i, addr)
	case OpLoadImm:
		return fmt.Sprintf("r%d = %#x", i.Dst, uint64(i.Imm))
	case OpLoadAbs:
		return fmt.Sprintf("r0 = *(u%d *)skb[%d]", i.Mem.Size*8, i.Imm)
	case OpLoadInd:
		return fmt.Sprintf("r0 = *(u%d *)skb[r%d + %d]", i.Mem.Size*8, i.Src, i.Imm)
	case OpGoto:
		if i.Opcode == 0x06 {
			return "gotol " + jump
		}
		return "goto " + jump
	case OpGotoX:
		return fmt.Sprintf("gotox r%d", i.Src)
	case OpJump:
		if i.HasImm {
			return fmt.Sprintf("if %s %s %#x goto %s", reg(i.Dst), i.Operator, i.Imm, jump)
		}
		return fmt.Sprintf("if %s %s %s goto %s", reg(i.Dst), i.Operator, reg(i.Src), jump)
	case OpMayGoto:
		return "may_goto " + jump
	case OpCall:
		if i.Call == CallSubprog {
			return "call " + jump
		}
		return fmt.Sprintf("call %s#%d", i.Func, i.FuncID)
	case OpExit:
		return "exit"
	case OpArenaCast:
		return fmt.Sprintf("r%d = addr_space_cast(r%d, %d, %d)", i.Dst, i.Src, i.Imm>>16, uint16(i.Imm))
	case OpPercpu:
		return fmt.Sprintf("r%d = &(void __percpu *)(r%d)", i.Dst, i.Src)
	case OpBarrier:
		return "nospec"
	}
	return ""
}

func printAtomic(i Insn, addr string) string {
	inner := addr[1:]
	wide := ""
	if i.Mem.Size == 8 {
		wide = "64"
	}
	switch i.Operator {
	case "load_acquire":
		return fmt.Sprintf("r%d = load_acquire(%s)", i.Dst, inner)
	case "store_release":
		return fmt.Sprintf("store_release(%s, r%d)", inner, i.Src)
	case "cmpxchg":
		return fmt.Sprintf("r%d = atomic%s_cmpxchg(%s, r0, r%d)", i.Dst, wide, inner, i.Src)
	}
	if i.Fetch {
		return fmt.Sprintf("r%d = atomic%s_%s(%s, r%d)", i.Dst, wide, i.Operator, inner, i.Src)
	}
	return fmt.Sprintf("lock %s %s r%d", addr, i.Operator, i.Src)
}

// printValue mirrors print_reg_state and the slots of print_verifier_state.
func printValue(v *Value) string {
	var b strings.Builder
	if v.Reg >= 0 {
		fmt.Fprintf(&b, "R%d", v.Reg)
	} else {
		fmt.Fprintf(&b, "fp%d", v.Slot)
	}
	if v.Live != 0 {
		b.WriteByte('_')
		for i, l := range "rwD" {
			if v.Live>>i&1 != 0 {
				b.WriteRune(l)
			}
		}
	}
	b.WriteString("=" + v.Bytes)
	if v.Base == StackBytes {
		return b.String()
	}
	if v.Precise {
		b.WriteByte('P')
	}
	switch {
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
