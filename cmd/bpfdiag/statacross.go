package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/stat"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// kernelNames are the kernels of --kernel: one, several with commas between them,
// or "all" that are built.
func kernelNames(flag string) ([]string, error) {
	if flag != "all" {
		names := strings.FieldsFunc(flag, func(r rune) bool { return r == ',' })
		if len(names) == 0 {
			return nil, errors.New("--kernel names no kernel")
		}
		return names, nil
	}
	images, err := kernel.List()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, img := range images {
		names = append(names, img.Name)
	}
	if len(names) == 0 {
		return nil, errors.New("no kernel is built; `bpfdiag kernel build` builds one")
	}
	return names, nil
}

// across verifies with several kernels and prints their numbers side by side.
func (s *statistics) across(ctx context.Context, kernels, files []string) error {
	if err := s.oneKernelOnly(kernels); err != nil {
		return err
	}
	var tables [][]stat.Record
	for i, name := range kernels {
		s.flags.kernel, s.rows = name, nil
		s.files, s.skipped, s.progs, s.left = 0, 0, 0, 0
		s.announced = i > 0
		if err := s.verify(ctx, fmt.Sprintf("kernel %d of %d, %s", i+1, len(kernels), name), files); err != nil {
			return err
		}
		tables = append(tables, s.rows)
		s.about.Kernels = append(s.about.Kernels, stat.NamedKernel{Name: name, Kernel: *s.about.Kernel})
	}
	s.about.Kernel = nil // each is named where its numbers are
	if s.columns == nil {
		s.columns = s.acrossDefaults()
	}
	if err := s.beside(kernels, tables); err != nil {
		return err
	}
	return s.usable()
}

// oneKernelOnly refuses what is for one kernel.
func (s *statistics) oneKernelOnly(kernels []string) error {
	names := strings.Join(kernels, ", ")
	if s.flags.baseline != "" || s.flags.failOn != nil {
		return fmt.Errorf("--baseline and --fail-on are for one kernel, not for %s", names)
	}
	if s.flags.hotFlags.any() {
		return fmt.Errorf("--hot and --top-lines are for one kernel, not for %s", names)
	}
	return nil
}

// beside prints the rows of several kernels.
func (s *statistics) beside(kernels []string, tables [][]stat.Record) error {
	for _, rows := range tables {
		stat.Sort(rows, s.order)
	}
	rows := slices.DeleteFunc(stat.JoinAll(tables...), func(r stat.Row) bool {
		return !slices.ContainsFunc(r.In, func(in *stat.Record) bool { return in != nil && s.filters.Shows(in) })
	})
	if n := s.flags.topN; n > 0 && len(rows) > n {
		rows = rows[:n]
	}
	return s.write(stat.Across(kernels, rows, s.columns))
}

// acrossDefaults are the columns of several kernels when none are asked for.
func (s *statistics) acrossDefaults() stat.Spec {
	if s.flags.format == "json" { // which is written to be read, by --merge for one
		return stat.CSVColumns().WithCode()
	}
	return stat.AcrossColumns()
}
