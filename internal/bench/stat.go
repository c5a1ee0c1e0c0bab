//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// statAgainstVeristat measures `bpfdiag stat`, with one guest and with two, against
// veristat in one guest with the same kernel, its boot included: the three in turn,
// n times. What counts are the medians of the ratios within a turn, of time and of
// all their processes' processor time.
func statAgainstVeristat(img kernel.Image, set []string, n int) error {
	ours := func(guests string) *exec.Cmd {
		return exec.Command(*bin, slices.Concat([]string{"stat", "-q", "-o", "csv", "--no-cache", "--kernel", img.Name, "--jobs", guests}, set)...)
	}
	theirs := func() *exec.Cmd {
		return exec.Command(*guestrun, slices.Concat([]string{"-transparent", "-kernel", img.Path, *veristat, "-q", "-o", "csv", "@", "--"}, set)...)
	}
	var times, works, ratios, workRatios [3][]float64
	var rows [3]int
	for i := range n + 1 {
		for j, cmd := range []*exec.Cmd{theirs(), ours("1"), ours("2")} {
			took, work, n, err := table(cmd)
			if err != nil {
				return err
			}
			rows[j] = n
			if i > 0 { // the first is a warm-up
				times[j], works[j] = append(times[j], took), append(works[j], work)
				ratios[j], workRatios[j] = append(ratios[j], took/times[0][i-1]), append(workRatios[j], work/works[0][i-1])
			}
		}
	}
	fmt.Printf("  stat of %d objects / veristat in a guest, %d and %d rows:\n", len(set), rows[1], rows[0])
	for j, guests := range []string{1: "one guest", 2: "two guests"} {
		if j > 0 {
			fmt.Printf("    %s: %s (%s s / %s s), of processor time %s\n", guests, spread(ratios[j]), spread(times[j]), spread(slices.Clone(times[0])), spread(workRatios[j]))
		}
	}
	return nil
}

// table runs a program that prints CSV, counts the rows, and tells its time and its
// processes' processor time. That it could not verify all is no failure; that it
// printed nothing is.
func table(cmd *exec.Cmd) (took, work float64, rows int, err error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	began := time.Now()
	err = cmd.Run()
	took = time.Since(began).Seconds()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 0, 0, 0, err
	}
	if rows = bytes.Count(out.Bytes(), []byte("\n")) - 1; rows < 1 {
		return 0, 0, 0, fmt.Errorf("%s printed no table (%v)", cmd.Path, err)
	}
	work = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return took, work, rows, nil
}
