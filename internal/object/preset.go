package object

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
)

// Preset sets a global variable of an object, or a part of one, before it is
// loaded: "cfg.ports[1].mode = MODE_FAST". Forms and limits are those of
// veristat's --set-global-vars.
type Preset struct {
	text  string // of the variable
	path  []presetStep
	value presetValue
}

// presetStep is a member, by its name, or an element.
type presetStep struct {
	name  string
	index presetValue // where name is empty
}

// presetValue is a number, or the name of an enumerator.
type presetValue struct {
	number     int64
	enumerator string
}

var (
	presetForm = lazyregexp.New(`^\s*([][a-zA-Z0-9_. ]*?)\s*=\s*(\S+)\s*$`)
	presetAtom = lazyregexp.New(`^\s*([a-zA-Z0-9_]+)\s*((?:\[\s*[a-zA-Z0-9_]+\s*\]\s*)*)$`)
	presetWord = lazyregexp.New(`[a-zA-Z0-9_]+`)
)

// ParsePreset reads "variable = value".
func ParsePreset(expr string) (p Preset, err error) {
	m := presetForm.FindStringSubmatch(expr)
	if m == nil {
		return p, fmt.Errorf("%q is not of the form VARIABLE = VALUE", expr)
	}
	p.text = m[1]
	for atom := range strings.SplitSeq(m[1], ".") {
		a := presetAtom.FindStringSubmatch(atom)
		if a == nil {
			return p, fmt.Errorf("%q: %q is neither a name nor an element of an array", expr, atom)
		}
		p.path = append(p.path, presetStep{name: a[1]})
		for _, index := range presetWord.FindAllString(a[2], -1) {
			v, err := parsePresetValue(index)
			if err != nil {
				return p, fmt.Errorf("%q: %w", expr, err)
			}
			p.path = append(p.path, presetStep{index: v})
		}
	}
	if p.value, err = parsePresetValue(m[2]); err != nil {
		return p, fmt.Errorf("%q: %w", expr, err)
	}
	return p, nil
}

// parsePresetValue reads a number as C writes it; what does not begin as one is
// taken for an enumerator.
func parsePresetValue(s string) (presetValue, error) {
	if s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return presetValue{enumerator: s}, nil
	}
	n, err := strconv.ParseInt(s, 0, 64)
	if errors.Is(err, strconv.ErrRange) {
		var u uint64
		u, err = strconv.ParseUint(s, 0, 64)
		n = int64(u)
	}
	if err != nil {
		return presetValue{}, fmt.Errorf("%q is not a number of 64 bits", s)
	}
	return presetValue{number: n}, nil
}

// Preset sets variables. Each has to be there, and to be set once.
func (o *Object) Preset(presets []Preset) error {
	applied := make([]bool, len(presets))
	for _, m := range o.Maps {
		if m.Role == StructOpsMap || o.BTF == nil || o.BTF.Kind(m.ValueType) != KindDatasec {
			continue
		}
		for _, v := range o.BTF.Members(m.ValueType) {
			for i, p := range presets {
				if p.path[0].name != v.Name {
					continue
				}
				if applied[i] {
					return fmt.Errorf("variable %s is there more than once", p.text)
				}
				if err := o.preset(m, v, p); err != nil {
					return fmt.Errorf("%s: %w", p.text, err)
				}
				applied[i] = true
			}
		}
	}
	for i, p := range presets {
		if !applied[i] {
			return fmt.Errorf("there is no global variable %s", p.text)
		}
	}
	return nil
}

// preset sets a variable, or a part of it, in the contents of a map.
func (o *Object) preset(m *Map, v Member, p Preset) error {
	b := o.BTF
	at := uint64(v.Offset)
	id := b.Underlying(b.Target(v.Type))
	name := v.Name
	for _, step := range p.path[1:] {
		if step.name == "" {
			elem, n := b.Elems(id)
			if b.Kind(id) != KindArray {
				return fmt.Errorf("%s is not an array", name)
			}
			i, err := b.presetNumber(step.index, 0)
			if err != nil {
				return err
			}
			if i < 0 || i >= int64(n) {
				return fmt.Errorf("%s has the elements 0 to %d, not %d", name, int64(n)-1, i)
			}
			size, err := b.Size(elem)
			if err != nil {
				return err
			}
			at, id = at+uint64(i)*uint64(size), b.Underlying(elem)
			continue
		}
		f, ok := b.member(id, step.name, 0, 0)
		if !ok {
			return fmt.Errorf("%s has no member %s", name, step.name)
		}
		if f.BitField != 0 {
			return fmt.Errorf("%s is a bit-field, which cannot be preset", step.name)
		}
		at, id, name = at+uint64(f.Offset/8), b.Underlying(f.Type), step.name
	}
	return m.put(b, at, id, p.value)
}

// put writes a number to a place of a type in the contents of a map.
func (m *Map) put(b *BTF, at uint64, id uint32, value presetValue) error {
	kind := b.Kind(id)
	if kind != KindInt && kind != KindEnum && kind != KindEnum64 {
		return errors.New("only integers and enumerations can be preset")
	}
	if kind == KindInt && value.enumerator != "" {
		return fmt.Errorf("%s is not a number, and the variable is no enumeration", value.enumerator)
	}
	n, err := b.presetNumber(value, id)
	if err != nil {
		return err
	}
	size, err := b.Size(id)
	if err != nil {
		return err
	}
	if size < 8 {
		limit, low := int64(1)<<(8*size), int64(0)
		if b.IsSigned(id) {
			limit /= 2
			low = -limit
		}
		// As veristat, which lets negative numbers into unsigned variables.
		if n >= limit || n < -limit {
			return fmt.Errorf("%d is out of the range of its type, %d to %d", n, low, limit-1)
		}
	}
	if at+uint64(size) > uint64(m.ValueSize) || size > 8 {
		return errors.New("the variable lies outside of its section")
	}
	if m.Data == nil {
		m.Data = make([]byte, m.ValueSize)
	}
	var bytes [8]byte
	binary.LittleEndian.PutUint64(bytes[:], uint64(n))
	copy(m.Data[at:at+uint64(size)], bytes[:])
	return nil
}

// member finds a member of a structure or union, also in its unnamed ones.
func (b *BTF) member(id uint32, name string, offset uint32, depth int) (Member, bool) {
	if k := b.Kind(id); k != KindStruct && k != KindUnion || depth > maxResolveDepth {
		return Member{}, false
	}
	for _, m := range b.Members(id) {
		m.Offset += offset
		if m.Name == name {
			return m, true
		}
		if m.Name == "" {
			if f, ok := b.member(b.Underlying(m.Type), name, m.Offset, depth+1); ok {
				return f, true
			}
		}
	}
	return Member{}, false
}

// presetNumber is the number that a value stands for: an enumerator of the type,
// or, where id is 0, of any.
func (b *BTF) presetNumber(v presetValue, id uint32) (int64, error) {
	if v.enumerator == "" {
		return v.number, nil
	}
	from, to := id, id+1
	if id == 0 {
		from, to = 1, uint32(b.Len())
	}
	for id := from; id < to; id++ {
		if n, ok := b.enumeratorValue(id, v.enumerator); ok {
			return n, nil
		}
	}
	return 0, fmt.Errorf("no enumerator is called %s", v.enumerator)
}

// enumeratorValue is the value of an enumeration's member.
func (b *BTF) enumeratorValue(id uint32, name string) (int64, bool) {
	rec := b.record(id)
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(rec[btfTypeLen+4*i:]) }
	for i := range b.vlen(id) {
		switch b.Kind(id) {
		case KindEnum:
			if b.String(word(2*i)) == name {
				return int64(int32(word(2*i + 1))), true
			}
		case KindEnum64:
			if b.String(word(3*i)) == name {
				return int64(uint64(word(3*i+1)) | uint64(word(3*i+2))<<32), true
			}
		}
	}
	return 0, false
}
