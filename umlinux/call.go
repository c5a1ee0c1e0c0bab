package umlinux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"syscall"
)

// Op is what the guest is asked to do.
type Op uint8

// The operations. OpBPF makes one bpf(2) call. OpMmap maps the object in slot
// Cmd, Size bytes of it, at the address that Data begins with (0: anywhere).
// OpReset closes every slot and undoes every mapping.
const (
	OpBPF Op = iota + 1
	OpMmap
	OpReset
)

// NoSlot says that a call's result is not kept.
const NoSlot = -1

// Call is one request. Data is the memory of the call: union bpf_attr in the
// first AttrLen bytes, then whatever it points to.
type Call struct {
	Op       Op
	Cmd      uint32 // bpf(2) command
	AttrLen  uint32
	Data     []byte
	Pointers []Pointer
	FDs      []FD
	Slot     int32  // where the resulting descriptor is kept, or NoSlot
	Log      *Log   // buffer for the kernel's log, nil for none
	Return   uint32 // how many bytes of Data to give back after the call
	Size     uint64 // OpMmap: length in bytes
}

// Pointer makes the 8 bytes at At of Data the address of Data[To].
type Pointer struct{ At, To uint32 }

// FD makes the 4 bytes at At of Data the descriptor kept in Slot.
type FD struct {
	At   uint32
	Slot int32
}

// Log asks for a buffer of Size bytes; its address goes to AddrAt of Data, its
// size to SizeAt.
type Log struct {
	Size           uint32
	AddrAt, SizeAt uint32
}

// Reply is the answer to a call.
type Reply struct {
	Value int64         // what the call returned
	Errno syscall.Errno // 0 when it succeeded
	Log   []byte        // what the kernel wrote, without the trailing NUL
	Data  []byte        // the first Return bytes of the call's memory, afterwards
}

// The wire form, for kernel/guest/init.c: a fixed header, then the lists, then the data; all
// little-endian. Frames of both directions begin with their length in bytes.
const (
	callHeader  = 52
	replyHeader = 24
	maxFrame    = 256 << 20
)

var le = binary.LittleEndian

// appendCall encodes a call.
func appendCall(b []byte, c *Call) []byte {
	var log Log
	if c.Log != nil {
		log = *c.Log
	}
	n := callHeader + 8*len(c.Pointers) + 8*len(c.FDs) + len(c.Data)
	b = le.AppendUint32(b, uint32(n))
	b = append(b, byte(c.Op), 0, 0, 0)
	for _, v := range []uint32{c.Cmd, c.AttrLen, uint32(c.Slot), c.Return, log.Size, log.AddrAt, log.SizeAt, uint32(len(c.Pointers)), uint32(len(c.FDs))} {
		b = le.AppendUint32(b, v)
	}
	b = le.AppendUint64(b, c.Size)
	for _, p := range c.Pointers {
		b = le.AppendUint32(le.AppendUint32(b, p.At), p.To)
	}
	for _, f := range c.FDs {
		b = le.AppendUint32(le.AppendUint32(b, f.At), uint32(f.Slot))
	}
	return append(b, c.Data...)
}

// check makes sure that no offset of a call leaves its memory.
func (c *Call) check() error {
	n := uint64(len(c.Data))
	bad := uint64(c.AttrLen) > n || uint64(c.Return) > n || c.Op == OpMmap && n < 8
	for _, p := range c.Pointers {
		bad = bad || uint64(p.At)+8 > n || uint64(p.To) > n
	}
	for _, f := range c.FDs {
		bad = bad || uint64(f.At)+4 > n
	}
	if c.Log != nil {
		bad = bad || uint64(c.Log.AddrAt)+8 > n || uint64(c.Log.SizeAt)+4 > n
	}
	if bad {
		return errors.New("a call refers to memory outside its data")
	}
	return nil
}

func readReply(rd io.Reader) (Reply, error) {
	var h [replyHeader]byte
	if _, err := io.ReadFull(rd, h[:]); err != nil {
		return Reply{}, err
	}
	n, nlog := le.Uint32(h[:]), le.Uint32(h[16:])
	if n < replyHeader || n > maxFrame || nlog > n-replyHeader {
		return Reply{}, fmt.Errorf("the guest sent a malformed reply of %d bytes", n)
	}
	body := make([]byte, n-replyHeader)
	if _, err := io.ReadFull(rd, body); err != nil {
		return Reply{}, err
	}
	return Reply{
		Errno: syscall.Errno(le.Uint32(h[4:])),
		Value: int64(le.Uint64(h[8:])),
		Log:   body[:nlog:nlog],
		Data:  body[nlog:],
	}, nil
}
