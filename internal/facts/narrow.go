package facts

import (
	"math"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// opposite is what holds where a condition does not, mirrored what holds with its
// sides exchanged.
var (
	opposite = map[string]string{
		"==": "!=", "!=": "==", ">": "<=", "<=": ">", "<": ">=", ">=": "<",
		"s>": "s<=", "s<=": "s>", "s<": "s>=", "s>=": "s<",
	}
	mirrored = map[string]string{
		"==": "==", "!=": "!=", ">": "<", "<=": ">=", "<": ">", ">=": "<=",
		"s>": "s<", "s<=": "s>=", "s<": "s>", "s>=": "s<=",
	}
)

// narrow is what is left of a where a <op> b holds for some number of b; ok is false if
// nothing is.
func narrow(op string, a, b verifierlog.Bounds, wide bool) (r verifierlog.Bounds, ok bool) {
	r = a
	umin, umax, smin, smax := b.Umin, b.Umax, b.Smin, b.Smax
	if !wide {
		umin, umax, smin, smax = uint64(b.Umin32), uint64(b.Umax32), int64(b.Smin32), int64(b.Smax32)
	}
	low, high := func(n uint64) {
		if wide {
			r.Umin = max(r.Umin, n)
		} else {
			r.Umin32 = max(r.Umin32, uint32(n))
		}
	}, func(n uint64) {
		if wide {
			r.Umax = min(r.Umax, n)
		} else {
			r.Umax32 = min(r.Umax32, uint32(n))
		}
	}
	slow, shigh := func(n int64) {
		if wide {
			r.Smin = max(r.Smin, n)
		} else {
			r.Smin32 = max(r.Smin32, int32(n))
		}
	}, func(n int64) {
		if wide {
			r.Smax = min(r.Smax, n)
		} else {
			r.Smax32 = min(r.Smax32, int32(n))
		}
	}
	most, smost, sleast := uint64(math.MaxUint64), int64(math.MaxInt64), int64(math.MinInt64)
	if !wide {
		most, smost, sleast = math.MaxUint32, math.MaxInt32, math.MinInt32
	}
	switch op {
	case "==":
		low(umin)
		high(umax)
		slow(smin)
		shigh(smax)
	case "!=":
		if umin != umax {
			return a, true
		}
		cut(&r, umin, smin, wide)
	case ">":
		if umin == most {
			return r, false
		}
		low(umin + 1)
	case ">=":
		low(umin)
	case "<":
		if umax == 0 {
			return r, false
		}
		high(umax - 1)
	case "<=":
		high(umax)
	case "s>":
		if smin == smost {
			return r, false
		}
		slow(smin + 1)
	case "s>=":
		slow(smin)
	case "s<":
		if smax == sleast {
			return r, false
		}
		shigh(smax - 1)
	case "s<=":
		shigh(smax)
	default:
		return a, true
	}
	if none(&r) {
		return r, false
	}
	r = tight(r)
	return r, !none(&r)
}

// cut takes one number off the ends of the ranges.
func cut(r *verifierlog.Bounds, u uint64, s int64, wide bool) {
	if !wide {
		switch {
		case r.Umin32 == uint32(u) && r.Umax32 == uint32(u):
			r.Umin32, r.Umax32 = 1, 0
		case r.Umin32 == uint32(u):
			r.Umin32++
		case r.Umax32 == uint32(u):
			r.Umax32--
		}
		return
	}
	switch {
	case r.Umin == u && r.Umax == u:
		r.Umin, r.Umax = 1, 0
	case r.Umin == u:
		r.Umin++
	case r.Umax == u:
		r.Umax--
	}
	if r.Smin == s && r.Smin < math.MaxInt64 {
		r.Smin++
	}
	if r.Smax == s && r.Smax > math.MinInt64 {
		r.Smax--
	}
}
