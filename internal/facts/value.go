package facts

import (
	"math"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// Kind is what a value is, without numbers. Values of one kind are joined.
type Kind struct {
	Base     verifierlog.Base
	Flags    verifierlog.TypeFlags
	TypeName string // of a kernel type, a dynptr, an iterator; of what has no Base the log's word
	Map      string
	Size     int64  // of memory, of a map's value or key; 0 if it is not known
	Frame    int    // of a stack address, -1 for the frame's own
	Bytes    string // letters of a stack slot that is no value, or of the bytes above a narrow one
	Owned    bool   // it must be released
}

// Value is what may be in a register or a stack slot.
type Value struct {
	Kind
	// Bounds are those of a number.
	Bounds verifierlog.Bounds
	// Low and High are the offset of a pointer, in bytes from the beginning of what
	// it points to; of a packet pointer from a place of the packet that is not known.
	Low, High int64
	// Range is how many bytes behind Low are proved to be there, of a packet pointer.
	Range int64
}

// valueOf takes what the log says; ok is false if that is nothing.
func valueOf(v *verifierlog.Value) (x Value, ok bool) {
	if v == nil || v.Base == verifierlog.NotInit {
		return x, false
	}
	x.Kind = Kind{Base: v.Base, Flags: v.Flags, TypeName: v.TypeName, Map: v.Map, Size: v.MemSize, Frame: -1, Bytes: v.Bytes}
	switch v.Base {
	case verifierlog.Scalar:
		x.TypeName, x.Map, x.Size, x.Flags = "", "", 0, 0
		x.Bounds = v.Bounds
		x.Bounds.Printed = 0
		return x, true
	case verifierlog.StackBytes:
		return x, true
	case verifierlog.MapValue, verifierlog.MapPtr:
		x.Size = int64(v.ValSize)
	case verifierlog.MapKey:
		x.Size = int64(v.KeySize)
	case verifierlog.FramePtr:
		x.Frame = v.FrameNo
	case verifierlog.OtherType, verifierlog.TPBuffer:
		x.TypeName = v.Type
	}
	x.Owned = v.RefID != 0 && v.Base != verifierlog.Dynptr && v.Base != verifierlog.Iter
	low, high := v.Offset, v.Offset
	if v.Const {
		low, high = low+v.Number, high+v.Number
	} else {
		b := &v.Bounds
		if b.Smin < -maxOffset || b.Smax > maxOffset {
			low, high = math.MinInt64, math.MaxInt64
		} else {
			low, high = low+b.Smin, high+b.Smax
		}
	}
	x.Low, x.High = low, high
	if v.Base == verifierlog.Packet || v.Base == verifierlog.PacketMeta {
		// The variable part of a packet pointer is not known, but the same for all
		// with its id. Range counts from there, like the offset.
		x.Low, x.High = v.Offset, v.Offset
		if v.ID != 0 || !v.Const || v.Number != 0 {
			x.Low, x.High = math.MinInt64, math.MaxInt64
		}
		x.Range = max(0, v.Range-v.Offset)
	}
	return x, true
}

// maxOffset bounds the offsets that are told apart (BPF_MAX_VAR_OFF).
const maxOffset = 1 << 29

// covers says whether all that x may be is in v.
func (v *Value) covers(x *Value) bool {
	if v.Base != x.Base {
		return v.Base == verifierlog.StackBytes && x.Base == verifierlog.Scalar && coversBytes(v.Bytes, "mmmmmmmm")
	}
	switch v.Base {
	case verifierlog.Scalar:
		return v.Bytes == x.Bytes && coversBounds(&v.Bounds, &x.Bounds)
	case verifierlog.StackBytes:
		return coversBytes(v.Bytes, x.Bytes)
	}
	return v.Kind == x.Kind && v.Low <= x.Low && x.High <= v.High && v.Range <= x.Range
}

func coversBounds(a, b *verifierlog.Bounds) bool {
	return a.Smin <= b.Smin && b.Smax <= a.Smax && a.Umin <= b.Umin && b.Umax <= a.Umax &&
		a.Smin32 <= b.Smin32 && b.Smax32 <= a.Smax32 && a.Umin32 <= b.Umin32 && b.Umax32 <= a.Umax32 &&
		b.Mask&^a.Mask == 0 && (a.Value^b.Value)&^a.Mask == 0
}

// coversBytes compares letters of stack slots: '?' may be anything, 'm' any data.
func coversBytes(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && a[i] != '?' && (a[i] != 'm' || b[i] != '0') {
			return false
		}
	}
	return true
}

// hull is the smallest value that covers both, which are of one kind.
func hull(a, b Value) Value {
	switch a.Base {
	case verifierlog.Scalar:
		a.Bounds = hullBounds(a.Bounds, b.Bounds)
		return a
	case verifierlog.StackBytes:
		letters := []byte(a.Bytes)
		for i := range letters {
			switch x, y := letters[i], b.Bytes[i]; {
			case x == y:
			case x == '?' || y == '?' || x != '0' && x != 'm' || y != '0' && y != 'm':
				letters[i] = '?'
			default:
				letters[i] = 'm'
			}
		}
		a.Bytes = string(letters)
		return a
	}
	a.Low, a.High, a.Range = min(a.Low, b.Low), max(a.High, b.High), min(a.Range, b.Range)
	return a
}

func hullBounds(a, b verifierlog.Bounds) verifierlog.Bounds {
	mask := a.Mask | b.Mask | (a.Value ^ b.Value)
	return verifierlog.Bounds{
		Smin: min(a.Smin, b.Smin), Smax: max(a.Smax, b.Smax), Umin: min(a.Umin, b.Umin), Umax: max(a.Umax, b.Umax),
		Smin32: min(a.Smin32, b.Smin32), Smax32: max(a.Smax32, b.Smax32), Umin32: min(a.Umin32, b.Umin32), Umax32: max(a.Umax32, b.Umax32),
		Value: a.Value &^ mask, Mask: mask,
	}
}

// sameKind says whether two values can be joined to one.
func sameKind(a, b *Value) bool {
	if a.Base == verifierlog.StackBytes && b.Base == a.Base {
		return len(a.Bytes) == len(b.Bytes)
	}
	return a.Kind == b.Kind
}
