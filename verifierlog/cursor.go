package verifierlog

import "math"

// cursor walks over bytes. Its methods go on only past what they were asked
// for.
type cursor struct {
	b []byte
	i int
}

func (c *cursor) done() bool { return c.i >= len(c.b) }

// peek is the byte ahead, 0 at the end.
func (c *cursor) peek() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

func (c *cursor) rest() []byte { return c.b[c.i:] }

func (c *cursor) byte(b byte) bool {
	if c.i < len(c.b) && c.b[c.i] == b {
		c.i++
		return true
	}
	return false
}

func (c *cursor) lit(s string) bool {
	if hasPrefix(c.b[c.i:], s) {
		c.i += len(s)
		return true
	}
	return false
}

func (c *cursor) spaces() {
	for c.i < len(c.b) && c.b[c.i] == ' ' {
		c.i++
	}
}

// until gives the bytes before the next stop byte, or all that is left.
func (c *cursor) until(stop byte) []byte {
	from := c.i
	for c.i < len(c.b) && c.b[c.i] != stop {
		c.i++
	}
	return c.b[from:c.i]
}

// digits reads a decimal number of up to ten digits, all that a kernel prints
// for an index, an id or a size.
func (c *cursor) digits() (int, bool) {
	n, from := 0, c.i
	for c.i < len(c.b) && isDigit(c.b[c.i]) {
		if c.i-from == 10 {
			c.i = from
			return 0, false
		}
		n = n*10 + int(c.b[c.i]-'0')
		c.i++
	}
	return n, c.i > from
}

// signed reads "5", "-5" or "+5".
func (c *cursor) signed() (int, bool) {
	from, neg := c.i, false
	if !c.byte('+') {
		neg = c.byte('-')
	}
	n, ok := c.digits()
	if !ok {
		c.i = from
		return 0, false
	}
	if neg {
		n = -n
	}
	return n, true
}

// number reads "5", "-5", "0x1f" or "-0x1f" of up to 64 bits. The kernel
// prints negative numbers in either form; both give the same bits.
func (c *cursor) number() (uint64, bool) {
	from := c.i
	neg := c.byte('-')
	if c.lit("0x") {
		if v, ok := c.hex(); ok {
			return sign(v, neg), true
		}
		c.i = from
		return 0, false
	}
	start, v := c.i, uint64(0)
	for c.i < len(c.b) && isDigit(c.b[c.i]) {
		d := uint64(c.b[c.i] - '0')
		if v > (math.MaxUint64-d)/10 {
			c.i = from
			return 0, false
		}
		v = v*10 + d
		c.i++
	}
	if c.i == start {
		c.i = from
		return 0, false
	}
	return sign(v, neg), true
}

// hex reads up to 16 digits without "0x".
func (c *cursor) hex() (uint64, bool) {
	v, from := uint64(0), c.i
	for c.i < len(c.b) {
		d, ok := hexDigit(c.b[c.i])
		if !ok {
			break
		}
		if c.i-from == 16 {
			c.i = from
			return 0, false
		}
		v = v<<4 | uint64(d)
		c.i++
	}
	return v, c.i > from
}

func sign(v uint64, neg bool) uint64 {
	if neg {
		return -v
	}
	return v
}

func isDigit(b byte) bool { return b-'0' <= 9 }

func hexDigit(b byte) (byte, bool) {
	switch {
	case isDigit(b):
		return b - '0', true
	case b-'a' <= 5:
		return b - 'a' + 10, true
	}
	return 0, false
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

func hasSuffix(b []byte, s string) bool {
	return len(b) >= len(s) && string(b[len(b)-len(s):]) == s
}

func trimSpaces(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}
