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
	Kernel *diag.Kernel `json:"kernel,omitempty"` // of all rows
	Shard  *Shard       `json:"shard,omitempty"`  // that they are
	Tool   *diag.Tool   `json:"tool,omitempty"`   // that wrote them
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
// veristat. Columns are those that are there.
func Read(in io.Reader) (Results, error) {
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
		return Results{Rows: rows, Columns: spec}, err
	}
}

func readJSON(in io.Reader) (t Results, err error) {
	d := json.NewDecoder(in)
	d.UseNumber()
	var cols [numColumns]bool
	for {
		var doc map[string]json.RawMessage
		if err := d.Decode(&doc); err == io.EOF {
			for c, there := range cols {
				if there {
					t.Columns = append(t.Columns, specOf(Column(c))...)
				}
			}
			return t, nil
		} else if err != nil {
			return t, err
		}
		var list []map[string]any
		if raw, ok := doc["rows"]; ok {
			if err := unmarshal(raw, &list); err != nil {
				return t, err
			}
			if about, ok := doc["about"]; ok {
				if err := unmarshal(about, &t.About); err != nil {
					return t, fmt.Errorf("about: %w", err)
				}
				if s := t.About.Shard; s != nil && !s.valid() {
					return t, fmt.Errorf("about: there is no shard %s", s)
				}
			}
		} else {
			row := map[string]any{}
			for name, raw := range doc {
				var v any
				if err := unmarshal(raw, &v); err != nil {
					return t, err
				}
				row[name] = v
			}
			list = append(list, row)
		}
		for _, values := range list {
			r, err := recordOf(values, &cols)
			if err != nil {
				return t, fmt.Errorf("row %d: %w", len(t.Rows)+1, err)
			}
			t.Rows = append(t.Rows, r)
		}
	}
}

func unmarshal(raw []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(to)
}

// recordOf reads a row and notes its columns. Members that are none are left alone.
func recordOf(values map[string]any, cols *[numColumns]bool) (r Record, err error) {
	for c := range numColumns {
		v, ok := values[columns[c].names[0]]
		if !ok {
			continue
		}
		cols[c] = true
		if _, several := v.(map[string]any); several {
			return r, fmt.Errorf("%s: it has the numbers of several kernels; write a file for each", columns[c].names[0])
		}
		if err := r.parse(c, fmt.Sprint(v)); err != nil {
			return r, fmt.Errorf("%s: %w", columns[c].names[0], err)
		}
	}
	if r.File == "" || r.Program == "" {
		return r, errors.New("it names no file or no program")
	}
	return r, nil
}
