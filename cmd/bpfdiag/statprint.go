package main

import (
	"fmt"
	"slices"

	"github.com/bpfdiag/bpfdiag/internal/stat"
)

func (s *statistics) compare(a, b string) error {
	comp, err := s.read(b)
	if err != nil {
		return err
	}
	return s.compareWith(a, s.named(comp.Rows), comp.Columns)
}

// compareWith prints how rows, which have some columns, differ from those of a file.
func (s *statistics) compareWith(path string, rows []stat.Record, has stat.Spec) error {
	base, err := s.read(path)
	if err != nil {
		return err
	}
	all := stat.Join(s.named(base.Rows), rows)
	stat.SortPairs(all, s.order)
	var pairs []stat.Pair
	for _, p := range all {
		if s.filters.ShowsPair(&p) && (s.flags.topN == 0 || len(pairs) < s.flags.topN) {
			pairs = append(pairs, p)
		}
	}
	if s.columns == nil {
		s.columns = stat.TableColumns()
		switch {
		case s.flags.format == "csv":
			s.columns = stat.CSVColumns()
		case s.flags.baseline != "": // -C shows what veristat's does: too much for a line
			s.columns = stat.AcrossColumns()
		}
		s.columns = s.columns.Common(has, base.Columns)
	}
	if err := s.write(stat.Comparison(pairs, s.columns)); err != nil {
		return err
	}
	return s.breaches(all)
}

// breaches says which rows meet a condition of --fail-on.
func (s *statistics) breaches(pairs []stat.Pair) error {
	found := false
	for i := range pairs {
		for _, why := range s.failOn.Met(&pairs[i]) {
			found = true
			fmt.Fprintf(s.errOut, "%s/%s: %s\n", pairs[i].File, pairs[i].Program, why)
		}
	}
	if found {
		return exitCode(exitRejected)
	}
	return nil
}

// print prints the rows.
func (s *statistics) print() error {
	stat.Sort(s.rows, s.order)
	rows := s.shown(s.rows)
	if n := s.flags.topN; n > 0 && len(rows) > n {
		rows = rows[:n]
	}
	if s.columns == nil {
		s.columns = s.defaults()
	}
	if s.flags.any() && (s.flags.format == "table" || s.flags.format == "markdown") {
		return s.printWork(rows)
	}
	if err := s.write(s.table(rows)); err != nil {
		return err
	}
	if s.flags.format == "table" && len(rows) > 0 {
		_, err := fmt.Fprintf(s.out, "Done. Processed %d files, %d programs. Skipped %d files, %d programs.\n", s.files, s.progs, s.skipped, s.left)
		return err
	}
	return nil
}

// table is the table of rows, with what JSON has beside their columns.
func (s *statistics) table(rows []stat.Record) *stat.Grid {
	g := stat.Table(rows, s.columns)
	if s.flags.any() {
		g.Extend(func(i int) map[string]any { return s.workMembers(rows[i].Work) })
	}
	return g
}

// shown are the rows that the filters of numbers let pass.
func (s *statistics) shown(rows []stat.Record) (shown []stat.Record) {
	for _, r := range rows {
		if s.filters.Shows(&r) {
			shown = append(shown, r)
		}
	}
	return shown
}

// showsCode says whether anybody will see why programs failed.
func (s *statistics) showsCode() bool {
	f := &s.flags
	of := func(spec stat.Spec) bool {
		return slices.ContainsFunc(spec, func(f stat.Field) bool { return f.Column == stat.Code })
	}
	switch {
	case s.columns != nil:
		return of(s.columns) || of(s.order) || f.any()
	case of(s.order) || f.any():
		return true
	}
	return f.format != "csv" && !f.veristat && f.baseline == ""
}

// defaults are the columns when none are asked for.
func (s *statistics) defaults() stat.Spec {
	switch s.flags.format {
	case "csv":
		return stat.CSVColumns()
	case "json", "json-lines":
		return stat.CSVColumns().WithCode()
	}
	if s.flags.veristat || !slices.ContainsFunc(s.rows, func(r stat.Record) bool { return r.Code != "" }) {
		return stat.TableColumns()
	}
	return stat.TableColumns().WithCode()
}

func (s *statistics) write(g *stat.Grid) error {
	switch s.flags.format {
	case "csv":
		return g.WriteCSV(s.out)
	case "json":
		return g.WriteJSON(s.out, s.about)
	case "json-lines":
		return g.WriteJSONLines(s.out)
	case "markdown":
		return g.WriteMarkdown(s.out)
	}
	return g.WriteTable(s.out)
}
