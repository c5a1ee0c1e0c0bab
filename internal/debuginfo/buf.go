package debuginfo

import "encoding/binary"

// buf reads little-endian data. What lies beyond its end reads as 0 and sets bad.
type buf struct {
	data []byte
	off  int
	bad  bool
}

func (b *buf) skip(n int) []byte {
	if n < 0 || n > len(b.data)-b.off {
		b.bad, b.off = true, len(b.data)
		return nil
	}
	b.off += n
	return b.data[b.off-n : b.off]
}

func (b *buf) uint(n int) uint64 {
	var v [8]byte
	copy(v[:], b.skip(n))
	return binary.LittleEndian.Uint64(v[:])
}

func (b *buf) u8() uint8   { return uint8(b.uint(1)) }
func (b *buf) u16() uint16 { return uint16(b.uint(2)) }
func (b *buf) u32() uint32 { return uint32(b.uint(4)) }
func (b *buf) u64() uint64 { return b.uint(8) }

// offset reads an offset into another section.
func (b *buf) offset(is64 bool) uint64 {
	if is64 {
		return b.u64()
	}
	return uint64(b.u32())
}

func (b *buf) uleb() uint64 {
	var v uint64
	for shift := 0; ; shift += 7 {
		c := b.u8()
		if shift < 64 {
			v |= uint64(c&0x7f) << shift
		}
		if c&0x80 == 0 {
			return v
		}
	}
}

func (b *buf) sleb() int64 {
	var v int64
	for shift := 0; ; shift += 7 {
		c := b.u8()
		if shift < 64 {
			v |= int64(c&0x7f) << shift
		}
		if c&0x80 == 0 {
			if shift < 57 && c&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

// The attribute forms of DWARF 5, 7.5.6, and the GNU ones that clang knows.
const (
	formAddr          = 0x01
	formBlock2        = 0x03
	formBlock4        = 0x04
	formString        = 0x08
	formBlock         = 0x09
	formBlock1        = 0x0a
	formSdata         = 0x0d
	formStrp          = 0x0e
	formUdata         = 0x0f
	formRefAddr       = 0x10
	formRefUdata      = 0x15
	formIndirect      = 0x16
	formSecOffset     = 0x17
	formExprloc       = 0x18
	formStrx          = 0x1a
	formAddrx         = 0x1b
	formStrpSup       = 0x1d
	formLineStrp      = 0x1f
	formImplicitConst = 0x21
	formLoclistx      = 0x22
	formRnglistx      = 0x23
)

// fixedForms are the forms whose size does not depend on the unit or the value.
var fixedForms = map[uint64]int{
	0x05: 2, 0x06: 4, 0x07: 8, // data2, data4, data8
	0x0b: 1, 0x0c: 1, 0x19: 0, formImplicitConst: 0, // data1, flag, flag_present
	0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8, // ref1, ref2, ref4, ref8
	0x1c: 4, 0x1e: 16, 0x20: 8, 0x24: 8, // ref_sup4, data16, ref_sig8, ref_sup8
	0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4, // strx1 to strx4
	0x29: 1, 0x2a: 2, 0x2b: 3, 0x2c: 4, // addrx1 to addrx4
}

// form steps over an attribute and returns its value where that is a number.
func (b *buf) form(form uint64, u *unit) (uint64, bool) {
	if n, ok := fixedForms[form]; ok {
		if n > 8 {
			b.skip(n)
			return 0, !b.bad
		}
		v := b.uint(n)
		return v, !b.bad
	}
	var v uint64
	switch form {
	case formAddr:
		v = b.uint(min(u.addrSize, 8))
	case formSecOffset, formStrp, formLineStrp, formStrpSup:
		v = b.offset(u.is64)
	case formRefAddr:
		if u.version == 2 {
			v = b.uint(min(u.addrSize, 8))
		} else {
			v = b.offset(u.is64)
		}
	case formSdata, formUdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx:
		v = b.uleb()
	case formString:
		for b.u8() != 0 {
		}
	case formBlock, formExprloc:
		b.skipN(b.uleb())
	case formBlock1:
		b.skipN(uint64(b.u8()))
	case formBlock2:
		b.skipN(uint64(b.u16()))
	case formBlock4:
		b.skipN(uint64(b.u32()))
	case formIndirect:
		if f := b.uleb(); f != formIndirect {
			return b.form(f, u)
		}
		return 0, false
	default:
		return 0, false
	}
	return v, !b.bad
}

func (b *buf) skipN(n uint64) {
	if n > uint64(len(b.data)) {
		b.bad = true
		return
	}
	b.skip(int(n))
}
