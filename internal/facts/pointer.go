package facts

import (
	"fmt"
	"math"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// pointer says what a value that is no number is: "a pointer to a value of map `counts` (8
// bytes)". That it may be NULL is said elsewhere.
func (v *Value) pointer() string {
	s := v.target()
	switch {
	case !v.Owned:
	case v.Flags&verifierlog.Ringbuf != 0 && v.Base == verifierlog.Mem:
		s += ", to be submitted or discarded"
	case v.Base != verifierlog.Mem: // that is of something that has to be released
		s += ", to be released"
	}
	return s
}

func (v *Value) target() string {
	switch v.Base {
	case verifierlog.StackBytes:
		return v.bytes()
	case verifierlog.Ctx:
		return v.inside("the program's context")
	case verifierlog.FramePtr:
		return "an address on the stack"
	case verifierlog.MapPtr:
		if v.Map != "" {
			return "map `" + v.Map + "`"
		}
		return "a map"
	case verifierlog.MapValue:
		return "a pointer to " + v.inside("a value of "+v.mapName()+sized(v.Size))
	case verifierlog.MapKey:
		return "a pointer to " + v.inside("a key of "+v.mapName()+sized(v.Size))
	case verifierlog.Packet:
		return "a pointer into the packet, " + v.readable()
	case verifierlog.PacketMeta:
		return "a pointer to the metadata in front of the packet, " + v.readable()
	case verifierlog.PacketEnd:
		return "the end of the packet"
	case verifierlog.Socket, verifierlog.SockCommon, verifierlog.TCPSock, verifierlog.XDPSock:
		return "a pointer to a socket"
	case verifierlog.BTFPtr:
		return "a pointer to " + v.inside(v.kernelType())
	case verifierlog.Mem, verifierlog.Buf:
		what := "memory"
		if v.Flags&verifierlog.ReadOnly != 0 {
			what = "read-only memory"
		}
		if v.Size > 0 {
			what = bytes(v.Size) + " of " + what
		}
		return "a pointer to " + v.inside(what)
	case verifierlog.FlowKeys:
		return "a pointer to the flow keys"
	case verifierlog.FuncPtr:
		return "the address of a function"
	case verifierlog.Dynptr:
		return "a dynptr"
	case verifierlog.Iter:
		return "an iterator"
	case verifierlog.DynptrPtr:
		return "a pointer to a dynptr"
	case verifierlog.Arena:
		return "a pointer into the arena"
	case verifierlog.TPBuffer:
		return "a pointer to the tracepoint's arguments"
	}
	return "a value of the verifier's type " + v.TypeName
}

func (v *Value) mapName() string {
	if v.Map == "" {
		return "a map"
	}
	return "map `" + v.Map + "`"
}

func (v *Value) kernelType() string {
	s := "the kernel's `struct " + v.TypeName + "`"
	switch {
	case v.Flags&verifierlog.Alloc != 0:
		s = "a `struct " + v.TypeName + "` that the program allocated"
	case v.Flags&verifierlog.Percpu != 0:
		s = "a per-CPU `struct " + v.TypeName + "`"
	}
	switch {
	case v.Flags&verifierlog.Untrusted != 0:
		s += " that may not be valid any more: it can be read, but not passed on"
	case v.Flags&verifierlog.RCU != 0:
		s += " that is valid until the RCU section ends"
	}
	return s
}

// readable says how many bytes of the packet may be used.
func (v *Value) readable() string {
	if v.Range == 0 {
		return "not checked against its end"
	}
	return bytes(v.Range) + " checked"
}

// inside says where in something a pointer points to: "byte 4 of a value of map `m`".
func (v *Value) inside(what string) string {
	switch {
	case v.Low == 0 && v.High == 0:
		return what
	case v.Low == v.High:
		return fmt.Sprintf("byte %d of %s", v.Low, what)
	case v.Low == math.MinInt64 || v.High >= maxOffset:
		return "an unknown byte of " + what
	}
	return fmt.Sprintf("byte %d to %d of %s", v.Low, v.High, what)
}

func sized(n int64) string {
	if n == 0 {
		return ""
	}
	return " (" + bytes(n) + ")"
}

func bytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// bytes says what a stack slot without a value holds.
func (v *Value) bytes() string {
	written, zero, unknown := 0, 0, 0
	for i := range len(v.Bytes) {
		switch v.Bytes[i] {
		case '?', 'p':
			unknown++
		case '0':
			zero++
		default:
			written++
		}
	}
	switch {
	case unknown == len(v.Bytes):
		return "not written yet"
	case unknown > 0:
		return "partly not written yet"
	case written == 0 && zero > 0:
		return "0"
	}
	return "written, value not known"
}
