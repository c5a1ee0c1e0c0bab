package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	//go:embed arguments.txt
	argumentsText string
	//go:embed selftests.txt
	selftestsText string
)

// arguments are what arguments.txt says.
type arguments struct {
	at    map[string]string // OBJECT/PROGRAM: why our place is better
	long  map[string]string // why ours has more than a third of the lines
	facts []factRule
	// Reports of at most short lines need no reason of their own to be less
	// than three times as long as ours, if that has at most ours lines.
	short, ours int
	shortReason string
}

// factRule is why facts that look alike are left out.
type factRule struct {
	code   string // BPFnnnn, or "*"
	match  *regexp.Regexp
	reason string
}

func readArguments(text string) (*arguments, error) {
	a := &arguments{at: map[string]string{}, long: map[string]string{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.SplitN(line, " ", 3)
		if len(f) < 3 {
			return nil, fmt.Errorf("arguments.txt: %s", line)
		}
		switch f[0] {
		case "at":
			a.at[f[1]] = f[2]
		case "long":
			a.long[f[1]] = f[2]
		case "fact":
			pattern, reason, ok := strings.Cut(f[2], " :: ")
			re, err := regexp.Compile(`^(?:` + pattern + `)$`)
			if !ok || err != nil {
				return nil, fmt.Errorf("arguments.txt: %s: %v", line, err)
			}
			a.facts = append(a.facts, factRule{code: f[1], match: re, reason: reason})
		case "short":
			ours, reason, _ := strings.Cut(f[2], " ")
			a.short, _ = strconv.Atoi(f[1])
			if a.ours, _ = strconv.Atoi(ours); a.short <= 0 || a.ours <= 0 || reason == "" {
				return nil, fmt.Errorf("arguments.txt: %s", line)
			}
			a.shortReason = reason
		default:
			return nil, fmt.Errorf("arguments.txt: %s", line)
		}
	}
	return a, nil
}

// unsaid is why a fact is not in our diagnostic, "" if nothing is said of it.
func (a *arguments) unsaid(c *comparison, f *fact) string {
	what := f.word
	if f.event != nil {
		what = f.event.Kind + ": " + f.event.Text
	}
	for _, r := range a.facts {
		if (r.code == "*" || r.code == c.diag.Code) && r.match.MatchString(what) {
			return r.reason
		}
	}
	return ""
}

// tooLong is why ours has more than a third of a report's lines, "" if nothing
// is said of it.
func (a *arguments) tooLong(name string, report, ours int) string {
	if reason := a.long[name]; reason != "" || report > a.short || ours > a.ours {
		return reason
	}
	return a.shortReason
}

// programList reads lines of OBJECT/PROGRAM.
func programList(text string) []string {
	all := []string{}
	for line := range strings.Lines(text) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); name != "" && name[0] != '#' && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
