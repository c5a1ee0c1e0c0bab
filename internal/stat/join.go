package stat

import "math"

// Pair is a program's rows in two tables; one of them may be nil.
type Pair struct {
	File, Program string
	A, B          *Record
}

// Join puts the rows of two tables side by side, by file and program.
func Join(a, b []Record) []Pair {
	type key struct{ file, program string }
	at := map[key]int{}
	var pairs []Pair
	for i := range a {
		r := &a[i]
		at[key{r.File, r.Program}] = len(pairs)
		pairs = append(pairs, Pair{File: r.File, Program: r.Program, A: r})
	}
	for i := range b {
		r := &b[i]
		if j, ok := at[key{r.File, r.Program}]; ok && pairs[j].B == nil {
			pairs[j].B = r
		} else {
			pairs = append(pairs, Pair{File: r.File, Program: r.Program, B: r})
		}
	}
	SortPairs(pairs, DefaultSort())
	return pairs
}

func (p *Pair) code(v Variant) string {
	r := p.B
	if v == VariantA {
		r = p.A
	}
	if r == nil {
		return ""
	}
	return r.Code
}

// number is a value of a comparison; the least there is where a row is missing
// (fetch_join_stat_value).
func (p *Pair) number(c Column, v Variant) float64 {
	a, b := p.A, p.B
	if v == VariantA {
		b = a
	} else if v == VariantB {
		a = b
	}
	if a == nil || b == nil {
		return -math.MaxFloat64
	}
	x, y := a.Numbers[c], b.Numbers[c]
	switch v {
	case VariantDiff:
		if c == Verdict {
			if x == y {
				return 1 // MATCH
			}
			return 0
		}
		return float64(y - x)
	case VariantPct:
		return percent(x, y)
	}
	return float64(y)
}

// percent is how much b is more than a.
func percent(a, b int64) float64 {
	switch {
	case a == b:
		return 0
	case a != 0:
		return float64(b-a) * 100 / float64(a)
	case b < a:
		return -100
	}
	return 100
}
