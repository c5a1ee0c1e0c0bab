package verifierlog

import "math"

// set puts n into every bound of the set. Bounds of 32 bits are printed as
// such (0x80000000, or -5).
func (b *Bounds) set(which BoundSet, n uint64) {
	b.Printed |= which
	if which&PrintedSmin != 0 {
		b.Smin = int64(n)
	}
	if which&PrintedSmax != 0 {
		b.Smax = int64(n)
	}
	if which&PrintedUmin != 0 {
		b.Umin = n
	}
	if which&PrintedUmax != 0 {
		b.Umax = n
	}
	if which&PrintedSmin32 != 0 {
		b.Smin32 = int32(n)
	}
	if which&PrintedSmax32 != 0 {
		b.Smax32 = int32(n)
	}
	if which&PrintedUmin32 != 0 {
		b.Umin32 = uint32(n)
	}
	if which&PrintedUmax32 != 0 {
		b.Umax32 = uint32(n)
	}
}

// deduce fills what was not printed, and leaves alone what was. A bound is left
// out when it says nothing (smin=S64_MIN), and before Linux 6.7 also when it is
// that of the other sign or width; so it gets what the printed ones imply.
func (b *Bounds) deduce(v *Value) {
	if v.Const {
		*b = exactly(v.Number)
		return
	}
	if b.Printed&PrintedVarOff == 0 {
		b.Value, b.Mask = 0, math.MaxUint64
	}
	b.fill(Bounds{
		Smin: math.MinInt64, Smax: math.MaxInt64, Umax: math.MaxUint64,
		Smin32: math.MinInt32, Smax32: math.MaxInt32, Umax32: math.MaxUint32,
	})
	if b.Printed != 0 {
		implied := *b
		implied.deduce64()
		implied.deduce32()
		b.fill(implied)
	}
}

// exactly is the range of one number.
func exactly(n int64) Bounds {
	return Bounds{
		Smin: n, Smax: n, Umin: uint64(n), Umax: uint64(n),
		Smin32: int32(n), Smax32: int32(n), Umin32: uint32(n), Umax32: uint32(n),
		Value: uint64(n),
	}
}

// fill takes the bounds that were not printed from another.
func (b *Bounds) fill(from Bounds) {
	p := b.Printed
	if p&PrintedSmin == 0 {
		b.Smin = from.Smin
	}
	if p&PrintedSmax == 0 {
		b.Smax = from.Smax
	}
	if p&PrintedUmin == 0 {
		b.Umin = from.Umin
	}
	if p&PrintedUmax == 0 {
		b.Umax = from.Umax
	}
	if p&PrintedSmin32 == 0 {
		b.Smin32 = from.Smin32
	}
	if p&PrintedSmax32 == 0 {
		b.Smax32 = from.Smax32
	}
	if p&PrintedUmin32 == 0 {
		b.Umin32 = from.Umin32
	}
	if p&PrintedUmax32 == 0 {
		b.Umax32 = from.Umax32
	}
}

func (b *Bounds) deduce64() {
	b.Umin, b.Umax = max(b.Umin, b.Value), min(b.Umax, b.Value|b.Mask)
	if b.Umax <= math.MaxInt64 {
		b.Smin, b.Smax = max(b.Smin, int64(b.Umin)), min(b.Smax, int64(b.Umax))
	}
	if b.Smin >= 0 {
		b.Umin = max(b.Umin, uint64(b.Smin))
		if b.Smax >= b.Smin {
			b.Umax = min(b.Umax, uint64(b.Smax))
		}
	}
}

func (b *Bounds) deduce32() {
	low, mask := uint32(b.Value), uint32(b.Mask)
	b.Umin32, b.Umax32 = max(b.Umin32, low), min(b.Umax32, low|mask)
	if b.Umax <= math.MaxUint32 {
		b.Umin32, b.Umax32 = max(b.Umin32, uint32(b.Umin)), min(b.Umax32, uint32(b.Umax))
	}
	if b.Smin >= math.MinInt32 && b.Smax <= math.MaxInt32 {
		b.Smin32, b.Smax32 = max(b.Smin32, int32(b.Smin)), min(b.Smax32, int32(b.Smax))
	}
	if b.Umax32 <= math.MaxInt32 {
		b.Smin32, b.Smax32 = max(b.Smin32, int32(b.Umin32)), min(b.Smax32, int32(b.Umax32))
	}
	if b.Smin32 >= 0 {
		b.Umin32 = max(b.Umin32, uint32(b.Smin32))
		if b.Smax32 >= b.Smin32 {
			b.Umax32 = min(b.Umax32, uint32(b.Smax32))
		}
	}
}
