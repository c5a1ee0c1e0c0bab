package verifierlog

import "math"

// opposite is what holds where a condition does not.
var opposite = map[string]string{
	"==": "!=", "!=": "==", ">": "<=", "<=": ">", "<": ">=", ">=": "<",
	"s>": "s<=", "s<=": "s>", "s<": "s>=", "s>=": "s<",
}

// compared narrows v by what the jump in, comparing 64 bits of it with a
// number, found out (reg_set_min_max). It does the plain cases; v stays as it
// is in others.
func (v *Value) compared(in *Insn, taken bool) {
	op := in.Operator
	if !taken {
		op = opposite[op]
	}
	if v.Base != Scalar || v.Const || !in.Wide || v.Bytes != "" || in.Target == in.Index+1 {
		return // both ways lead to the same place
	}
	b := v.Bounds
	u, s := uint64(in.Imm), in.Imm
	switch op {
	case "==":
		v.Const, v.Number, v.Bounds = true, in.Imm, exactly(in.Imm)
		return
	case ">":
		if u == math.MaxUint64 {
			return
		}
		b.Umin = max(b.Umin, u+1)
	case ">=":
		b.Umin = max(b.Umin, u)
	case "<":
		if u == 0 {
			return
		}
		b.Umax = min(b.Umax, u-1)
	case "<=":
		b.Umax = min(b.Umax, u)
	case "s>":
		if s == math.MaxInt64 {
			return
		}
		b.Smin = max(b.Smin, s+1)
	case "s>=":
		b.Smin = max(b.Smin, s)
	case "s<":
		if s == math.MinInt64 {
			return
		}
		b.Smax = min(b.Smax, s-1)
	case "s<=":
		b.Smax = min(b.Smax, s)
	default:
		return
	}
	if b.Umin > b.Umax || b.Smin > b.Smax {
		return
	}
	b.deduce64()
	b.deduce32()
	v.Bounds = b
}
