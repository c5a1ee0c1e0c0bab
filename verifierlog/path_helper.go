package verifierlog

import (
	"bytes"
	"strings"
)

// helper is what a call does besides: to memory that its arguments point to,
// and to pointers that are no longer good after it.
func (m *machine) helper(i int, in *Insn) {
	frame := len(m.frames) - 1
	args := &m.frames[frame].regs
	var dynptr vid
	var packet bool // the dynptr is one of a packet
	for r := 1; r <= 5 && !takesNothing[string(in.Func)]; r++ {
		c := &args[r]
		if !c.known || c.v.Base != FramePtr || !c.v.Const {
			continue
		}
		no := c.v.FrameNo
		if no < 0 {
			no = frame
		}
		off := int(c.v.Offset)
		if s := m.cell(Slot(no, off)); s != nil && (s.v.Base == Iter || s.v.Base == Dynptr) {
			if dynptr == 0 && s.v.Base == Dynptr {
				dynptr, packet = s.vid, ofPacket(&s.v)
			}
			switch {
			case endsObject(in.Func):
				m.endDynptr(i, s)
				s.clear(i)
			case no != frame: // what it does to the object is not printed
				s.known = false
			}
			continue
		}
		m.passed(no, off, argumentSize(args, r))
	}
	m.clobber(i, &m.frames[frame])
	if slicesDynptr(in.Func) {
		m.frames[frame].regs[0].slice = dynptr
	}
	switch name := string(in.Func); {
	case in.Call == CallSubprog:
		m.global(i)
	case changesPacket[name], packet && name == "bpf_dynptr_write":
		m.packetMoves(i)
	case name == "bpf_rcu_read_unlock":
		m.eachCell(func(_ Loc, c *cell) {
			if c.known && c.v.Flags&RCU != 0 {
				v := c.v
				v.Flags = v.Flags&^(RCU|MaybeNull) | Untrusted
				v.Type = "untrusted_" + strings.Replace(strings.Replace(v.Type, "rcu_", "", 1), "or_null_", "", 1)
				c.spoil(i, v)
			}
		})
	case name == "bpf_spin_unlock":
		m.eachCell(func(_ Loc, c *cell) {
			if c.known && c.v.Flags&NonOwning != 0 {
				c.spoil(i, scalar())
			}
		})
	}
}

// packetMoves spoils what points into the packet (clear_all_pkt_pointers).
func (m *machine) packetMoves(i int) {
	var dynptrs []*cell
	m.eachCell(func(_ Loc, c *cell) {
		if c.known && ofPacket(&c.v) {
			dynptrs = append(dynptrs, c)
		}
	})
	for _, d := range dynptrs {
		m.endDynptr(i, d) // its slices end, not itself
	}
	m.eachCell(func(_ Loc, c *cell) {
		if c.known && intoPacket(&c.v) {
			c.spoil(i, scalar())
		}
	})
}

// global is the call of a global function, which is verified on its own. If it
// may move the packet, so may the call (Linux 6.13 and later, and 6.12 and
// older with that change); the log does not say it.
func (m *machine) global(i int) {
	m.eachCell(func(_ Loc, c *cell) {
		if c.known && intoPacket(&c.v) {
			c.maybe = int32(i)
		}
	})
}

func intoPacket(v *Value) bool {
	return v.Base == Packet || v.Base == PacketMeta || v.Base == PacketEnd
}

// ofPacket says whether v is a dynptr on the stack whose memory is a packet.
func ofPacket(v *Value) bool {
	if v.Base != Dynptr {
		return false
	}
	switch v.TypeName {
	case "skb", "xdp", "skb_meta":
		return true
	}
	return false
}

// argumentSize is how many bytes of memory argument r stands for: a map's key
// or value, or what the next argument says.
func argumentSize(args *[numRegs]cell, r int) int {
	if mp := &args[1]; mp.known && mp.v.Base == MapPtr {
		switch r {
		case 2:
			return mp.v.KeySize
		case 3:
			return mp.v.ValSize
		}
	}
	if r < 5 {
		if n := &args[r+1]; n.known && n.v.Base == Scalar && n.v.Const && n.v.Number > 0 && n.v.Number <= 8*stackSlots {
			return int(n.v.Number)
		}
	}
	return 8 // a structure of which the log does not tell the size
}

// passed makes what a helper gets of the stack plain bytes: it could write to
// them, and the kernel forgets the numbers (check_stack_range_initialized).
func (m *machine) passed(frame, off, size int) {
	for at := slotOf(off); at < min(0, off+size); at += 8 {
		s := m.cell(Slot(frame, at))
		if s == nil || !s.known {
			continue
		}
		bytes := []byte(s.v.Bytes)
		switch {
		case s.v.Base == Scalar:
			for len(bytes) < 8 {
				bytes = append(bytes, 'm')
			}
		case s.v.Base != StackBytes:
			continue
		}
		for k := range bytes {
			// The last letter is that of the slot's first byte.
			if b := at + 7 - k; bytes[k] == '0' && (b >= off && b < off+size || s.v.Base == Scalar) {
				bytes[k] = 'm'
			}
		}
		s.v = Value{Reg: -1, Slot: s.v.Slot, Base: StackBytes, Bytes: string(bytes), FrameNo: -1}
	}
}

// endDynptr spoils the slices of the dynptr in s, which is about to be
// overwritten or released (invalidate_dynptr, destroy_if_dynptr_stack_slot).
func (m *machine) endDynptr(i int, s *cell) {
	if !s.known || s.v.Base != Dynptr || s.vid == 0 {
		return
	}
	id, printed := s.vid, s.v.ID
	m.eachCell(func(_ Loc, c *cell) {
		// Since Linux 7.2 a slice names its dynptr.
		if c.known && (c.slice == id || printed != 0 && c.v.Base == Mem && c.v.ParentID == printed) {
			c.spoil(i, scalar())
		}
	})
}

func slicesDynptr(name []byte) bool {
	switch string(name) {
	case "bpf_dynptr_data", "bpf_dynptr_slice", "bpf_dynptr_slice_rdwr":
		return true
	}
	return false
}

// endsObject says whether a function ends the iterator or dynptr on the stack
// that it gets: the slots are free after it.
func endsObject(name []byte) bool {
	return bytes.HasPrefix(name, []byte("bpf_iter_")) && bytes.HasSuffix(name, []byte("_destroy")) ||
		bytes.HasPrefix(name, []byte("bpf_ringbuf_submit_dynptr")) || bytes.HasPrefix(name, []byte("bpf_ringbuf_discard_dynptr"))
}

// addsNode says whether a kfunc takes a reference that it gets and leaves the
// program one that it does not own (ref_convert_owning_non_owning).
func addsNode(name []byte) bool {
	return bytes.HasPrefix(name, []byte("bpf_rbtree_add")) || bytes.HasPrefix(name, []byte("bpf_list_push_"))
}
