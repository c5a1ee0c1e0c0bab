//go:build linux

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// rejection is what one object costs to explain, as ratios of a check to the same
// check with --raw: of their times, and of the processor time of all their processes.
type rejection struct {
	object     string
	time, work float64
}

// rejected measures what diagnostics cost, over all objects of a folder that
// the kernel rejects.
func rejected(kernel, folder string, n int) error {
	objects, err := filepath.Glob(filepath.Join(folder, "*.bpf.o"))
	if err != nil || len(objects) == 0 {
		return fmt.Errorf("no objects in %s", folder)
	}
	var all []rejection
	for _, o := range objects {
		r, ok, err := rejects(kernel, o, n)
		if err != nil {
			return err
		}
		if ok {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		fmt.Printf("  none of %d objects is rejected\n", len(objects))
		return nil
	}
	var times, works []float64
	for _, r := range all {
		times, works = append(times, r.time), append(works, r.work)
	}
	fmt.Printf("  check of %d rejected objects / the same with --raw: %s, of processor time %s\n", len(all), spread(times), spread(works))
	slices.SortFunc(all, func(a, b rejection) int { return cmp.Compare(b.work, a.work) })
	for _, r := range all[:min(len(all), 3)] {
		fmt.Printf("    %s: %.3g, of processor time %.3g\n", strings.TrimSuffix(filepath.Base(r.object), ".bpf.o"), r.time, r.work)
	}
	return nil
}

// rejects takes the medians of neighbouring pairs; ok is false for an object
// that is not rejected.
func rejects(kernel, object string, n int) (r rejection, ok bool, err error) {
	var times, works []float64
	for i := range n + 1 {
		a, status, err := timed(*bin, "check", "--no-cache", "--kernel", kernel, object)
		if err != nil || status != 1 {
			return r, false, err
		}
		b, _, err := timed(*bin, "check", "--no-cache", "--raw", "--kernel", kernel, object)
		if err != nil {
			return r, false, err
		}
		if i > 0 { // the first is a warm-up
			times = append(times, a[0].Seconds()/b[0].Seconds())
			works = append(works, a[1].Seconds()/b[1].Seconds())
		}
	}
	slices.Sort(times)
	slices.Sort(works)
	return rejection{object, times[len(times)/2], works[len(works)/2]}, true, nil
}

// timed runs a program and returns how long it took, and the processor time of
// it and its children.
func timed(name string, args ...string) (took [2]time.Duration, status int, err error) {
	cmd := exec.Command(name, args...)
	start := time.Now()
	err = cmd.Run()
	took[0] = time.Since(start)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status, err = exit.ExitCode(), nil
	}
	if err == nil {
		took[1] = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return took, status, err
}
