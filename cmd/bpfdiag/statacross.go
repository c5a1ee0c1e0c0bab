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
	if s.flags.baseline != "" || s.flags.failOn != nil {
		return fmt.Errorf("--baseline and --fail-on are for one kernel, not for %s", strings.Join(kernels, ", "))
	}
	if s.flags.hotFlags.any() {
		return fmt.Errorf("--hot and --top-lines are for one kernel, not for %s", strings.Join(kernels, ", "))
	}
	var tables [][]stat.Record
	for i, name := range kernels {
		s.flags.kernel, s.rows = name, nil
		s.files, s.skipped, s.progs, s.left = 0, 0, 0, 0
		s.announced = i > 0
		if err := s.verify(ctx, fmt.Sprintf("kernel %d of %d, %s", i+1, len(kernels), name), files); err != nil {
			return err
		}
		stat.Sort(s.rows, s.order)
		tables = append(tables, s.rows)
	}
	if s.columns == nil {
		s.columns = stat.AcrossColumns()
	}
	rows := slices.DeleteFunc(stat.JoinAll(tables...), func(r stat.Row) bool {
		return !slices.ContainsFunc(r.In, func(in *stat.Record) bool { return in != nil && s.filters.Shows(in) })
	})
	if n := s.flags.topN; n > 0 && len(rows) > n {
		rows = rows[:n]
	}
	s.about.Kernel = nil // each is named where its numbers are
	if err := s.write(stat.Across(kernels, rows, s.columns)); err != nil {
		return err
	}
	return s.usable()
}
