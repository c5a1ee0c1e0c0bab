package main

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/rules/messages"
)

// row is a message that one or more series print, in one or more places.
type row struct {
	Site
	series []string
	places []string
}

// rows joins the sites that print the same and mean the same.
func rows(sites []Site) []*row {
	type key struct {
		message, code, reason string
		role                  messages.Role
	}
	found := map[key]*row{}
	var all []*row
	for _, s := range sites {
		k := key{s.Message, s.Code, s.Reason, s.Role}
		r := found[k]
		if r == nil {
			r = &row{Site: s}
			found[k] = r
			all = append(all, r)
		}
		if !slices.Contains(r.series, s.Series) {
			r.series = append(r.series, s.Series)
		}
		if place := path.Base(s.File) + ":" + s.Function; !slices.Contains(r.places, place) {
			r.places = append(r.places, place)
		}
	}
	slices.SortFunc(all, func(a, b *row) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.Code, b.Code),
			strings.Compare(a.Reason, b.Reason), strings.Compare(a.Message, b.Message))
	})
	return all
}

// order puts what nobody claims first, then the codes, then the rest.
func order(r *row) int {
	switch {
	case !r.Claimed():
		return 0
	case r.Code != "":
		return 1
	}
	return 1 + int(r.Role)
}

// fixedUp are the lines that libbpf puts into a log in place of the verifier's
// "invalid func unknown#…" (fixup_verifier_log in tools/lib/bpf/libbpf.c).
var fixedUp = map[string]bool{
	"failed to resolve CO-RE relocation %s":         true,
	"kfunc '%s' is referenced but wasn't resolved":  true,
	"BPF map '%s' is referenced but wasn't created": true,
}

// unused lists the patterns that no site prints: neither as they are nor as a
// special case.
func unused(sites []Site) []*messages.Pattern {
	texts := map[string]bool{}
	var printed []*messages.Pattern
	for _, s := range sites {
		if !texts[s.Message] {
			texts[s.Message] = true
			printed = append(printed, messages.NewPattern(s.Message))
		}
	}
	var all []*messages.Pattern
patterns:
	for _, p := range messages.Patterns() {
		if texts[p.Text] || fixedUp[p.Text] {
			continue
		}
		line := messages.Sample(p.Text)
		for _, q := range printed {
			if got, _ := messages.Line(messages.Sample(q.Text)); got == p || q.Text != "%s" && q.Fits(line) {
				continue patterns
			}
		}
		all = append(all, p)
	}
	return all
}

// printTable prints the coverage of all sites: figures, then the messages under
// what claims them.
func printTable(w io.Writer, sites []Site) {
	all := rows(sites)
	fmt.Fprintln(w, "# Made by go run ./rules/coverage KERNEL_TREE... from the kernels' sources.")
	fmt.Fprintln(w, "# Each message: the series that have it, the text, where it is printed.")
	fmt.Fprintln(w)
	printFigures(w, all, sites)
	names := map[string]string{}
	for _, c := range messages.Codes() {
		names[c.ID] = c.Name
	}
	head := ""
	for _, r := range all {
		h := "unclaimed"
		if r.Code != "" {
			h = r.Code + " " + names[r.Code]
		} else if r.Claimed() {
			h = r.Role.String() + ": " + r.Reason
		}
		if h != head {
			fmt.Fprintf(w, "\n%s\n", h)
			head = h
		}
		slices.SortFunc(r.series, compareSeries)
		slices.Sort(r.places)
		role := ""
		if r.Code != "" && r.Role != messages.Complaint {
			role = r.Role.String() + ": "
		}
		fmt.Fprintf(w, "\t%-16s %s%s\t[%s]\n", strings.Join(r.series, ","), role, r.Message, strings.Join(r.places, " "))
	}
}

func printFigures(w io.Writer, all []*row, sites []Site) {
	var series []string
	for _, s := range sites {
		if !slices.Contains(series, s.Series) {
			series = append(series, s.Series)
		}
	}
	slices.SortFunc(series, compareSeries)
	fmt.Fprintf(w, "%-8s %7s %9s %8s %12s %6s %12s %10s\n", "series", "places", "messages", "claimed", "no complaint", "report", "unreachable", "unclaimed")
	for _, name := range append(series, "all") {
		places := 0
		for _, s := range sites {
			if name == "all" || s.Series == name {
				places++
			}
		}
		var total, claimed, trace, report, unreachable, unclaimed int
		for _, r := range all {
			if name != "all" && !slices.Contains(r.series, name) {
				continue
			}
			total++
			switch {
			case !r.Claimed():
				unclaimed++
			case r.Code != "":
				claimed++
			case r.Role == messages.Unreachable:
				unreachable++
			case r.Role == messages.Report:
				report++
			default:
				trace++
			}
		}
		fmt.Fprintf(w, "%-8s %7d %9d %8d %12d %6d %12d %10d\n", name, places, total, claimed, trace, report, unreachable, unclaimed)
	}
}

// compareSeries puts 6.12 behind 6.1.
func compareSeries(a, b string) int {
	number := func(s string) float64 {
		major, minor, _ := strings.Cut(s, ".")
		x, _ := strconv.Atoi(major)
		y, _ := strconv.Atoi(minor)
		return float64(x)*1000 + float64(y)
	}
	return cmp.Compare(number(a), number(b))
}
