package verifierlog

// State reads the state of a KindState node into s.
func (n *Node) State(s *State) { s.Parse(n.Text) }

// Parse reads the text of a KindState node. It always succeeds: what the
// grammar does not have is in Other.
func (s *State) Parse(text []byte) {
	s.Frame, s.Values, s.Refs, s.Other = 0, s.Values[:0], s.Refs[:0], nil
	s.Callback, s.AsyncCallback = false, false
	c := cursor{b: text}
	for c.spaces(); !c.done(); c.spaces() {
		from := c.i
		if s.word(&c) && (c.done() || c.peek() == ' ') {
			continue
		}
		c.until(' ')
		s.Other = append(s.Other, string(text[from:c.i]))
	}
}

// word reads one word of a state, or the begin of one.
func (s *State) word(c *cursor) bool {
	switch c.peek() {
	case 'R':
		return s.value(c)
	case 'f':
		if c.lit("frame") {
			n, ok := c.digits()
			s.Frame = n
			return ok && c.byte(':')
		}
		return s.value(c)
	case 'r':
		return c.lit("refs=") && s.refs(c)
	case 'c':
		s.Callback = c.lit("cb")
		return s.Callback
	case 'a':
		s.AsyncCallback = c.lit("async_cb")
		return s.AsyncCallback
	}
	return false
}

func (s *State) refs(c *cursor) bool {
	for {
		id, ok := c.digits()
		if !ok {
			return false
		}
		s.Refs = append(s.Refs, id)
		if !c.byte(',') {
			return true
		}
	}
}

// value reads "R1_w=scalar(…)" or "fp-8=mmmm????". The name must be right; any
// value is taken.
func (s *State) value(c *cursor) bool {
	from := c.i
	reg, slot := -1, 0
	var ok bool
	if c.byte('R') {
		reg, ok = c.digits()
	} else if c.lit("fp") && c.peek() == '-' {
		slot, ok = c.signed()
	}
	if !ok {
		return false
	}
	var live Live
	if c.byte('_') {
		live = c.live()
	}
	if !c.byte('=') {
		return false
	}
	if len(s.Values) < cap(s.Values) {
		s.Values = s.Values[:len(s.Values)+1]
	} else {
		s.Values = append(s.Values, Value{})
	}
	v := &s.Values[len(s.Values)-1]
	*v = Value{Reg: reg, Slot: slot, Live: live, FrameNo: -1, Start: from}
	s.content(c, v)
	v.End = c.i
	if v.Base == Scalar || v.Bounds.Printed != 0 || v.Number != 0 {
		v.Bounds.deduce(v)
	}
	return true
}

func (c *cursor) live() Live {
	var l Live
	for ; ; c.i++ {
		switch c.peek() {
		case 'r':
			l |= LiveRead
		case 'w':
			l |= LiveWritten
		case 'D':
			l |= LiveDone
		default:
			return l
		}
	}
}

// content reads what is behind the "=" (print_reg_state, and the slots in
// print_verifier_state).
func (s *State) content(c *cursor, v *Value) {
	if v.Reg < 0 && s.slotBytes(c, v) {
		return
	}
	if c.byte('P') {
		v.Precise = true
	}
	if b := c.peek(); isDigit(b) || b == '-' {
		n, ok := c.number()
		if ok {
			v.Base, v.Const, v.Number = Scalar, true, int64(n)
		}
		return
	}
	from := c.i
	for b := c.peek(); b != '(' && b != ' ' && b != 0; b = c.peek() {
		if (b == '-' || b == '[' || isDigit(b)) && s.fixed(c, v, from) {
			return
		}
		c.i++
	}
	word := c.b[from:c.i]
	if len(word) == 0 {
		// Before Linux 6.8 a spilled scalar is printed without its type.
		v.Base = Scalar
	} else {
		s.setType(v, word)
	}
	if c.byte('(') {
		s.attributes(c, v)
	}
}

// fixed reads the number of "fp-8", "fp[1]-16", "inv5" and "invP5",
// whose type begins at from.
func (s *State) fixed(c *cursor, v *Value, from int) bool {
	word := c.b[from:c.i]
	at := *c
	switch string(word) {
	case "fp":
		if at.byte('[') {
			frame, ok := at.digits()
			if !ok || !at.byte(']') {
				return false
			}
			v.FrameNo = frame
		}
		if n, ok := at.number(); ok {
			v.Base, v.Type, v.Const, v.Offset = FramePtr, "fp", true, int64(n)
		} else if at.peek() == '(' { // "fp[1](…)": a variable offset
			v.Base, v.Type = FramePtr, "fp"
			at.byte('(')
			s.attributes(&at, v)
		} else {
			return false
		}
	case "inv", "invP":
		n, ok := at.number()
		if !ok {
			return false
		}
		v.Precise = v.Precise || string(word) == "invP"
		v.Base, v.Const, v.Number = Scalar, true, int64(n)
	default:
		return false
	}
	*c = at
	return true
}

// slotBytes reads the letters of a stack slot's bytes. It returns true if they
// are all that there is; the letters above a spilled scalar are only skipped.
// A scalar's number may begin with the same '0': letters come in eights, or
// as many as a spill of 4, 2 or 1 bytes leaves.
func (s *State) slotBytes(c *cursor, v *Value) bool {
	n := 0
	for c.i+n < len(c.b) && n < 8 && isSlotByte(c.b[c.i+n]) {
		n++
	}
	if n == 8 && (c.i+n == len(c.b) || c.b[c.i+n] == ' ') {
		v.Base, v.Bytes = StackBytes, s.names.get(c.b[c.i:c.i+n])
		c.i += n
		return true
	}
	for _, k := range [...]int{7, 6, 4} {
		if k > n {
			continue
		}
		after := cursor{b: c.b, i: c.i + k}
		if after.lit("scalar") || after.lit("inv") || after.lit("P") || after.byte('-') || isDigit(after.peek()) {
			v.Bytes = s.names.get(c.b[c.i : c.i+k])
			c.i += k
			return false
		}
	}
	return false
}

// isSlotByte: slot_type_char in kernel/bpf/log.c.
func isSlotByte(b byte) bool {
	switch b {
	case '?', 'r', 'm', '0', 'd', 'i', 'f', 'p':
		return true
	}
	return false
}

// Reg returns the value of register r, nil if the state does not have it.
func (s *State) Reg(r int) *Value {
	for i := range s.Values {
		if s.Values[i].Reg == r && r >= 0 {
			return &s.Values[i]
		}
	}
	return nil
}

// Slot returns the value of the stack slot at offset off (-8, -16, …), nil if
// the state does not have it.
func (s *State) Slot(off int) *Value {
	for i := range s.Values {
		if s.Values[i].Reg < 0 && s.Values[i].Slot == off {
			return &s.Values[i]
		}
	}
	return nil
}
