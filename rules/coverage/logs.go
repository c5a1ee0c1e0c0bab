package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/rules/messages"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// Rejection is what the log of a rejected program says.
type Rejection struct {
	Object, Program string
	Message         string
	Match           messages.Match
	Known           bool
}

// readLogs reads DIR/OBJECT/PROGRAM.log. A log without a complaint is of an
// accepted program and is left out.
func readLogs(dir string) ([]Rejection, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.log"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no OBJECT/PROGRAM.log", dir)
	}
	var all []Rejection
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		message := verifierlog.Summarize(string(text)).Message
		if message == "" {
			continue
		}
		r := Rejection{Object: filepath.Base(filepath.Dir(file)), Message: message,
			Program: strings.TrimSuffix(filepath.Base(file), ".log")}
		r.Match, r.Known = messages.Find(message)
		all = append(all, r)
	}
	return all, nil
}

func printLogs(w io.Writer, dirs []string) error {
	for _, dir := range dirs {
		all, err := readLogs(dir)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %d logs with a complaint\n", filepath.Base(dir), len(all))
		byCode := map[string][]Rejection{}
		for _, r := range all {
			byCode[r.Match.Code] = append(byCode[r.Match.Code], r)
		}
		names := map[string]string{"": "unclaimed"}
		for _, c := range messages.Codes() {
			names[c.ID] = c.Name
		}
		codes := slices.SortedFunc(maps.Keys(byCode), func(a, b string) int {
			return cmp.Or(len(byCode[b])-len(byCode[a]), strings.Compare(a, b))
		})
		for _, code := range codes {
			rs := byCode[code]
			fmt.Fprintf(w, "%5d %5.1f%%  %-7s %-30s %s\n", len(rs), 100*float64(len(rs))/float64(len(all)), code, names[code], examples(rs))
			if code == "" {
				for _, r := range rs {
					fmt.Fprintf(w, "\t%s/%s: %q\n", r.Object, r.Program, r.Message)
				}
			}
		}
	}
	return nil
}

// examples names up to three programs, of different objects if possible.
func examples(rs []Rejection) string {
	var names []string
	seen := map[string]bool{}
	for _, r := range rs {
		if !seen[r.Object] && len(names) < 3 {
			seen[r.Object] = true
			names = append(names, strings.TrimSuffix(r.Object, ".bpf.o")+"/"+r.Program)
		}
	}
	return strings.Join(names, " ")
}
