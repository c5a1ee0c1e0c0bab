package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/rogpeppe/go-internal/testscript"
)

// runVeristat is the scripts' command `veristat ARG...`: ours under that name, or
// the real one in a guest with the files of the script's folder, if $VERISTAT
// names it. What differs from run to run is replaced in what it prints.
func runVeristat(bin string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		dir := ts.MkAbs(".")
		cmd := exec.Command(bin, args...)
		cmd.Args[0] = "veristat"
		if real := os.Getenv("VERISTAT"); real != "" {
			img, err := kernel.Find("")
			ts.Check(err)
			cmd = exec.Command(os.Getenv("GUESTRUN"), "-transparent", "-kernel", img.Path, real)
			files, _ := filepath.Glob(filepath.Join(dir, "[a-z]*.*"))
			cmd.Args = append(append(append(cmd.Args, args...), "--"), files...)
		}
		cmd.Dir = dir
		cmd.Stderr = ts.Stderr()
		out, err := cmd.Output()
		_, _ = ts.Stdout().Write([]byte(steady(string(out))))
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		if neg != (err != nil) {
			ts.Fatalf("%v\n%s", err, out)
		}
	}
}

var (
	timesIn   = regexp.MustCompile(`(DURATION US: |verification time )\d+`)
	pointers  = regexp.MustCompile(`0xff[0-9a-f]{14}`)
	durations = regexp.MustCompile(`Duration \(us\)`)
)

// steady replaces durations and addresses of the kernel's memory by n. A column
// keeps its width.
func steady(out string) string {
	out = timesIn.ReplaceAllString(out, "${1}n")
	out = pointers.ReplaceAllString(out, "n")
	out = strings.ReplaceAll(out, "+0 (-0.00%)", "+0 (+0.00%)") // veristat's, of -1
	lines := strings.Split(out, "\n")
	var at []int // of the durations in a table
	column := -1 // and in CSV
	for i, line := range lines {
		switch {
		case durations.MatchString(line) && !strings.Contains(line, "(A)"):
			at = durations.FindStringIndex(line)
		case line == "duration" || strings.Contains(line, "prog_name,verdict,duration"):
			column = strings.Count(line[:strings.Index(line, "duration")], ",")
		case at != nil && len(line) >= at[1] && strings.TrimLeft(line[at[0]:at[1]], " 0123456789") == "":
			lines[i] = line[:at[0]] + strings.Repeat(" ", at[1]-at[0]-1) + "n" + line[at[1]:]
		case column >= 0 && strings.Count(line, ",") >= column && line != "":
			cells := strings.Split(line, ",")
			cells[column] = "n"
			lines[i] = strings.Join(cells, ",")
		}
	}
	return strings.Join(lines, "\n")
}
