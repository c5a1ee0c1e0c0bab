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
// n times. What counts are the medians of the ratios within a turn.
func statAgainstVeristat(img kernel.Image, set []string, n int) error {
	ours := func(guests string) *exec.Cmd {
		return exec.Command(*bin, slices.Concat([]string{"stat", "-q", "-o", "csv", "--no-cache", "--kernel", img.Name, "--jobs", guests}, set)...)
	}
	theirs := func() *exec.Cmd {
		return exec.Command(*guestrun, slices.Concat([]string{"-transparent", "-kernel", img.Path, *veristat, "-q", "-o", "csv", "@", "--"}, set)...)
	}
	var veri, one, two, first, second []float64
	var rows [3]int
	for i := range n + 1 {
		var took [3]float64
		for j, cmd := range []*exec.Cmd{theirs(), ours("1"), ours("2")} {
			var err error
			if took[j], rows[j], err = table(cmd); err != nil {
				return err
			}
		}
		if i == 0 { // warm-up
			continue
		}
		veri, one, two = append(veri, took[0]), append(one, took[1]), append(two, took[2])
		first, second = append(first, took[1]/took[0]), append(second, took[2]/took[0])
	}
	fmt.Printf("  stat of %d objects / veristat in a guest, %d and %d rows:\n", len(set), rows[1], rows[0])
	fmt.Printf("    one guest: %s (%s s / %s s)\n", spread(first), spread(one), spread(veri))
	fmt.Printf("    two guests: %s (%s s)\n", spread(second), spread(two))
	return nil
}

// table runs a program that prints CSV and counts the rows. That it could not
// verify all is no failure; that it printed nothing is.
func table(cmd *exec.Cmd) (seconds float64, rows int, err error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	began := time.Now()
	err = cmd.Run()
	seconds = time.Since(began).Seconds()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 0, 0, err
	}
	if rows = bytes.Count(out.Bytes(), []byte("\n")) - 1; rows < 1 {
		return 0, 0, fmt.Errorf("%s printed no table: %w", cmd.Path, err)
	}
	return seconds, rows, nil
}
