package stat

import "strings"

// AcrossColumns are the columns of a table that has several values for each, such as
// those of several kernels, when none are asked for.
func AcrossColumns() Spec { return specOf(FileName, ProgName, Verdict, TotalInsns, TotalStates) }

// Row is a program's rows in several tables; nil where it is not in one.
type Row struct {
	File, Program string
	In            []*Record
}

// JoinAll puts several tables side by side, by file and program.
func JoinAll(tables ...[]Record) []Row {
	type key struct{ file, program string }
	at := map[key]int{}
	var rows []Row
	for i, table := range tables {
		for j := range table {
			r := &table[j]
			n, ok := at[key{r.File, r.Program}]
			if !ok {
				n = len(rows)
				at[key{r.File, r.Program}] = n
				rows = append(rows, Row{r.File, r.Program, make([]*Record, len(tables))})
			}
			rows[n].In[i] = r
		}
	}
	return rows
}

// differs says whether a column is not the same in all tables that have the row.
func (r *Row) differs(c Column) bool {
	first := ""
	for i, in := range r.In {
		cell := notThere
		if in != nil {
			cell = in.Cell(c)
		}
		if i == 0 {
			first = cell
		} else if cell != first {
			return true
		}
	}
	return false
}

// changed names the columns of a spec that differ; how long it took is no difference.
func (r *Row) changed(spec Spec) string {
	var names []string
	for _, f := range spec {
		if f.Column != Duration && !f.Column.key() && r.differs(f.Column) {
			names = append(names, columns[f.Column].names[len(columns[f.Column].names)-1])
		}
	}
	return strings.Join(names, ", ")
}

// Across is the grid of tables with names side by side: of each column the value
// in each, and at the end what differs.
func Across(names []string, rows []Row, spec Spec) *Grid {
	g := beside(spec, func(c Column) (heads []head) {
		for _, name := range names {
			heads = append(heads, head{title: columns[c].header, suffix: " (" + name + ")", csv: columns[c].names[0] + "_" + name, left: columns[c].left})
		}
		return heads
	})
	g.heads = append(g.heads, head{title: "Changed", csv: "changed", left: true})
	for i := range rows {
		r := &rows[i]
		g.add(spec, r.File, r.Program, func(c Column) (cells []cell, object members) {
			_, left := new(Record).text(c)
			var values members
			for k, in := range r.In {
				if in == nil {
					cells, values = append(cells, cell{notThere, left}), append(values, member{names[k], nil})
					continue
				}
				cells, values = append(cells, cell{in.Cell(c), left}), append(values, member{names[k], in.member(c).value})
			}
			return cells, members{{columns[c].names[0], values}}
		})
		changed := r.changed(spec)
		g.rows[i] = append(g.rows[i], cell{changed, true})
		g.objects[i] = append(g.objects[i], member{"changed", changed})
	}
	return g
}
