package verifierlog

import (
	"fmt"
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

// printValue gives a value with its place, as states have it.
func printValue(v *Value) string { return printPlace(v) + "=" + v.String() }

// printPlace gives the register or slot of a value, with its marks of liveness.
func printPlace(v *Value) string {
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
	return b.String()
}
