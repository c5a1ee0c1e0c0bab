package stat

import (
	"fmt"
	"slices"
	"strings"
)

// Results are a file of rows.
type Results struct {
	Name    string // of the file
	Rows    []Record
	Columns Spec
	About   About
}

// maxTold is how many contradictions an error names.
const maxTold = 10

// Merge joins the tables of shards, or of any runs with one kernel. A program that
// several tables have is one row if their numbers are the same, durations aside;
// otherwise the error names it, and what they say. Missing are the shards that
// no table is of: "3/5".
func Merge(tables []Results) (all Results, missing []string, err error) {
	if err := oneKernel(tables); err != nil {
		return all, nil, err
	}
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
	all.About = About{Kernel: tables[0].About.Kernel}
	if sharded {
		missing = missingParts(tables)
	}
	return all, missing, nil
}

// oneKernel refuses numbers of several kernels, as far as tables tell theirs.
func oneKernel(tables []Results) error {
	var with *Results
	for i := range tables {
		t := &tables[i]
		switch {
		case t.About.Kernel == nil:
		case with == nil:
			with = t
		case *with.About.Kernel != *t.About.Kernel:
			return fmt.Errorf("%s is of %s, %s of %s; numbers of two kernels stand side by side with `bpfdiag stat -C`",
				with.Name, kernelText(with), t.Name, kernelText(t))
		}
	}
	return nil
}

func kernelText(t *Results) string {
	k := t.About.Kernel
	return "Linux " + k.Release + " with the " + k.JIT + " JIT"
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
