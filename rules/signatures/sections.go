package signatures

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed sections.txt
var sectionsText string

// Section is where a helper may be called: the section of a program, "xdp",
// and the series of the first kernel of ours that allows it, "" if all do.
type Section struct{ Name, Since string }

var sections = sync.OnceValue(func() map[string][]Section {
	all := map[string][]Section{}
	for line := range strings.Lines(sectionsText) {
		list, names, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		var row []Section
		for _, s := range strings.Fields(list) {
			var n Section
			n.Name, n.Since, _ = strings.Cut(s, "@")
			row = append(row, n)
		}
		for _, h := range strings.Fields(names) {
			all[h] = row
		}
	}
	return all
})

// Sections lists where a helper may be called. ok is false for what is no helper.
func Sections(helper string) (list []Section, ok bool) {
	list, ok = sections()[helper]
	return list, ok
}

// SectionOf finds the name that Sections uses for a section, "kprobe" for
// "kprobe/do_nanosleep"; "" if it has none.
func SectionOf(section string) string {
	section = strings.TrimPrefix(section, "?")
	for s, alias := range map[string]string{"tp": "tracepoint", "classifier": "tc", "raw_tracepoint": "raw_tp", "kretprobe": "kprobe", "uretprobe": "uprobe", "ksyscall": "kprobe", "tcx": "tc", "xdp.frags": "xdp"} {
		if rest, ok := strings.CutPrefix(section, s); ok && (rest == "" || rest[0] == '/') {
			section = alias + rest
			break
		}
	}
	best := ""
	for _, s := range sectionNames() {
		if len(s) > len(best) && (section == s || strings.HasPrefix(section, s+"/")) {
			best = s
		}
	}
	return best
}

// sectionNames are all that some helper has.
var sectionNames = sync.OnceValue(func() []string {
	var all []string
	for _, list := range sections() {
		for _, s := range list {
			if !slices.Contains(all, s.Name) {
				all = append(all, s.Name)
			}
		}
	}
	slices.Sort(all)
	return all
})
