package verifierlog

import "bytes"

// attributes reads what is behind "(" up to the ")" that ends it:
// "id=3,off=8,smin=smin32=0,var_off=(0x0; 0xff))".
func (s *State) attributes(c *cursor, v *Value) {
	for !c.done() {
		if c.byte(')') {
			return
		}
		from := c.i
		if !s.attribute(c, v) {
			c.i = from
			c.attributeEnd()
			v.Other = append(v.Other, string(c.b[from:c.i]))
		}
		if !c.byte(',') && c.peek() != ')' && !c.done() {
			// Half read: the rest is as unknown as the begin.
			c.attributeEnd()
			v.Other = append(v.Other, string(c.b[from:c.i]))
			c.byte(',')
		}
	}
}

// attributeEnd goes to the comma or parenthesis that ends an attribute, past
// those that belong to it.
func (c *cursor) attributeEnd() {
	depth := 0
	for ; !c.done(); c.i++ {
		switch c.b[c.i] {
		case '(':
			depth++
		case ')':
			if depth == 0 {
				return
			}
			depth--
		case ',':
			if depth == 0 {
				return
			}
		}
	}
}

// attribute reads "key=value", "key=key=value" or a bare word.
func (s *State) attribute(c *cursor, v *Value) bool {
	key := c.key()
	if c.peek() != '=' {
		if string(key) == "non_own_ref" {
			v.Flags |= NonOwning
			return true
		}
		return false
	}
	c.i++
	switch string(key) {
	case "map":
		v.Map = s.names.get(c.name())
		return true
	case "type":
		v.TypeName = s.names.get(c.name())
		return true
	case "state":
		v.IterState = s.names.get(c.name())
		return true
	case "var_off":
		return c.varOff(&v.Bounds)
	case "id":
		ok := c.intTo(&v.ID)
		if b := c.peek(); ok && (b == '+' || b == '-') {
			n, isNum := c.signed()
			v.AddConst, ok = int64(n), isNum
		}
		return ok
	case "ref_obj_id", "ref_id":
		return c.intTo(&v.RefID)
	case "parent_id", "dynptr_id":
		return c.intTo(&v.ParentID)
	case "ks":
		return c.intTo(&v.KeySize)
	case "vs":
		return c.intTo(&v.ValSize)
	case "depth":
		return c.intTo(&v.IterDepth)
	case "off":
		v.offPrinted = true
		return c.int64To(&v.Offset)
	case "r":
		return c.int64To(&v.Range)
	case "sz", "mem_size":
		return c.int64To(&v.MemSize)
	case "imm":
		v.Const = true
		return c.imm(v)
	}
	return v.bound(c, key)
}

// bound reads "smin=5" and "smin=umin=smin32=5" (print_scalar_ranges joins
// bounds that are equal).
func (v *Value) bound(c *cursor, key []byte) bool {
	set := boundOf(key)
	for set != 0 {
		if isDigit(c.peek()) || c.peek() == '-' {
			n, ok := c.number()
			if ok {
				v.Bounds.set(set, n)
			}
			return ok
		}
		next := boundOf(c.key())
		if next == 0 || !c.byte('=') {
			return false
		}
		set |= next
	}
	return false
}

// boundOf knows the names since Linux 6.7, those before ("s32_min"), and those
// before 5.18 ("smin_value", "s32_min_value").
func boundOf(key []byte) BoundSet {
	key = bytes.TrimSuffix(key, []byte("_value"))
	switch string(key) {
	case "smin":
		return PrintedSmin
	case "smax":
		return PrintedSmax
	case "umin":
		return PrintedUmin
	case "umax":
		return PrintedUmax
	case "smin32", "s32_min":
		return PrintedSmin32
	case "smax32", "s32_max":
		return PrintedSmax32
	case "umin32", "u32_min":
		return PrintedUmin32
	case "umax32", "u32_max":
		return PrintedUmax32
	}
	return 0
}

// key reads a name of letters, digits and underscores.
func (c *cursor) key() []byte {
	from := c.i
	for c.i < len(c.b) {
		if b := c.b[c.i]; b|0x20-'a' > 25 && !isDigit(b) && b != '_' {
			break
		}
		c.i++
	}
	return c.b[from:c.i]
}

// name reads the value of an attribute that is a word.
func (c *cursor) name() []byte {
	from := c.i
	for c.i < len(c.b) && c.b[c.i] != ',' && c.b[c.i] != ')' {
		c.i++
	}
	return c.b[from:c.i]
}

func (c *cursor) intTo(to *int) bool {
	n, ok := c.signed()
	if ok {
		*to = n
	}
	return ok
}

func (c *cursor) int64To(to *int64) bool {
	n, ok := c.number()
	if ok {
		*to = int64(n)
	}
	return ok
}

// imm reads the variable part of a pointer's offset when it is constant. It is
// hexadecimal without "0x" before Linux 6.8, which print "off=" in front of it
// always; later ones leave either out when it is 0.
func (c *cursor) imm(v *Value) bool {
	if v.offPrinted && !hasPrefix(c.rest(), "0x") && c.peek() != '-' {
		n, ok := c.hex()
		v.Number = int64(n)
		return ok
	}
	return c.int64To(&v.Number)
}

// varOff reads "(0x0; 0xff)", or one number when all bits are known.
func (c *cursor) varOff(b *Bounds) bool {
	if !c.byte('(') {
		n, ok := c.number()
		b.Value, b.Mask, b.Printed = n, 0, b.Printed|PrintedVarOff
		return ok
	}
	value, ok := c.number()
	if !ok || !c.byte(';') {
		return false
	}
	c.spaces() // one, but for those who post logs
	mask, ok := c.number()
	if !ok || !c.byte(')') {
		return false
	}
	b.Value, b.Mask, b.Printed = value&^mask, mask, b.Printed|PrintedVarOff
	return true
}
