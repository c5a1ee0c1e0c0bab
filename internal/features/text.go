package features

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteText writes a report for people; width is the screen's, 0 for 100 columns.
func (r *Report) WriteText(w io.Writer, width int) error {
	p := &printer{width: cmp.Or(width, 100), report: r}
	switch {
	case len(r.Names) > 0:
		p.names()
	case r.Overview:
		p.overview()
	default:
		p.programs()
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

type printer struct {
	out    strings.Builder
	width  int
	report *Report
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

// kernels names the kernels: "Linux 6.1.170, 6.12.117 (x86-64 JIT)".
func (p *printer) kernels() string {
	var releases []string
	for _, k := range p.report.Kernels {
		releases = append(releases, k.Release)
	}
	jit := p.report.Kernels[0].JIT + " JIT"
	if p.report.Kernels[0].JIT == "none" {
		jit = "no JIT"
	}
	return "Linux " + strings.Join(releases, ", ") + " (" + jit + ")"
}

// list writes words in lines, behind a title.
func (p *printer) list(title string, words []string) {
	const indent = "    "
	line := title
	for _, word := range words {
		if len(line)+1+len(word) > p.width && strings.TrimSpace(line) != "" {
			p.line("%s", line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	p.line("%s", line)
}

// programs says what programs may do: once what all groups may, then what each may beside it.
func (p *printer) programs() {
	groups := p.report.Groups()
	p.line("%s", p.kernels())
	for _, l := range lists {
		p.common(groups, l.name, l.of)
	}
	p.flags(groups)
	for _, g := range groups {
		p.line("")
		p.group(g, groups)
	}
}

// flagTitles are what a flag says of the functions that have it.
var flagTitles = []struct{ flag, title string }{
	{"gpl", "helpers for programs under the GPL only"},
	{"acquire", "kfuncs that return a reference to be released"},
	{"release", "kfuncs that release one"},
	{"sleepable", "functions for programs that may sleep"},
	{"destructive", "kfuncs that can bring the machine down"},
}

// flags writes what somebody who calls the functions has to know, for the newest kernel.
func (p *printer) flags(groups []Group) {
	last := len(p.report.answers) - 1
	flags := p.report.answers[last].flags(groups, last)
	for _, f := range flagTitles {
		if names := flags[f.flag]; names != nil {
			p.list(fmt.Sprintf("%s (%d):", f.title, len(names)), names)
		}
	}
}

// lists are what a program may use, in the order in which it is shown.
var lists = []struct {
	name string
	of   func(*Program) []string
}{{"helpers", helpersOf}, {"kfuncs", kfuncsOf}, {"maps", mapsOf}, {"in map values", valuesOf}}

// common writes what all groups have, with several kernels those names that not all have.
func (p *printer) common(groups []Group, title string, of func(*Program) []string) {
	var byKernel [][]string
	for i := range p.report.Kernels {
		byKernel = append(byKernel, Common(groups, i, of))
	}
	p.byKernel(title, byKernel)
}

// byKernel writes lists of one kernel, or what differs between several.
func (p *printer) byKernel(title string, lists [][]string) {
	if len(lists) == 1 {
		if len(lists[0]) > 0 {
			p.list(fmt.Sprintf("%s (%d):", title, len(lists[0])), lists[0])
		}
		return
	}
	all := 0
	var order []string
	differ := map[string][]string{}
	seen := map[string]bool{}
	for _, list := range lists {
		for _, name := range list {
			if seen[name] {
				continue
			}
			seen[name] = true
			phrase := p.where(func(i int) bool { return slices.Contains(lists[i], name) })
			if phrase == "" {
				all++
				continue
			}
			if differ[phrase] == nil {
				order = append(order, phrase)
			}
			differ[phrase] = append(differ[phrase], name)
		}
	}
	if all == 0 && len(order) == 0 {
		return
	}
	p.line("%s: %d in all of them", title, all)
	for _, phrase := range order {
		p.list(fmt.Sprintf("  %s (%d):", phrase, len(differ[phrase])), differ[phrase])
	}
}

// where says in which kernels something is: "since 6.12.117", "up to 6.1.170",
// "only in …"; empty for all.
func (p *printer) where(in func(kernel int) bool) string {
	var have []string
	n, changes, last := len(p.report.Kernels), 0, in(0)
	for i, k := range p.report.Kernels {
		if in(i) {
			have = append(have, k.Series)
		}
		if in(i) != last {
			changes, last = changes+1, in(i)
		}
	}
	switch {
	case len(have) == n:
		return ""
	case changes == 1 && in(n-1):
		return "since " + have[0]
	case changes == 1 && len(have) > 1:
		return "up to " + have[len(have)-1]
	}
	return "only in " + strings.Join(have, ", ")
}

// group writes what programs of some sections may do beside what all may.
func (p *printer) group(g Group, groups []Group) {
	first := g.In[0]
	title := fmt.Sprintf("%s (%s", strings.Join(g.Sections, ", "), first.Type)
	if first.Sleepable {
		title += ", may sleep"
	}
	p.list(title+")", nil)
	for i, in := range g.In {
		if in.Error != "" {
			p.line("  Linux %s: %s", p.report.Kernels[i].Release, in.Error)
		}
	}
	if returns := p.returns(g); returns != "" {
		p.line("  returns: %s", returns)
	}
	p.context(g)
	for _, l := range lists {
		var byKernel [][]string
		for i := range p.report.Kernels {
			byKernel = append(byKernel, without(l.of(g.In[i]), Common(groups, i, l.of)))
		}
		title := "  " + l.name
		if len(groups) > 1 {
			title = "  more " + l.name
		}
		p.byKernel(title, byKernel)
	}
}

// newest is what the newest kernel that takes such programs says of them.
func (g Group) newest() *Program {
	for _, in := range slices.Backward(g.In) {
		if in.Error == "" {
			return in
		}
	}
	return g.In[len(g.In)-1]
}

// returns is what programs of a group may return.
func (p *printer) returns(g Group) string {
	return p.perKernel(func(i int) string {
		if g.In[i].Error != "" {
			return ""
		}
		return cmp.Or(g.In[i].Returns, "anything")
	})
}

// perKernel is a value that may differ between kernels: "0..3", "0 (6.1), 0..1 (6.12)".
func (p *printer) perKernel(value func(kernel int) string) string {
	var values []string
	same := true
	for i := range p.report.Kernels {
		same = same && value(i) == value(0)
		if v := value(i); v != "" {
			values = append(values, fmt.Sprintf("%s (%s)", v, p.report.Kernels[i].Series))
		}
	}
	if same {
		return value(0)
	}
	return strings.Join(values, ", ")
}

// context writes the fields of the newest kernel's context.
func (p *printer) context(g Group) {
	c := g.newest().Context
	if c == nil {
		return
	}
	p.line("  context: %s", c.Name)
	t := tabwriter.NewWriter(&p.out, 0, 0, 2, ' ', 0)
	var closed []string
	for _, f := range c.Fields {
		if f.Read == "" && !f.Write {
			closed = append(closed, f.Name)
			continue
		}
		since := p.where(func(i int) bool {
			old := g.In[i].Context
			return old != nil && slices.ContainsFunc(old.Fields, func(o Field) bool { return o.Name == f.Name && o.Read == f.Read && o.Write == f.Write })
		})
		what := cmp.Or(f.Read, "not to be read")
		if f.Write {
			what += ", may be written"
		}
		if since != "" {
			what += ", " + since
		}
		fmt.Fprintf(t, "    %d\t%s\t%s\n", f.Offset, f.Name, what)
	}
	t.Flush()
	if closed != nil {
		p.list("    neither to be read nor written:", closed)
	}
}
