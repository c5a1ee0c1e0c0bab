package verifierlog

import "fmt"

// Loc is a place that holds a value: a register or a stack slot of a frame.
type Loc struct {
	Frame int // call depth, 0 outermost
	Reg   int // 0 to 10, or -1 for a slot
	Slot  int // offset of a slot's first byte from the frame pointer: -8, -16, … -512
}

// Reg is register r of a frame.
func Reg(frame, r int) Loc { return Loc{Frame: frame, Reg: r} }

// Slot is the stack slot of a frame that holds the byte at offset off (-8, or
// -5, is the topmost).
func Slot(frame, off int) Loc { return Loc{Frame: frame, Reg: -1, Slot: slotOf(off)} }

// String: "r1", "fp-8", and "frame1:r1" in a callee.
func (l Loc) String() string {
	s := fmt.Sprintf("r%d", l.Reg)
	if l.Reg < 0 {
		s = fmt.Sprintf("fp%d", l.Slot)
	}
	if l.Frame > 0 {
		s = fmt.Sprintf("frame%d:%s", l.Frame, s)
	}
	return s
}

const (
	maxFrames  = 16 // the kernel allows 8 (MAX_CALL_FRAMES)
	stackSlots = 64 // 512 bytes
	numRegs    = 11
)

// slotOf rounds an offset down to the slot that holds it.
func slotOf(off int) int { return off &^ 7 }

func validSlot(off int) bool { return off < 0 && off >= -8*stackSlots && off%8 == 0 }
