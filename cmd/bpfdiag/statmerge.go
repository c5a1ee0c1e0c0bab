package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/stat"
)

// read reads a file of rows, of one kernel.
func (s *statistics) read(path string) (stat.Results, error) {
	all, err := s.readAll(path)
	switch {
	case err != nil:
		return stat.Results{}, err
	case len(all) > 1:
		return stat.Results{}, fmt.Errorf("%s has the numbers of several kernels, %s; two files of one kernel each are compared", path, strings.Join(stat.KernelNames(all), ", "))
	}
	return all[0], nil
}

// readAll reads a file of rows: a table for each kernel.
func (s *statistics) readAll(path string) ([]stat.Results, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all, err := stat.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i := range all {
		all[i].Name = path
	}
	return all, nil
}

// named are the rows that the filters of names let pass.
func (s *statistics) named(rows []stat.Record) []stat.Record {
	kept := rows[:0]
	for _, r := range rows {
		if s.filters.Has(r.File, r.Program) {
			kept = append(kept, r)
		}
	}
	return kept
}

// replay prints the rows of files again, side by side if they are of several kernels.
// Of several files, it joins the rows; which shards are missing is told, and in the
// exit status.
func (s *statistics) replay(paths []string) error {
	var all []stat.Results
	for _, path := range paths {
		tables, err := s.readAll(path)
		if err != nil {
			return err
		}
		all = append(all, tables...)
	}
	t := tool()
	s.about.Tool = &t
	if s.flags.merge {
		joined, missing, err := stat.Merge(all)
		if err != nil {
			return err
		}
		if all = joined; len(missing) > 0 {
			s.unusable = true
			fmt.Fprintf(s.errOut, "bpfdiag: no file has the rows of shard %s\n", strings.Join(missing, ", "))
		}
	}
	if len(all) > 1 {
		return s.replayBeside(all)
	}
	one := all[0]
	read, files := len(one.Rows), map[string]bool{}
	for _, r := range one.Rows {
		files[r.File] = true
	}
	s.rows, s.about.Kernel = s.named(one.Rows), one.About.Kernel
	if s.flags.merge { // veristat counts nothing that it only reads
		s.files, s.progs, s.left = len(files), len(s.rows), read-len(s.rows)
	} else {
		s.about.Shard = one.About.Shard
	}
	if s.columns == nil {
		s.columns = s.defaults().Common(one.Columns)
	}
	if err := s.report(one.Columns); err != nil {
		return err
	}
	return s.usable()
}

// replayBeside prints the rows of several kernels.
func (s *statistics) replayBeside(all []stat.Results) error {
	names := stat.KernelNames(all)
	if err := s.oneKernelOnly(names); err != nil {
		return err
	}
	var tables [][]stat.Record
	var has []stat.Spec
	for i, t := range all {
		tables, has = append(tables, s.named(t.Rows)), append(has, t.Columns)
		s.about.Kernels = append(s.about.Kernels, stat.NamedKernel{Name: names[i], Kernel: *t.About.Kernel})
		if !s.flags.merge {
			s.about.Shard = t.About.Shard
		}
	}
	if s.columns == nil {
		s.columns = s.acrossDefaults().Common(has...)
	}
	if err := s.beside(names, tables); err != nil {
		return err
	}
	return s.usable()
}
