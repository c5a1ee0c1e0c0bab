package rules

import (
	"fmt"
	"math"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// rangeOf says what a number may be, in the source's terms: "5", "anything from
// -1 to 4095", "at least 14". "" if the verifier knows no bound.
func rangeOf(v verifierlog.Value) string {
	if v.Base != verifierlog.Scalar {
		return ""
	}
	if v.Const {
		return fmt.Sprint(v.Number)
	}
	b := &v.Bounds
	lo, hi := b.Smin, b.Smax
	if b.Umax <= math.MaxInt64 { // then it cannot be negative
		lo, hi = max(lo, int64(b.Umin)), min(hi, int64(b.Umax))
	}
	// Bounds of aligned numbers are a little inside of the type's, and of numbers
	// of which only the lower half is known, up to 4 GiB.
	low, high := lo > math.MinInt64+edge, hi < math.MaxInt64-edge
	switch {
	case !low && !high:
		return ""
	case !high:
		return fmt.Sprintf("at least %d", lo)
	case !low:
		return fmt.Sprintf("at most %d, also negative", hi)
	}
	return between(fmt.Sprint(lo), fmt.Sprint(hi))
}

// edge is how near to its type's limits a bound says nothing.
const edge = 1 << 32

// bounded says that a number has an upper bound that is not its type's.
func bounded(v verifierlog.Value) bool {
	return v.Base == verifierlog.Scalar && v.Bounds.Umax != math.MaxUint32 && v.Bounds.Umax < 1<<40
}

func between(lo, hi string) string {
	if lo == hi {
		return lo
	}
	return "anything from " + lo + " to " + hi
}

// kindOf says what a pointer points to: "a value of map `counts`, 8 bytes".
func kindOf(v verifierlog.Value) string {
	or := ""
	if v.Flags&verifierlog.MaybeNull != 0 {
		or = ", or NULL"
	}
	switch v.Base {
	case verifierlog.NotInit:
		return "nothing: it was never written"
	case verifierlog.Scalar:
		return "a number"
	case verifierlog.Ctx:
		return "the context"
	case verifierlog.FramePtr:
		return "an address on the stack"
	case verifierlog.MapPtr:
		return "a map"
	case verifierlog.MapValue, verifierlog.MapKey:
		what, size := "value", v.ValSize
		if v.Base == verifierlog.MapKey {
			what, size = "key", v.KeySize
		}
		s := "a pointer to a " + what + " of a map"
		if v.Map != "" {
			s = "a pointer to a " + what + " of map " + quote(v.Map)
		}
		if size > 0 {
			s += " (" + count(int64(size), "byte") + ")"
		}
		return s + or
	case verifierlog.Packet, verifierlog.PacketMeta:
		return "a pointer into the packet" + or
	case verifierlog.PacketEnd:
		return "the end of the packet"
	case verifierlog.Socket, verifierlog.SockCommon, verifierlog.TCPSock, verifierlog.XDPSock:
		return "a pointer to a socket" + or
	case verifierlog.BTFPtr:
		switch {
		case v.Flags&verifierlog.Percpu != 0:
			return "a per-CPU pointer to a `struct " + v.TypeName + "`" + or
		case v.Flags&verifierlog.Alloc != 0: // of a type of the program
			return "a pointer to an allocated `struct " + v.TypeName + "`" + or
		}
		trust := ""
		switch {
		case v.Flags&verifierlog.Untrusted != 0:
			trust = " that may not be valid any more"
		case v.Flags&verifierlog.RCU != 0:
			trust = " that RCU protects"
		}
		return "a pointer to a kernel `struct " + v.TypeName + "`" + trust + or
	case verifierlog.Mem, verifierlog.Buf:
		s := "a pointer to memory"
		if v.MemSize > 0 {
			s = "a pointer to " + count(v.MemSize, "byte") + " of memory"
		}
		return s + or
	case verifierlog.Arena:
		return "a pointer into the arena"
	}
	return "a " + v.Type + or
}
