package verifierlog

import (
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
)

// inReport reads a line of the report that Linux 7.3 and later print behind a
// complaint (kernel/bpf/diagnostics.c). Section titles begin a line, all else
// is indented.
func (s *Scanner) inReport(t []byte) bool {
	n := &s.node
	switch {
	case t[0] == ' ':
		n.Form = ReportBody
	case isSection(t):
		n.Form = ReportSection
		s.section = append(s.section[:0], t[:len(t)-1]...)
		n.Text = t[:len(t)-1]
	default:
		s.report = false
		return false
	}
	n.Kind, n.Name = KindReport, s.section
	return true
}

// isSection: "Reason:", "Causal path:".
func isSection(t []byte) bool {
	last := len(t) - 1
	if last < 1 || last > 40 || t[last] != ':' || t[0] < 'A' || t[0] > 'Z' {
		return false
	}
	for _, b := range t[1:last] {
		if b != ' ' && b|0x20-'a' > 25 {
			return false
		}
	}
	return true
}

// A Report is what Linux 7.3 and later say of a complaint, in sections.
type Report struct {
	Title  string // "Memory Safety: Access outside bounds"
	Reason string // on one line
	At     ReportEvent
	// Path is the "Causal path", behind the "Active lock" if it is about one.
	Path       []ReportEvent
	Suggestion string // on one line
	Lines      int
}

// ReportEvent is a place of the program, and what a report says of it.
type ReportEvent struct {
	Function, File string
	Line           int    // 0 where the object has no line information
	Source         string // the line's text, without its indentation
	Insn           int    // -1 if the report shows none
	Code           string // the instruction, "(79) r1 = *(u64 *)(r0 +0)"
	Kind, Text     string // "update", "R0 changed from …"
}

var (
	reportPlace = lazyregexp.New(`^  (?:(\S.*) @ )?(\S.*):(\d+):\d+$`)
	reportInsn  = lazyregexp.New(`^  insn (\d+)$`)
	// Numbers stand in front of the bar but for lines that tell something.
	reportTold   = lazyregexp.New(`^ +\| +\^-- ([a-z ]+): (.*)$`)
	reportMore   = lazyregexp.New(`^ +\| +(\S.*)$`)
	reportSource = lazyregexp.New(`^  >>> +\d+ \| +([^( ].*|\([^0-9a-f].*)$`)
	// Before 7.3 was done, the instructions stood beside the source.
	reportCode = lazyregexp.New(`>>> +(\d+) \| (\([0-9a-f]{2}\) .*)$`)
)

// ReadReport reads the report that a complaint ([Summary.Message]) ends with;
// nil if it has none.
func ReadReport(message string) *Report {
	const title = "Verification failed: "
	at := strings.LastIndex(message, "\n"+title) + 1
	if !strings.HasPrefix(message[at:], title) {
		return nil
	}
	r := &Report{At: ReportEvent{Insn: -1}}
	sections := map[string][]string{}
	section := ""
	n := 0
lines:
	for line := range strings.Lines(message[at:]) {
		line = strings.TrimRight(line, "\r\n")
		switch n++; {
		case n == 1:
			r.Title = line[len(title):]
		case line == "":
			continue
		case isSection([]byte(line)):
			section = line[:len(line)-1]
		case line[0] != ' ': // what the kernel says behind it
			break lines
		default:
			sections[section] = append(sections[section], line)
		}
		r.Lines = n
	}
	sentence := func(lines []string) string { return strings.Join(strings.Fields(strings.Join(lines, " ")), " ") }
	r.Reason, r.Suggestion = sentence(sections["Reason"]), sentence(sections["Suggestion"])
	if at := reportEvents(sections["At"]); len(at) > 0 {
		r.At = at[0]
	}
	r.Path = append(reportEvents(sections["Active lock"]), reportEvents(sections["Causal path"])...)
	return r
}

// reportEvents reads the places of a section.
func reportEvents(lines []string) (all []ReportEvent) {
	told := false // the last line belongs to what is told
	for _, l := range lines {
		told, all = reportLine(l, told, all)
	}
	return all
}

func reportLine(l string, told bool, all []ReportEvent) (bool, []ReportEvent) {
	if m := reportPlace.FindStringSubmatch(l); m != nil {
		n, _ := strconv.Atoi(m[3])
		return false, append(all, ReportEvent{Function: m[1], File: m[2], Line: n, Insn: -1})
	}
	if m := reportInsn.FindStringSubmatch(l); m != nil {
		n, _ := strconv.Atoi(m[1])
		return false, append(all, ReportEvent{Insn: n})
	}
	if len(all) == 0 {
		return false, all
	}
	e := &all[len(all)-1]
	if m := reportTold.FindStringSubmatch(l); m != nil {
		e.Kind, e.Text = m[1], m[2]
		return true, all
	}
	if m := reportMore.FindStringSubmatch(l); m != nil && told {
		e.Text += " " + m[1]
		return true, all
	}
	if m := reportCode.FindStringSubmatch(l); m != nil {
		e.Insn, _ = strconv.Atoi(m[1])
		e.Code = m[2]
	} else if m := reportSource.FindStringSubmatch(l); m != nil {
		e.Source = m[1]
	}
	return false, all
}
