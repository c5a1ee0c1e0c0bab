//go:build linux

// Veridiff runs the kernel's veristat in a guest and `bpfdiag stat` with the same
// kernel on the same objects, and says in what their rows differ.
//
//	veridiff -bpfdiag FILE -guestrun FILE -veristat FILE [-kernel NAME] [-f FILTER] [-v] OBJECT...
//
// The veristat has to be static, of Linux 7.2 or later (older ones lack columns).
// Rows that one of both does not load are counted, and listed with -v.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/stat"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

var (
	bin      = flag.String("bpfdiag", "build/bpfdiag", "bpfdiag")
	guestrun = flag.String("guestrun", "build/guestrun", "guestrun")
	veristat = flag.String("veristat", "", "static veristat")
	name     = flag.String("kernel", kernel.Default, "kernel")
	filter   = flag.String("f", "", "filter for both, such as '!/short_loop1' for all programs but that one")
	verbose  = flag.Bool("v", false, "list the programs that only one of both loads, too")
)

// columns are those compared: all but how long it took, and what is memory.
const columns = "file,prog,verdict,insns,states,peak_states,max_states_per_insn,mark_read,prog_size,prog_size_jited,prog_type,attach_type,stack,max_stack_depth"

func main() {
	flag.Parse()
	if err := run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "veridiff:", err)
		os.Exit(1)
	}
}

func run(objects []string) error {
	if *veristat == "" || len(objects) == 0 {
		return errors.New("no veristat or no object is given: veridiff -veristat FILE OBJECT... [-v]")
	}
	img, err := kernel.Find(*name)
	if err != nil {
		return err
	}
	var all []stat.Pair
	both := []string{"-q", "-o", "csv", "-e", columns}
	if *filter != "" {
		both = append(both, "-f", *filter)
	}
	// In parts, so that an object that a guest dies of does not cost all.
	for part := range slices.Chunk(objects, 100) {
		theirs, err := rows(exec.Command(*guestrun, slices.Concat([]string{"-transparent", "-kernel", img.Path, *veristat}, both, []string{"@", "--"}, part)...))
		if err != nil {
			return fmt.Errorf("veristat on %s and what follows: %w", filepath.Base(part[0]), err)
		}
		ours, err := rows(exec.Command(*bin, slices.Concat([]string{"stat", "--no-cache", "--kernel", *name}, both, part)...))
		if err != nil {
			return err
		}
		all = append(all, stat.Join(theirs, ours)...)
	}
	report(img.Release, all)
	return nil
}

// rows runs a program that prints CSV. Its status says little: veristat's is that of
// the last object.
func rows(cmd *exec.Cmd) ([]stat.Record, error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	all, err := stat.Read(&out)
	return all.Rows, err
}

// tally counts rows that both have.
type tally struct {
	rows, equal int
	differ      []string
}

func (t *tally) String() string {
	return fmt.Sprintf("%d, of which %d rows are equal (%.2f %%)", t.rows, t.equal, 100*float64(t.equal)/float64(max(t.rows, 1)))
}

func report(release string, all []stat.Pair) {
	spec, err := stat.ParseSpec(columns)
	if err != nil {
		panic(err)
	}
	var loaded, failed tally
	var only []string
	for _, p := range all {
		name := p.File + "/" + p.Program
		a, b := p.A, p.B
		if a == nil || b == nil || a.Cell(stat.Verdict) != b.Cell(stat.Verdict) {
			only = append(only, fmt.Sprintf("%s: %s with veristat, %s with bpfdiag", name, verdict(a), verdict(b)))
			continue
		}
		t := &loaded
		if a.Numbers[stat.Verdict] == 0 {
			// What the verifier counted may still be compared, if it was asked.
			if a.Numbers[stat.TotalInsns] == 0 || b.Numbers[stat.TotalInsns] == 0 {
				continue
			}
			t = &failed
		}
		t.rows++
		var what []string
		for _, f := range spec {
			if x, y := a.Cell(f.Column), b.Cell(f.Column); x != y {
				what = append(what, fmt.Sprintf("%s %s with veristat, %s with bpfdiag", f.Column.Name(), x, y))
			}
		}
		if len(what) == 0 {
			t.equal++
		} else {
			t.differ = append(t.differ, name+": "+strings.Join(what, "; "))
		}
	}
	fmt.Printf("Linux %s: %d programs\n  both load %s\n  the verifier rejects with both %s\n  verdicts differ of %d\n", release, len(all), &loaded, &failed, len(only))
	for _, d := range loaded.differ {
		fmt.Println("  differs:", d)
	}
	for _, d := range failed.differ {
		fmt.Println("  differs, rejected:", d)
	}
	if *verbose {
		for _, o := range only {
			fmt.Println("  verdict:", o)
		}
	}
}

func verdict(r *stat.Record) string {
	if r == nil {
		return "no row"
	}
	return r.Cell(stat.Verdict)
}
