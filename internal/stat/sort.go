package stat

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Sort sorts rows; programs that are alike in all of the fields by name.
func Sort(rows []Record, by Spec) {
	sortRows(rows, by, func(a, b *Record, f Field) int {
		if f.Column >= numbers {
			return strings.Compare(a.Cell(f.Column), b.Cell(f.Column))
		}
		x, y := a.Numbers[f.Column], b.Numbers[f.Column]
		if f.Abs {
			x, y = max(x, -x), max(y, -y)
		}
		return cmp.Compare(x, y)
	})
}

// SortPairs sorts rows of a comparison.
func SortPairs(pairs []Pair, by Spec) {
	sortRows(pairs, by, func(a, b *Pair, f Field) int {
		switch f.Column {
		case FileName:
			return strings.Compare(a.File, b.File)
		case ProgName:
			return strings.Compare(a.Program, b.Program)
		case Code:
			return strings.Compare(a.code(f.Variant), b.code(f.Variant))
		}
		x, y := a.number(f.Column, f.Variant), b.number(f.Column, f.Variant)
		if f.Abs {
			x, y = math.Abs(x), math.Abs(y)
		}
		return cmp.Compare(x, y)
	})
}

// sortRows sorts by fields and then by name; compare compares upwards.
func sortRows[R any](rows []R, by Spec, compare func(a, b *R, f Field) int) {
	by = slices.Concat(by, DefaultSort())
	slices.SortStableFunc(rows, func(a, b R) int {
		for _, f := range by {
			if c := compare(&a, &b, f); c != 0 && f.Asc {
				return c
			} else if c != 0 {
				return -c
			}
		}
		return 0
	})
}
