package facts

import (
	"math"
	"math/bits"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// anyNumber is the range of a register of which nothing is known.
var anyNumber = verifierlog.Bounds{
	Smin: math.MinInt64, Smax: math.MaxInt64, Umax: math.MaxUint64,
	Smin32: math.MinInt32, Smax32: math.MaxInt32, Umax32: math.MaxUint32, Mask: math.MaxUint64,
}

func exactly(n int64) verifierlog.Bounds {
	return verifierlog.Bounds{
		Smin: n, Smax: n, Umin: uint64(n), Umax: uint64(n),
		Smin32: int32(n), Smax32: int32(n), Umin32: uint32(n), Umax32: uint32(n), Value: uint64(n),
	}
}

// below is the range of numbers of n bits.
func below(n int) verifierlog.Bounds {
	b := anyNumber
	if n < 64 {
		b.Mask = 1<<n - 1
	}
	return tight(b)
}

func constant(b *verifierlog.Bounds) (uint64, bool) { return b.Value, b.Mask == 0 }

// tight draws from each range what it says about the others (reg_bounds_sync). ok
// ranges stay ok; one that has no number in it is returned as it comes out.
func tight(b verifierlog.Bounds) verifierlog.Bounds {
	for range 2 {
		b.Umin, b.Umax = max(b.Umin, b.Value), min(b.Umax, b.Value|b.Mask)
		if int64(b.Umin) <= int64(b.Umax) { // one sign
			b.Smin, b.Smax = max(b.Smin, int64(b.Umin)), min(b.Smax, int64(b.Umax))
		}
		if b.Smin >= 0 || b.Smax < 0 {
			b.Umin, b.Umax = max(b.Umin, uint64(b.Smin)), min(b.Umax, uint64(b.Smax))
		}
		low, mask := uint32(b.Value), uint32(b.Mask)
		b.Umin32, b.Umax32 = max(b.Umin32, low), min(b.Umax32, low|mask)
		if b.Umax <= math.MaxUint32 {
			b.Umin32, b.Umax32 = max(b.Umin32, uint32(b.Umin)), min(b.Umax32, uint32(b.Umax))
		}
		if b.Smin >= math.MinInt32 && b.Smax <= math.MaxInt32 {
			b.Smin32, b.Smax32 = max(b.Smin32, int32(b.Smin)), min(b.Smax32, int32(b.Smax))
		}
		if int32(b.Umin32) <= int32(b.Umax32) {
			b.Smin32, b.Smax32 = max(b.Smin32, int32(b.Umin32)), min(b.Smax32, int32(b.Umax32))
		}
		if b.Smin32 >= 0 || b.Smax32 < 0 {
			b.Umin32, b.Umax32 = max(b.Umin32, uint32(b.Smin32)), min(b.Umax32, uint32(b.Smax32))
		}
		if b.Mask>>32 == 0 && b.Value>>32 == 0 { // the lower half is all
			b.Umin, b.Umax = max(b.Umin, uint64(b.Umin32)), min(b.Umax, uint64(b.Umax32))
		}
		if b.Umin <= b.Umax { // leading bits that all have in common
			if n := bits.LeadingZeros64(b.Umin ^ b.Umax); n > 0 {
				common := ^uint64(0)
				if n < 64 {
					common <<= 64 - n
				}
				if (b.Value^b.Umin)&common&^b.Mask == 0 {
					b.Value, b.Mask = b.Value&^common|b.Umin&common, b.Mask&^common
				}
			}
		}
	}
	return b
}

// none says that no number is in all of the ranges.
func none(b *verifierlog.Bounds) bool {
	return b.Umin > b.Umax || b.Smin > b.Smax || b.Umin32 > b.Umax32 || b.Smin32 > b.Smax32
}

// low32 is the lower half, zero-extended.
func low32(b verifierlog.Bounds) verifierlog.Bounds {
	b.Umin, b.Umax, b.Smin, b.Smax = uint64(b.Umin32), uint64(b.Umax32), math.MinInt64, math.MaxInt64
	b.Value, b.Mask = b.Value&math.MaxUint32, b.Mask&math.MaxUint32
	return tight(b)
}

// arithmetic is a <op> b of 64 bits, or of 32, for any numbers in the ranges.
func arithmetic(op string, a, b verifierlog.Bounds, wide bool) verifierlog.Bounds {
	if !wide {
		a, b = low32(a), low32(b)
		r := arithmetic64(op, a, b, 32)
		// What was computed of 64 bits is right for the lower 32 of them.
		return low32(lowerHalf(r))
	}
	return arithmetic64(op, a, b, 64)
}

// lowerHalf makes the ranges of 32 bits those that follow from the ones of 64.
func lowerHalf(b verifierlog.Bounds) verifierlog.Bounds {
	b.Umin32, b.Umax32, b.Smin32, b.Smax32 = 0, math.MaxUint32, math.MinInt32, math.MaxInt32
	return tight(b)
}

func arithmetic64(op string, a, b verifierlog.Bounds, width int) verifierlog.Bounds {
	r := anyNumber
	k, fixed := constant(&b)
	switch op {
	case "+=":
		r.Value, r.Mask = addBits(a, b)
		if lo, c := bits.Add64(a.Umin, b.Umin, 0); c == 0 {
			if hi, c := bits.Add64(a.Umax, b.Umax, 0); c == 0 {
				r.Umin, r.Umax = lo, hi
			}
		}
		lo, ok1 := addSigned(a.Smin, b.Smin)
		hi, ok2 := addSigned(a.Smax, b.Smax)
		if ok1 && ok2 {
			r.Smin, r.Smax = lo, hi
		}
	case "-=":
		r.Value, r.Mask = subBits(a, b)
		if a.Umin >= b.Umax {
			r.Umin, r.Umax = a.Umin-b.Umax, a.Umax-b.Umin
		}
		lo, ok1 := subSigned(a.Smin, b.Smax)
		hi, ok2 := subSigned(a.Smax, b.Smin)
		if ok1 && ok2 {
			r.Smin, r.Smax = lo, hi
		}
	case "&=":
		alpha, beta, v := a.Value|a.Mask, b.Value|b.Mask, a.Value&b.Value
		r.Value, r.Mask = v, alpha&beta&^v
		r.Umax = min(a.Umax, b.Umax)
	case "|=":
		v, mu := a.Value|b.Value, a.Mask|b.Mask
		r.Value, r.Mask = v, mu&^v
		r.Umin = max(a.Umin, b.Umin)
	case "^=":
		v, mu := a.Value^b.Value, a.Mask|b.Mask
		r.Value, r.Mask = v&^mu, mu
	case "*=":
		if hi, lo := bits.Mul64(a.Umax, b.Umax); hi == 0 {
			r.Umin, r.Umax = a.Umin*b.Umin, lo
		}
		if fixed {
			if n := bits.TrailingZeros64(k); n < 64 {
				zeros := uint64(1)<<n - 1
				r.Mask &^= zeros
			}
		}
	case "<<=":
		if fixed && k < uint64(width) {
			r.Value, r.Mask = a.Value<<k, a.Mask<<k
			if a.Umax>>(64-k) == 0 || k == 0 {
				r.Umin, r.Umax = a.Umin<<k, a.Umax<<k
			}
		}
	case ">>=":
		if fixed && k < uint64(width) {
			r.Value, r.Mask = a.Value>>k, a.Mask>>k
			r.Umin, r.Umax = a.Umin>>k, a.Umax>>k
		} else if b.Umax < uint64(width) {
			r.Umin, r.Umax = a.Umin>>b.Umax, a.Umax>>b.Umin
		}
	case "s>>=":
		if fixed && k < uint64(width) {
			r.Smin, r.Smax = a.Smin>>k, a.Smax>>k
			if width == 32 {
				r.Smin, r.Smax = int64(a.Smin32>>k), int64(a.Smax32>>k)
			}
		}
	case "/=":
		r.Umax = a.Umax
		if fixed && k > 0 {
			r.Umin, r.Umax = a.Umin/k, a.Umax/k
		}
	case "%=":
		r.Umax = a.Umax
		if fixed && k > 0 {
			r.Umax = min(r.Umax, k-1)
		}
	}
	if r = tight(r); none(&r) {
		return anyNumber
	}
	return r
}

// addBits and subBits are tnum_add and tnum_sub.
func addBits(a, b verifierlog.Bounds) (value, mask uint64) {
	sm, sv := a.Mask+b.Mask, a.Value+b.Value
	mu := (sm + sv) ^ sv | a.Mask | b.Mask
	return sv &^ mu, mu
}

func subBits(a, b verifierlog.Bounds) (value, mask uint64) {
	dv := a.Value - b.Value
	mu := (dv + a.Mask) ^ (dv - b.Mask) | a.Mask | b.Mask
	return dv &^ mu, mu
}

func addSigned(a, b int64) (int64, bool) {
	s := a + b
	return s, (s > a) == (b > 0)
}

func subSigned(a, b int64) (int64, bool) {
	d := a - b
	return d, (d < a) == (b > 0)
}
