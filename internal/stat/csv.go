package stat

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// WriteCSV prints the grid as veristat does: no quotes but around a text with a
// comma, and no header's blanks.
func (g *Grid) WriteCSV(out io.Writer) error {
	b := bufio.NewWriter(out)
	w := csv.NewWriter(b)
	var line []string
	for _, h := range g.heads {
		line = append(line, h.csv)
	}
	_ = w.Write(line)
	for _, row := range g.rows {
		line = line[:0]
		for _, c := range row {
			line = append(line, c.text)
		}
		_ = w.Write(line)
	}
	w.Flush()
	return errors.Join(w.Error(), b.Flush())
}

// ReadCSV reads a table that this package or veristat has written. The spec has
// its columns. Errors name the line.
func ReadCSV(in io.Reader) ([]Record, Spec, error) {
	r := csv.NewReader(in)
	names, err := r.Read()
	if err == io.EOF {
		return nil, nil, errors.New("the file is empty; the first line of a CSV file names its columns")
	} else if err != nil {
		return nil, nil, err
	}
	var spec Spec
	has := map[Column]bool{}
	for _, name := range names {
		f, err := parseField(name)
		if err != nil {
			return nil, nil, fmt.Errorf("line 1: %w", err)
		}
		spec = append(spec, f)
		has[f.Column] = true
	}
	if !has[FileName] || !has[ProgName] {
		return nil, nil, fmt.Errorf("line 1: rows need the columns %s and %s", columns[FileName].names[0], columns[ProgName].names[0])
	}
	var rows []Record
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return rows, spec, nil
		} else if err != nil {
			return nil, nil, err
		}
		var row Record
		for i, f := range spec {
			if err := row.parse(f.Column, cells[i]); err != nil {
				line, _ := r.FieldPos(i)
				return nil, nil, fmt.Errorf("line %d, column %s: %w", line, names[i], err)
			}
		}
		if row.File == "" || row.Program == "" {
			line, _ := r.FieldPos(0)
			return nil, nil, fmt.Errorf("line %d: no file or no program is named", line)
		}
		rows = append(rows, row)
	}
}

// parse is the reverse of Cell.
func (r *Record) parse(c Column, text string) error {
	switch c {
	case FileName:
		r.File = text
	case ProgName:
		r.Program = text
	case Code:
		r.Code = text
	case Verdict:
		switch text {
		case "success":
			r.Numbers[c] = 1
		case "failure":
		default:
			return fmt.Errorf("%q is neither success nor failure", text)
		}
	case ProgType:
		t, ok := loader.ParseProgramType(text)
		if !ok {
			return fmt.Errorf("no program type is called %q", text)
		}
		r.Numbers[c] = int64(t)
	case AttachType:
		t, ok := loader.ParseAttachType(text)
		if !ok {
			return fmt.Errorf("no attach type is called %q", text)
		}
		r.Numbers[c] = int64(t)
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		r.Numbers[c] = n
	}
	return nil
}
