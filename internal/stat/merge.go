package stat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// Results are a table of rows, as a file has them of one kernel.
type Results struct {
	Name    string // of the file
	Kernel  string // what the file calls the kernel, if it has rows of several
	Rows    []Record
	Columns Spec
	About   About
}

// maxTold is how many contradictions an error names.
const maxTold = 10

// Merge joins the tables of shards, or of any runs: to one for each kernel, in the
// order in which kernels are first met. A program that several tables of a kernel
// have is one row if their numbers are the same, durations aside; otherwise the
// error names it, and what they say. Missing are the shards that no table is of:
// "3/5", or with several kernels "3/5 of 6.1".
func Merge(tables []Results) (all []Results, missing []string, err error) {
	groups, err := byKernel(tables)
	if err != nil {
		return nil, nil, err
	}
	var absent [][]string
	for _, g := range groups {
		one, parts, err := mergeOne(g)
		if err != nil {
			return nil, nil, err
		}
		all, absent = append(all, one), append(absent, parts)
	}
	for i, name := range KernelNames(all) {
		for _, part := range absent[i] {
			if len(all) > 1 {
				part += " of " + name
			}
			missing = append(missing, part)
		}
	}
	return all, missing, nil
}

// byKernel puts tables together that are of one kernel. One that does not tell its
// kernel goes with the others if these are all of one.
func byKernel(tables []Results) (groups [][]Results, err error) {
	var unknown []Results
	for _, t := range tables {
		if t.About.Kernel == nil {
			unknown = append(unknown, t)
			continue
		}
		i := slices.IndexFunc(groups, func(g []Results) bool { return *g[0].About.Kernel == *t.About.Kernel })
		if i < 0 {
			i, groups = len(groups), append(groups, nil)
		}
		groups[i] = append(groups[i], t)
	}
	switch {
	case len(groups) > 1 && unknown != nil:
		a, b := groups[0][0], groups[1][0]
		return nil, fmt.Errorf("%s does not say of what kernel it is, and the others are of several (%s of %s, %s of %s); -o json does",
			unknown[0].Name, a.Name, kernelText(a.About.Kernel), b.Name, kernelText(b.About.Kernel))
	case len(groups) > 1:
		return groups, nil
	}
	return [][]Results{tables}, nil
}

// KernelNames are names for the kernels of tables, as short as they can be to tell
// them apart.
func KernelNames(tables []Results) (names []string) {
	for _, name := range [...]func(*Results, *diag.Kernel) string{
		func(t *Results, k *diag.Kernel) string {
			if t.Kernel != "" {
				return t.Kernel
			}
			return k.Series
		},
		func(_ *Results, k *diag.Kernel) string { return k.Release },
		func(_ *Results, k *diag.Kernel) string { return k.Release + " " + k.JIT },
	} {
		names = nil
		for i := range tables {
			k := tables[i].About.Kernel
			if k == nil {
				k = &diag.Kernel{}
			}
			names = append(names, name(&tables[i], k))
		}
		if len(slices.Compact(slices.Sorted(slices.Values(names)))) == len(names) {
			break
		}
	}
	return names
}

func kernelText(k *diag.Kernel) string {
	return "Linux " + k.Release + " with the " + k.JIT + " JIT"
}

// mergeOne joins tables of one kernel.
func mergeOne(tables []Results) (all Results, missing []string, err error) {
	sharded, err := oneList(tables)
	if err != nil {
		return all, nil, err
	}
	// Objects of one name are the same in two tables, but not in one table or in
	// two shards of one list.
	type key struct {
		file, program string
		nth, part     int
	}
	type place struct {
		table *Results
		row   *Record
	}
	known := map[key]place{}
	var wrong []string
	for t := range tables {
		seen := map[key]int{}
		for i := range tables[t].Rows {
			r := &tables[t].Rows[i]
			k := key{file: r.File, program: r.Program}
			if sharded {
				k.part = tables[t].About.Shard.Part
			}
			n := seen[k]
			seen[k]++
			k.nth = n
			if p, ok := known[k]; !ok {
				known[k] = place{&tables[t], r}
				all.Rows = append(all.Rows, *r)
			} else if why := contradiction(p.table, &tables[t], p.row, r); why != "" {
				wrong = append(wrong, why)
			}
		}
	}
	if len(wrong) > maxTold {
		wrong = append(wrong[:maxTold], fmt.Sprintf("and %d more", len(wrong)-maxTold))
	}
	if len(wrong) > 0 {
		return all, nil, fmt.Errorf("the files contradict each other\n  %s", strings.Join(wrong, "\n  "))
	}
	var others []Spec
	for _, t := range tables[1:] {
		others = append(others, t.Columns)
	}
	all.Columns = tables[0].Columns.Common(others...)
	for _, t := range tables {
		if all.About.Kernel == nil {
			all.About.Kernel = t.About.Kernel
		}
		if all.Kernel == "" {
			all.Kernel = t.Kernel
		}
	}
	if sharded {
		missing = missingParts(tables)
	}
	return all, missing, nil
}

// oneList says whether all tables are shards of one list of objects.
func oneList(tables []Results) (bool, error) {
	var with *Results
	for i := range tables {
		t := &tables[i]
		switch s := t.About.Shard; {
		case s == nil:
			return false, nil
		case with == nil:
			with = t
		case with.About.Shard.Parts != s.Parts:
			return false, fmt.Errorf("%s is shard %s, %s shard %s: not of one whole", with.Name, with.About.Shard, t.Name, s)
		case with.About.Shard.List != s.List:
			return false, fmt.Errorf("%s and %s are shards of different lists: of %d objects and of %d", with.Name, t.Name, with.About.Shard.Objects, s.Objects)
		}
	}
	return with != nil, nil
}

func missingParts(tables []Results) (missing []string) {
	parts := tables[0].About.Shard.Parts
	for part := 1; part <= parts; part++ {
		if !slices.ContainsFunc(tables, func(t Results) bool { return t.About.Shard.Part == part }) {
			missing = append(missing, fmt.Sprintf("%d/%d", part, parts))
		}
	}
	return missing
}

// contradiction says what two tables, with their rows a and b of one program, do
// not agree on, in the columns that both have.
func contradiction(ta, tb *Results, a, b *Record) string {
	var parts []string
	for _, f := range ta.Columns.Common(tb.Columns) {
		if c := f.Column; c != Duration && c != MemPeak && a.Cell(c) != b.Cell(c) {
			parts = append(parts, fmt.Sprintf("%s is %s and %s", columns[c].names[0], a.Cell(c), b.Cell(c)))
		}
	}
	if parts == nil {
		return ""
	}
	return fmt.Sprintf("%s/%s: %s (%s, %s)", a.File, a.Program, strings.Join(parts, ", "), ta.Name, tb.Name)
}
