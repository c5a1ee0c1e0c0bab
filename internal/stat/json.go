package stat

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/bpfdiag/bpfdiag/diag"
)

// Schema is the version of the JSON document.
const Schema = 1

// member is a column's value in JSON, in the order of the columns.
type member struct {
	name  string
	value any // string, int64, float64, nil, or what Extend is given
}

type members []member

// MarshalJSON keeps the order.
func (ms members) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, m := range ms {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}

func (r *Record) member(c Column) member {
	m := member{columns[c].names[0], r.Numbers[min(c, numbers-1)]}
	if text, ok := r.text(c); ok {
		m.value = text
	}
	return m
}

// members are a comparison's values of a column: insns_base, insns_comp, insns_diff, insns_pct.
func (p *Pair) members(c Column) members {
	name := columns[c].names[0]
	ms := members{{name + "_base", nil}, {name + "_comp", nil}}
	if p.A != nil {
		ms[0].value = p.A.member(c).value
	}
	if p.B != nil {
		ms[1].value = p.B.member(c).value
	}
	if p.A == nil || p.B == nil {
		return ms
	}
	if _, text := p.A.text(c); text {
		return append(ms, member{name + "_match", ms[0].value == ms[1].value})
	}
	x, y := p.A.Numbers[c], p.B.Numbers[c]
	return append(ms, member{name + "_diff", y - x}, member{name + "_pct", percent(x, y)})
}

// Extend adds members to the JSON of the rows.
func (g *Grid) Extend(row func(i int) map[string]any) {
	for i := range g.objects {
		more := row(i)
		for _, name := range slices.Sorted(maps.Keys(more)) {
			g.objects[i] = append(g.objects[i], member{name, more[name]})
		}
	}
}

// About is what a JSON document says of its rows; what is not known is nil.
type About struct {
	Kernel  *diag.Kernel  `json:"kernel,omitempty"`  // of all rows
	Kernels []NamedKernel `json:"kernels,omitempty"` // or those whose numbers stand side by side in each
	Shard   *Shard        `json:"shard,omitempty"`   // that they are
	Tool    *diag.Tool    `json:"tool,omitempty"`    // that wrote them
}

// NamedKernel is a kernel and what rows call it.
type NamedKernel struct {
	Name string `json:"name"`
	diag.Kernel
}

// WriteJSON prints the grid as one document: {"schema": 1, "about": {…}, "rows": […]}.
func (g *Grid) WriteJSON(out io.Writer, about About) error {
	doc := struct {
		Schema int       `json:"schema"`
		About  About     `json:"about,omitzero"`
		Rows   []members `json:"rows"`
	}{Schema, about, g.objects}
	if doc.Rows == nil {
		doc.Rows = []members{}
	}
	e := json.NewEncoder(out)
	e.SetIndent("", " ")
	return e.Encode(doc)
}

// WriteJSONLines prints a row in each line.
func (g *Grid) WriteJSONLines(out io.Writer) error {
	w := bufio.NewWriter(out)
	e := json.NewEncoder(w)
	for _, row := range g.objects {
		if err := e.Encode(row); err != nil {
			return err
		}
	}
	return w.Flush()
}

// Read reads rows from what WriteCSV, WriteJSON or WriteJSONLines has written, or
// veristat. Columns are those that are there. It refuses rows of several kernels.
func Read(in io.Reader) (Results, error) {
	all, err := ReadAll(in)
	switch {
	case err != nil:
		return Results{}, err
	case len(all) > 1:
		return Results{}, errors.New("it has the numbers of several kernels; write a file for each")
	}
	return all[0], nil
}

// ReadAll is Read, with a table for each kernel of the file: one at least.
func ReadAll(in io.Reader) ([]Results, error) {
	b := bufio.NewReader(in)
	for {
		c, err := b.Peek(1)
		switch {
		case err == nil && bytes.IndexByte([]byte(" \t\r\n"), c[0]) >= 0:
			_, _ = b.Discard(1)
			continue
		case err == nil && c[0] == '{':
			return readJSON(b)
		}
		rows, spec, err := ReadCSV(b)
		return []Results{{Rows: rows, Columns: spec}}, err
	}
}

// readJSON reads a document, or a row in each.
func readJSON(in io.Reader) ([]Results, error) {
	d := json.NewDecoder(in)
	d.UseNumber()
	var all []table
	for {
		var doc map[string]json.RawMessage
		if err := d.Decode(&doc); err == io.EOF {
			return finished(all), nil
		} else if err != nil {
			return nil, err
		}
		about := About{}
		var list []map[string]any
		if raw, ok := doc["rows"]; ok {
			if err := unmarshal(raw, &list); err != nil {
				return nil, err
			}
			if raw, ok := doc["about"]; ok {
				if err := unmarshal(raw, &about); err != nil {
					return nil, fmt.Errorf("about: %w", err)
				}
				if s := about.Shard; s != nil && !s.valid() {
					return nil, fmt.Errorf("about: there is no shard %s", s)
				}
			}
		} else {
			row := map[string]any{}
			for name, raw := range doc {
				var v any
				if err := unmarshal(raw, &v); err != nil {
					return nil, err
				}
				row[name] = v
			}
			list = append(list, row)
		}
		if all == nil {
			all = tablesOf(about)
		}
		for i, values := range list {
			for t := range all {
				if err := all[t].add(values); err != nil {
					return nil, fmt.Errorf("row %d: %w", max(i, len(all[0].Rows))+1, err)
				}
			}
		}
	}
}

// table is one that is being read; cols are the columns that it has.
type table struct {
	Results
	cols [numColumns]bool
}

// tablesOf are the tables, still empty, of a document.
func tablesOf(about About) []table {
	if len(about.Kernels) == 0 {
		return []table{{Results: Results{About: about}}}
	}
	var all []table
	for _, k := range about.Kernels {
		all = append(all, table{Results: Results{Kernel: k.Name, About: About{Kernel: &k.Kernel, Shard: about.Shard, Tool: about.Tool}}})
	}
	return all
}

func finished(all []table) (rs []Results) {
	for _, t := range all {
		for c, there := range t.cols {
			if there {
				t.Columns = append(t.Columns, specOf(Column(c))...)
			}
		}
		rs = append(rs, t.Results)
	}
	return rs
}

func unmarshal(raw []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(to)
}

// add reads a row, if the table's kernel has it, and notes its columns. Members
// that are none are left alone.
func (t *table) add(values map[string]any) error {
	var r Record
	for c := range numColumns {
		name := columns[c].names[0]
		v, ok := values[name]
		if !ok {
			continue
		}
		if several, ok := v.(map[string]any); ok {
			if t.Kernel == "" {
				return fmt.Errorf("%s: it has the numbers of several kernels, and nothing says of which; -o json does", name)
			}
			if v = several[t.Kernel]; v == nil {
				return nil // another kernel's
			}
		}
		t.cols[c] = true
		if err := r.parse(c, fmt.Sprint(v)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if r.File == "" || r.Program == "" {
		return errors.New("it names no file or no program")
	}
	t.Rows = append(t.Rows, r)
	return nil
}
