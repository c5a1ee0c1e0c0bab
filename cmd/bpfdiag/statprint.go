package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/bpfdiag/bpfdiag/internal/stat"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// read reads the rows of a file that the filters of names let pass.
func (s *statistics) read(path string) ([]stat.Record, stat.Spec, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	rows, has, err := stat.Read(file)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	kept := rows[:0]
	for _, r := range rows {
		if s.filters.Has(r.File, r.Program) {
			kept = append(kept, r)
		}
	}
	return kept, has, nil
}

func (s *statistics) compare(a, b string) error {
	rows, has, err := s.read(b)
	if err != nil {
		return err
	}
	return s.compareWith(a, rows, has)
}

// compareWith prints how rows, which have some columns, differ from those of a file.
func (s *statistics) compareWith(path string, rows []stat.Record, has stat.Spec) error {
	base, baseHas, err := s.read(path)
	if err != nil {
		return err
	}
	all := stat.Join(base, rows)
	stat.SortPairs(all, s.order)
	var pairs []stat.Pair
	for _, p := range all {
		if s.filters.ShowsPair(&p) && (s.flags.topN == 0 || len(pairs) < s.flags.topN) {
			pairs = append(pairs, p)
		}
	}
	if s.columns == nil {
		s.columns = stat.TableColumns().Common(has, baseHas)
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
	var rows []stat.Record
	for _, r := range s.rows {
		if s.filters.Shows(&r) && (s.flags.topN == 0 || len(rows) < s.flags.topN) {
			rows = append(rows, r)
		}
	}
	if s.columns == nil {
		s.columns = s.defaults()
	}
	if s.flags.any() && (s.flags.format == "table" || s.flags.format == "markdown") {
		return s.printWork(rows)
	}
	grid := stat.Table(rows, s.columns)
	if s.flags.any() {
		grid.Extend(func(i int) map[string]any { return s.workMembers(rows[i].Work) })
	}
	if err := s.write(grid); err != nil {
		return err
	}
	if s.flags.format == "table" && len(rows) > 0 {
		_, err := fmt.Fprintf(s.out, "Done. Processed %d files, %d programs. Skipped %d files, %d programs.\n", s.files, s.progs, s.skipped, s.left)
		return err
	}
	return nil
}

// defaults are the columns when none are asked for.
func (s *statistics) defaults() stat.Spec {
	switch s.flags.format {
	case "csv":
		return stat.CSVColumns(seriesOf(s.flags.kernel))
	case "json", "json-lines":
		return stat.CSVColumns("").WithCode()
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

// seriesOf is the series of a kernel as --kernel names it.
func seriesOf(name string) string {
	if img, err := kernel.Find(name); err == nil {
		return img.Series
	}
	return name
}
