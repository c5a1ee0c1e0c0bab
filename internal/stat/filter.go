package stat

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Filters say which rows there are: those that no filter of Deny has, and, if
// there are any of its kind, one of Allow. Filters of names and of numbers are
// two kinds.
type Filters struct{ Allow, Deny []Filter }

// Filter is of names ("xdp*", "file*/prog*") or of a number ("insns>1000").
type Filter struct {
	// Globs: either is matched, or both that are not empty.
	either, file, program string

	field    Field
	operator string // "" in a filter of names
	value    int64
}

// operators, none behind one that it is the beginning of.
var operators = []string{"==", "!=", "<>", "<=", "<", ">=", ">", "="}

// Add adds a filter; with "!" in front it is one of Deny.
func (f *Filters) Add(s string) error {
	text, deny := strings.CutPrefix(s, "!")
	filter, err := parseFilter(text)
	switch {
	case err != nil:
		return err
	case deny:
		f.Deny = append(f.Deny, filter)
	default:
		f.Allow = append(f.Allow, filter)
	}
	return nil
}

func parseFilter(s string) (Filter, error) {
	for _, op := range operators {
		name, value, found := strings.Cut(s, op)
		if !found {
			continue
		}
		field, ok := findField(name)
		if !ok {
			return Filter{}, fmt.Errorf("filter %q: no column is called %q; there are %s", s, name, strings.Join(Names()[:numbers], ", "))
		}
		if field.Column >= numbers {
			return Filter{}, fmt.Errorf("filter %q: %q is not a number; a filter of names is a pattern, FILE/PROGRAM or one for both", s, name)
		}
		n, err := filterValue(value)
		if err != nil {
			return Filter{}, fmt.Errorf("filter %q: %q is neither a whole number nor success or failure", s, value)
		}
		return Filter{field: field, operator: op, value: n}, nil
	}
	var f Filter
	if file, program, both := strings.Cut(s, "/"); both {
		f.file, f.program = file, program
	} else {
		f.either = s
	}
	if f == (Filter{}) {
		return f, fmt.Errorf("filter %q is empty", s)
	}
	return f, nil
}

func filterValue(s string) (int64, error) {
	switch strings.ToLower(s) {
	case "true", "t", "success", "succ", "s", "match", "m":
		return 1, nil
	case "false", "f", "failure", "fail", "mismatch", "mis":
		return 0, nil
	}
	return strconv.ParseInt(strings.TrimSpace(s), 10, 64)
}

// Names tells sets of filters of names apart; "" if there is none.
func (f *Filters) Names() string {
	var text strings.Builder
	for _, list := range []struct {
		filters []Filter
		sign    string
	}{{f.Allow, "+"}, {f.Deny, "-"}} {
		for _, g := range list.filters {
			if g.operator == "" {
				fmt.Fprintf(&text, "%s%q%q%q", list.sign, g.either, g.file, g.program)
			}
		}
	}
	return text.String()
}

// MayHave says whether a file can have rows, before its programs are known.
func (f *Filters) MayHave(file string) bool {
	return f.names(func(g *Filter, deny bool) bool {
		switch {
		case deny:
			return g.program == "" && glob(file, g.either+g.file)
		case g.file != "":
			return glob(file, g.file)
		}
		return true // who knows what its programs are called
	})
}

// Has says whether there is a row of a program.
func (f *Filters) Has(file, program string) bool {
	return f.names(func(g *Filter, _ bool) bool {
		if g.either != "" {
			return glob(file, g.either) || glob(program, g.either)
		}
		return (g.file == "" || glob(file, g.file)) && (g.program == "" || glob(program, g.program))
	})
}

func (f *Filters) names(matches func(g *Filter, deny bool) bool) bool {
	return f.pass(false, matches)
}

// pass asks the filters of one kind.
func (f *Filters) pass(ofNumbers bool, matches func(g *Filter, deny bool) bool) bool {
	for i := range f.Deny {
		if g := &f.Deny[i]; (g.operator != "") == ofNumbers && matches(g, true) {
			return false
		}
	}
	none := true
	for i := range f.Allow {
		g := &f.Allow[i]
		if (g.operator != "") != ofNumbers {
			continue
		}
		if matches(g, false) {
			return true
		}
		none = false
	}
	return none
}

// Shows says whether a row is shown.
func (f *Filters) Shows(r *Record) bool {
	return f.pass(true, func(g *Filter, _ bool) bool { return g.compare(float64(r.Numbers[g.field.Column])) })
}

// ShowsPair says whether a row of a comparison is shown.
func (f *Filters) ShowsPair(p *Pair) bool {
	return f.pass(true, func(g *Filter, _ bool) bool { return g.compare(p.number(g.field.Column, g.field.Variant)) })
}

// Met lists the conditions of Allow that a row of a comparison meets, each with
// the row's value: "insns_pct is 12.5, over 10". A row that is missing in one of
// the tables meets none that is about both.
func (f *Filters) Met(p *Pair) (met []string) {
	for i := range f.Allow {
		g := &f.Allow[i]
		v := p.number(g.field.Column, g.field.Variant)
		if g.operator == "" || v == -math.MaxFloat64 || !g.compareSigned(v) {
			continue
		}
		name := columns[g.field.Column].names[0] + variantSuffixes[g.field.Variant]
		met = append(met, fmt.Sprintf("%s is %s (%s %d)", strings.TrimSuffix(name, "_b"), strings.TrimSuffix(strconv.FormatFloat(v, 'f', 2, 64), ".00"), g.operator, g.value))
	}
	return met
}

// compare compares without the sign, as veristat does. Percentages are no whole
// numbers, hence the tolerance.
func (f *Filter) compare(v float64) bool { return f.compareSigned(math.Abs(v)) }

func (f *Filter) compareSigned(v float64) bool {
	const eps = 1e-9
	if f.field.Abs {
		v = math.Abs(v)
	}
	d := v - float64(f.value)
	switch f.operator {
	case "=", "==":
		return math.Abs(d) < eps
	case "!=", "<>":
		return math.Abs(d) >= eps
	case "<":
		return d < -eps
	case "<=":
		return d <= eps
	case ">":
		return d > eps
	}
	return d >= -eps
}

// glob matches a pattern in which "*" is any text, "/" included.
func glob(s, pattern string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	s, ok := strings.CutPrefix(s, first)
	if !ok || !star {
		return ok && s == ""
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, last)
}
