package loader

import (
	"encoding/binary"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
)

var le = binary.LittleEndian

// Commands of bpf(2) (enum bpf_cmd), which x/sys/unix has for Linux only.
const (
	cmdMapCreate     = 0
	cmdMapUpdateElem = 2
	cmdProgLoad      = 5
	cmdBTFLoad       = 18
	cmdMapFreeze     = 22
)

// attr builds the memory of one bpf(2) call: the attribute structure, of a
// fixed size, and behind it what the structure points to. Offsets are those of
// union bpf_attr in include/uapi/linux/bpf.h.
type attr struct {
	call umlinux.Call
}

func newAttr(cmd uint32, size int) *attr {
	return &attr{umlinux.Call{Op: umlinux.OpBPF, Cmd: cmd, AttrLen: uint32(size), Data: make([]byte, size), Slot: umlinux.NoSlot}}
}

func (a *attr) u32(off int, v uint32) *attr { le.PutUint32(a.call.Data[off:], v); return a }
func (a *attr) u64(off int, v uint64) *attr { le.PutUint64(a.call.Data[off:], v); return a }

// name writes an object name (BPF_OBJ_NAME_LEN bytes with the final NUL, of a
// restricted alphabet: bpf_obj_name_cpy).
func (a *attr) name(off int, s string) *attr {
	copy(a.call.Data[off:off+15], badNameChars.ReplaceAllString(s, "_"))
	return a
}

var badNameChars = lazyregexp.New(`[^A-Za-z0-9_.]`)

// ptr makes the pointer at off point to a copy of data.
func (a *attr) ptr(off int, data []byte) *attr {
	for len(a.call.Data)%8 != 0 {
		a.call.Data = append(a.call.Data, 0)
	}
	a.call.Pointers = append(a.call.Pointers, umlinux.Pointer{At: uint32(off), To: uint32(len(a.call.Data))})
	a.call.Data = append(a.call.Data, data...)
	return a
}

// fd writes the descriptor in a slot; at is an offset in the call's memory.
func (a *attr) fd(at int, slot int32) *attr {
	a.call.FDs = append(a.call.FDs, umlinux.FD{At: uint32(at), Slot: slot})
	return a
}

func (a *attr) keep(slot int32) *attr { a.call.Slot = slot; return a }

func btfLoad(raw []byte, slot int32, log uint32) umlinux.Call {
	a := newAttr(cmdBTFLoad, 32).ptr(0, raw).u32(16, uint32(len(raw))).keep(slot)
	if log > 0 {
		a.u32(24, 1)
		a.call.Log = &umlinux.Log{Size: log, AddrAt: 8, SizeAt: 20}
	}
	return a.call
}

// mapSpec is what BPF_MAP_CREATE wants.
type mapSpec struct {
	name                                  string
	typ, key, value, entries, flags, numa uint32
	extra                                 uint64
	inner, btf                            int32 // slots, NoSlot for none
	keyType, valueType                    uint32
}

func mapCreate(m mapSpec, slot int32) umlinux.Call {
	a := newAttr(cmdMapCreate, 72).u32(0, m.typ).u32(4, m.key).u32(8, m.value).u32(12, m.entries).
		u32(16, m.flags).u32(24, m.numa).name(28, m.name).u64(64, m.extra).keep(slot)
	if m.inner != umlinux.NoSlot {
		a.fd(20, m.inner)
	}
	if m.btf != umlinux.NoSlot && (m.keyType != 0 || m.valueType != 0) {
		a.fd(48, m.btf).u32(52, m.keyType).u32(56, m.valueType)
	}
	return a.call
}

func mapUpdate(slot int32, key uint32, value []byte) umlinux.Call {
	a := newAttr(cmdMapUpdateElem, 32).fd(0, slot)
	return a.ptr(8, le.AppendUint32(nil, key)).ptr(16, value).call
}

func mapFreeze(slot int32) umlinux.Call {
	return newAttr(cmdMapFreeze, 4).fd(0, slot).call
}

func mapMmap(slot int32, addr, size uint64) umlinux.Call {
	return umlinux.Call{Op: umlinux.OpMmap, Cmd: uint32(slot), Size: size, Data: le.AppendUint64(nil, addr), Slot: umlinux.NoSlot}
}

// Sizes of log buffers. shortLog is for the verifier's last words and
// statistics. tailLog holds the end of a path, some 30,000 instructions: each
// page that a log fills costs the guest dearly, and a program that ran into the
// limit of a million instructions says nothing new in the first of them.
const (
	shortLog = 1 << 20
	tailLog  = 4 << 20
	wholeLog = 64 << 20
)

// Log levels of BPF_PROG_LOAD (include/linux/bpf_verifier.h).
const (
	logPath  = 1 // BPF_LOG_LEVEL1: the failing path
	logStats = 4 // BPF_LOG_STATS
)

func progLoad(p *program, btfSlot int32, slotOf map[mapKey]int32, level, logSize uint32) umlinux.Call {
	a := newAttr(cmdProgLoad, 144).u32(0, uint32(p.typ)).u32(4, uint32(len(p.insns))).
		u32(24, level).u32(44, p.flags).name(48, p.fn.Name).u32(68, p.expected).u32(108, p.attachID)
	a.u32(40, p.version)
	a.ptr(16, append([]byte(p.license), 0))
	var code []byte
	for _, in := range p.insns {
		code = in.Append(code)
	}
	a.ptr(8, code)
	base := len(a.call.Data) - len(code)
	for _, m := range p.maps {
		a.fd(base+8*m.insn+4, slotOf[m.key])
	}
	if btfSlot != umlinux.NoSlot && p.funcInfo.Len() > 0 {
		a.fd(72, btfSlot)
		a.u32(76, uint32(p.funcInfo.Size)).ptr(80, p.funcInfo.Data).u32(88, uint32(p.funcInfo.Len()))
		if p.lineInfo.Len() > 0 {
			a.u32(92, uint32(p.lineInfo.Size)).ptr(96, p.lineInfo.Data).u32(104, uint32(p.lineInfo.Len()))
		}
	} else if btfSlot != umlinux.NoSlot {
		a.fd(72, btfSlot)
	}
	a.call.Log = &umlinux.Log{Size: logSize, AddrAt: 32, SizeAt: 28}
	a.call.Return = 144
	return a.call
}

// Smallest returns the call that loads the smallest program, to try a kernel.
func Smallest() umlinux.Call {
	p := &program{
		fn:      &object.Function{Name: "smallest"},
		typ:     programType("socket_filter"),
		license: "GPL",
		insns:   []object.Insn{{Code: 0xb7}, {Code: 0x95}}, // r0 = 0; exit
	}
	return progLoad(p, umlinux.NoSlot, nil, logStats, shortLog)
}

// logTrueSize is how many bytes a program's whole log has: the kernel says it
// since 6.4 (attr.log_true_size), 0 before.
func logTrueSize(r umlinux.Reply) uint32 {
	if len(r.Data) < 144 {
		return 0
	}
	return le.Uint32(r.Data[140:])
}
