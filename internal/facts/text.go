package facts

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// Text says what a set is, as a phrase: "0 to 1500", "NULL or a pointer to a value of map
// `counts` (8 bytes)". t is the type of what holds it, nil if that is not known. "" if the
// set is empty.
func (s *Set) Text(t *debuginfo.Type) string {
	if s.Empty() {
		return ""
	}
	if s.Any {
		return "not known on every path"
	}
	var words []string
	var numbers []verifierlog.Bounds
	null := false
	for i := range s.Values {
		v := &s.Values[i]
		if v.Base == verifierlog.Scalar {
			numbers = append(numbers, v.Bounds)
			continue
		}
		null = null || v.Flags&verifierlog.MaybeNull != 0
		words = addWord(words, v.pointer())
	}
	if len(numbers) > 0 {
		text := numbersText(numbers, t, len(words) > 0 || t.Pointee() != nil)
		if text == "NULL" {
			null = true
		} else {
			words = append(words, text)
		}
	}
	if null {
		words = slices.Insert(words, 0, "NULL")
	}
	return either(words)
}

func addWord(words []string, w string) []string {
	if slices.Contains(words, w) {
		return words
	}
	return append(words, w)
}

// either joins phrases: "a, b or c".
func either(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}

// numbersText says what numbers there may be in a variable of type t. pointer says that
// there are pointers too, or should be.
func numbersText(list []verifierlog.Bounds, t *debuginfo.Type, pointer bool) string {
	if pointer {
		if len(list) == 1 && list[0].Mask == 0 && list[0].Value == 0 {
			return "NULL"
		}
		return "a number that the verifier does not take for a pointer"
	}
	r := rangesOf(list, t)
	if u := t; u != nil && u.Underlying().Kind == debuginfo.Bool {
		return r.truth()
	}
	return r.String()
}

// Ranges are the numbers that a variable may hold.
type Ranges struct {
	Signed bool
	Size   int64 // in bytes
	List   []Range
	// Step is the power of two that all are multiples of, 1 if there is none.
	Step uint64
}

// Range is a range of numbers, both ends included; they are int64 if the type is signed.
type Range struct{ Low, High uint64 }

// rangesOf gives the numbers as those of a type; nil stands for a register's 64 bits.
func rangesOf(list []verifierlog.Bounds, t *debuginfo.Type) Ranges {
	r := Ranges{Size: 8, Signed: true, Step: 1}
	if t != nil {
		u := t.Underlying()
		switch u.Kind {
		case debuginfo.Int, debuginfo.Enum, debuginfo.Bool:
			r.Signed, r.Size = u.Signed, u.Size
		case debuginfo.Pointer:
			r.Signed = false
		}
	} else {
		r.Signed = false
		for i := range list {
			r.Signed = r.Signed || list[i].Smin < 0 && list[i].Smin > math.MinInt64
		}
	}
	if r.Size != 1 && r.Size != 2 && r.Size != 4 {
		r.Size = 8
	}
	bits := uint64(0)
	for i := range list {
		r.List = append(r.List, r.of(&list[i]))
		bits |= list[i].Value | list[i].Mask
	}
	for r.Step < 1<<20 && bits != 0 && bits&r.Step == 0 {
		r.Step <<= 1
	}
	r.merge()
	return r
}

// Ranges are the numbers of a set as those of a type; ok is false if it is empty or may
// hold something that is none.
func (s *Set) Ranges(t *debuginfo.Type) (r Ranges, ok bool) {
	if _, ok := s.number(); !ok || t.Pointee() != nil {
		return r, false
	}
	var list []verifierlog.Bounds
	for i := range s.Values {
		list = append(list, s.Values[i].Bounds)
	}
	return rangesOf(list, t), true
}

// whole says that a set is all that its type can hold.
func (s *Set) whole(t *debuginfo.Type) bool {
	b, ok := s.number()
	if !ok {
		return false
	}
	r := rangesOf([]verifierlog.Bounds{b}, t)
	return t.Pointee() != nil || r.Whole()
}

// of is the range of a type that bounds of a register stand for.
func (r *Ranges) of(b *verifierlog.Bounds) Range {
	switch {
	case r.Size == 8 && r.Signed:
		return Range{uint64(b.Smin), uint64(b.Smax)}
	case r.Size == 8:
		return Range{b.Umin, b.Umax}
	case r.Size == 4 && r.Signed:
		return Range{uint64(int64(b.Smin32)), uint64(int64(b.Smax32))}
	case r.Size == 4:
		return Range{uint64(b.Umin32), uint64(b.Umax32)}
	}
	n := uint(8 * r.Size)
	if r.Signed {
		low, high := int64(-1)<<(n-1), int64(1)<<(n-1)-1
		if int64(b.Smin32) >= low && int64(b.Smax32) <= high {
			return Range{uint64(int64(b.Smin32)), uint64(int64(b.Smax32))}
		}
		return Range{uint64(low), uint64(high)}
	}
	most := uint64(1)<<n - 1
	low, high := b.Value&most, (b.Value|b.Mask)&most
	if uint64(b.Umax32) <= most {
		low, high = max(low, uint64(b.Umin32)), min(high, uint64(b.Umax32))
	}
	return Range{low, high}
}

func (r *Ranges) less(a, b uint64) bool {
	if r.Signed {
		return int64(a) < int64(b)
	}
	return a < b
}

// merge puts the ranges in order and joins those that touch.
func (r *Ranges) merge() {
	slices.SortFunc(r.List, func(a, b Range) int {
		switch {
		case r.less(a.Low, b.Low):
			return -1
		case r.less(b.Low, a.Low):
			return 1
		}
		return 0
	})
	out := r.List[:1]
	for _, x := range r.List[1:] {
		last := &out[len(out)-1]
		if !r.less(last.High, x.Low) || last.High+1 == x.Low {
			if r.less(last.High, x.High) {
				last.High = x.High
			}
			continue
		}
		out = append(out, x)
	}
	r.List = out
}

// limits are those of the type.
func (r *Ranges) limits() (low, high uint64) {
	n := uint(8 * r.Size)
	if r.Signed {
		return uint64(int64(-1) << (n - 1)), uint64(int64(1)<<(n-1) - 1)
	}
	return 0, math.MaxUint64 >> (64 - n)
}

func (r *Ranges) number(n uint64) string {
	if r.Signed {
		return fmt.Sprint(int64(n))
	}
	if n >= 1<<32 {
		return fmt.Sprintf("%#x", n)
	}
	return fmt.Sprint(n)
}

// Whole says that nothing is known but the type.
func (r *Ranges) Whole() bool {
	low, high := r.limits()
	return len(r.List) == 1 && r.List[0] == Range{low, high}
}

// String is "5", "0 to 1500", "1, 2 or 20 to 60", "at least 14", "any number".
func (r *Ranges) String() string {
	low, high := r.limits()
	var words []string
	wide := 0
	for _, x := range r.List {
		if x.High-x.Low > r.Step {
			wide++
		}
		switch {
		case x.Low == x.High:
			words = append(words, r.number(x.Low))
		case x.High-x.Low == r.Step: // the only two
			words = append(words, r.number(x.Low), r.number(x.High))
		case x.Low == low && x.High == high:
			words = append(words, "any number")
		case x.High == high && (r.Signed || x.Low > 0):
			words = append(words, "at least "+r.number(x.Low))
		case x.Low == low && r.Signed:
			words = append(words, "at most "+r.number(x.High))
		default:
			words = append(words, r.number(x.Low)+" to "+r.number(x.High))
		}
	}
	s := either(words)
	if r.Step > 1 && wide > 0 {
		s += fmt.Sprintf(", a multiple of %d", r.Step)
	}
	return s
}

// Exact says that the ranges are single numbers.
func (r *Ranges) Exact() bool {
	for _, x := range r.List {
		if x.Low != x.High {
			return false
		}
	}
	return true
}

func (r *Ranges) truth() string {
	if len(r.List) == 1 && r.List[0].Low == r.List[0].High {
		if r.List[0].Low == 0 {
			return "false"
		}
		return "true"
	}
	return "true or false"
}
