package rules

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var _ = rule("BPF0202", uninitialisedStack)

// stackRead is what a message says of a read of the stack: size bytes from off
// relative to the frame pointer, of which that at first is not set.
type stackRead struct {
	off, first, size int64
	frame            int
	arg              int // of a call that is given the address, 0 for a load
}

func (c *Case) stackRead() (r stackRead, ok bool) {
	if c.last < 0 {
		return r, false
	}
	r.frame = c.Path.Step(c.last).Frame
	var n []int64
	for _, f := range c.match.Fields {
		if a := argumentNumber(f); a > 0 {
			r.arg = a
			continue
		}
		if v, err := strconv.ParseInt(f, 10, 32); err == nil {
			n = append(n, v)
		}
	}
	if len(n) != 3 || n[0] >= 0 || n[0] < -512 || n[2] <= 0 || n[2] > 512 || n[1] < 0 || n[1] >= n[2] {
		return r, false
	}
	r.off, r.size = n[0], n[2]
	r.first = n[0] + n[1]
	if r.arg > 0 && r.arg <= 5 {
		v, known := c.Path.Before(c.last, verifierlog.Reg(r.frame, r.arg))
		if known && v.Base == verifierlog.FramePtr && v.FrameNo >= 0 {
			r.frame = v.FrameNo
		}
	}
	return r, true
}

// unset are the bytes of the read that the log shows to be without a value,
// and what else is in them: 'd' of a dynptr, 'i' of an iterator, 'f' of an
// interrupt state.
// exact is false where the log does not tell of some bytes.
func (c *Case) unset(r stackRead) (bytes map[int64]bool, object byte, exact bool) {
	bytes, exact = map[int64]bool{r.first: true}, true
	for b := r.off; b < r.off+r.size; b++ {
		slot := verifierlog.Slot(r.frame, int(b))
		v, ok := c.Path.Before(c.last, slot)
		if o := c.objectAtSlot(slot); o != 0 {
			if b == r.first {
				object = o
			}
			continue
		}
		if !ok {
			exact = false
			continue
		}
		k := int64(slot.Slot) + 7 - b // the first letter is the highest byte's
		switch {
		case v.Base == verifierlog.NotInit:
			bytes[b] = true
		case k >= 0 && k < int64(len(v.Bytes)):
			switch v.Bytes[k] {
			case '?':
				bytes[b] = true
			case 'd', 'i', 'f':
				if b == r.first {
					object = v.Bytes[k]
				}
			}
		}
	}
	return bytes, object, exact
}

// objectAtSlot says which of the verifier's objects a slot is of: 'd' for a
// dynptr, 'i' for an iterator, 0 for none. The log has the state of one at its
// first slot only (print_verifier_state).
func (c *Case) objectAtSlot(slot verifierlog.Loc) byte {
	const slots = 8 // more than any iterator has
	for n := range slots {
		at := verifierlog.Slot(slot.Frame, slot.Slot-8*n)
		v, ok := c.Path.Before(c.last, at)
		switch {
		case ok && v.Base == verifierlog.Dynptr && n < 2: // BPF_DYNPTR_NR_SLOTS
			return 'd'
		case ok && v.Base == verifierlog.Iter && n < c.iteratorSlots(v.TypeName):
			return 'i'
		case ok && v.Base != verifierlog.NotInit:
			return 0
		}
	}
	return 0
}

// iteratorSlots is how many slots an iterator has, by the object's type of it.
func (c *Case) iteratorSlots(kind string) int {
	if c.Object == nil || c.Object.BTF == nil {
		return 1
	}
	size, err := c.Object.BTF.Size(c.Object.BTF.Find("bpf_iter_"+kind, object.KindStruct))
	if err != nil {
		return 1
	}
	return max(int(size/8), 1)
}

// uninitialisedStack: check_stack_read_fixed_off, check_stack_range_initialized.
func uninitialisedStack(c *Case, d *diag.Diagnostic) {
	d.Message = "this reads bytes of the stack that were never set on this path"
	primary(d, "reads bytes that were never set")
	r, ok := c.stackRead()
	if !ok {
		return
	}
	bytes, object, exact := c.unset(r)
	parts := c.stackParts(r)
	whole, names, padding, variable := c.unsetParts(parts, bytes, r)
	if r.arg > 0 {
		c.markArgument(d, r.arg)
	}
	reads := "this read takes"
	if fn := c.stopped(); fn != "" && r.arg > 0 {
		reads = quote(fn) + " reads"
	}
	if v, end := variableAt(parts, r.off); r.arg > 0 && v != nil && end <= r.first {
		d.Message = fmt.Sprintf("%s %s from %s, which ends after %d", reads, bytesOf(r.size), quote(v.Name), end-r.off)
		if fn := c.stopped(); fn == "" {
			d.Message = fmt.Sprintf("the call reads %s from %s, which ends after %d", bytesOf(r.size), quote(v.Name), end-r.off)
		}
		primary(d, "the bytes behind it have no value")
		d.Helps = append(d.Helps, diag.Help{Text: "pass a size that fits the variable, such as `sizeof(" + v.Name + ")`", Applicability: diag.Placeholder})
		return
	}
	if what := map[byte]string{'d': "a dynptr", 'i': "an iterator", 'f': "a saved interrupt state"}[object]; what != "" {
		d.Message = "the bytes of " + what + " cannot be read"
		if len(names) > 0 && variable != nil {
			d.Message = quote(variable.Name) + " holds " + what + ", whose bytes cannot be read"
		}
		if name := c.objectPhrase(r.arg, ""); name != "" && r.arg > 0 {
			d.Message = name + " holds " + what + ", whose bytes cannot be read"
		}
		primary(d, reads+" them")
		if object == 'd' {
			d.Helps = append(d.Helps, diag.Help{Text: "read what it stands for with `bpf_dynptr_read`, or a pointer from `bpf_dynptr_data` or `bpf_dynptr_slice`", Applicability: diag.Placeholder})
		}
		return
	}
	count := fmt.Sprintf("%d of the %d bytes", len(bytes), r.size)
	if !exact {
		count = fmt.Sprintf("at least %d of the %d bytes", len(bytes), r.size)
	}
	switch {
	case variable == nil:
		d.Notes = append(d.Notes, fmt.Sprintf("%s from fp%d on have no value, the first of them is at fp%d", count, r.off, r.first))
		return
	case len(names) == 0 && padding:
		d.Message = "the padding of " + quote(variable.Name) + " was never set"
		primary(d, reads+" all of it, padding included")
	case whole || len(names) == 1:
		d.Message = quote(names[0]) + " was never set on this path"
		primary(d, reads+" it")
	default:
		d.Message = "not all of " + quote(variable.Name) + " was set on this path"
		primary(d, reads+" all of it")
	}
	if !whole && exact {
		note := count + " are without a value: "
		for i, n := range names {
			if i == 4 {
				note += fmt.Sprintf(" and %d more", len(names)-4)
				break
			}
			if i > 0 {
				note += ", "
			}
			note += quote(n)
		}
		if padding && len(names) > 0 {
			note += ", and padding"
		} else if padding {
			note += "padding between or behind members"
		}
		d.Notes = append(d.Notes, note)
	}
	c.initialise(d, variable, padding)
	set := regexp.MustCompile(`\b` + regexp.QuoteMeta(variable.Name) + `\b[][.\w]*\s*=[^=]`)
	c.skipped(d, set, "the branch that sets "+quote(variable.Name)+" is not taken on this path")
}

// stackParts are the variables in the bytes that are read.
func (c *Case) stackParts(r stackRead) []debuginfo.StackPart {
	step := c.last
	if c.Path.Step(c.last).Frame != r.frame {
		step = c.Path.Callsite(c.last, r.frame+1)
	}
	fn, i, ok := c.function(c.Path.Insn(step))
	if !ok || c.debug() == nil {
		return nil
	}
	return c.debug().Stack(fn, i, r.off, r.size)
}

// variableAt is the variable at an offset of the stack, and where its bytes end.
func variableAt(parts []debuginfo.StackPart, off int64) (v *debuginfo.Variable, end int64) {
	for _, p := range parts {
		switch {
		case p.From <= off && off < p.To && p.Var != nil && !p.Likely:
			v, end = p.Var, p.To
		case v != nil && p.From == end && p.Var == v:
			end = p.To
		}
	}
	return v, end
}

// unsetParts says which variable and members the bytes without a value are, and
// whether some are padding. whole says that it is all that is read. variable is
// nil if they are not known to be of one.
func (c *Case) unsetParts(parts []debuginfo.StackPart, bytes map[int64]bool, r stackRead) (whole bool, names []string, padding bool, variable *debuginfo.Variable) {
	whole = int64(len(bytes)) == r.size
	for _, p := range parts {
		any := false
		for b := p.From; b < p.To; b++ {
			any = any || bytes[b]
		}
		if !any {
			continue
		}
		if p.Var == nil || p.Likely || variable != nil && p.Var.Name != variable.Name {
			return whole, nil, false, nil
		}
		variable = p.Var
		if p.Padding {
			padding = true
		} else {
			names = append(names, p.Expr)
		}
	}
	if whole && variable != nil {
		names = []string{variable.Name}
	}
	return whole, names, padding, variable
}
