package main

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// A fact is something that the report says, and where our diagnostic says it.
type fact struct {
	event *verifierlog.ReportEvent // a step of the causal path
	word  string                   // or a number or name of the reason
	in    where
}

// where is the part of a diagnostic that has a fact.
type where string

const (
	inLabel    where = "label"    // the text marks that instruction or line and says what happens there
	inEvidence where = "evidence" // the JSON document has that step, with the register and its state
	inText     where = "text"     // the text has the number or name
	unsaid     where = "unsaid"   // arguments.txt says why it is not told
	missing    where = "missing"
)

// facts are those of a report, each looked for in the diagnostic.
func facts(r *verifierlog.Report, d *diag.Diagnostic) (all []fact) {
	for i := range r.Path {
		e := &r.Path[i]
		all = append(all, fact{event: e, in: findEvent(e, d)})
	}
	for _, w := range words(r) {
		all = append(all, fact{word: w, in: findWord(w, d)})
	}
	return all
}

var somewhere = regexp.MustCompile(`may affect bytes fp(-\d+) through fp(-\d+)`)

var changed = regexp.MustCompile(`^(?:stack slot )?(R\d+|fp-\d+)(?: changed from|:) `)

// findEvent looks for a step of the causal path.
func findEvent(e *verifierlog.ReportEvent, d *diag.Diagnostic) where {
	for i := range d.Labels {
		if l := &d.Labels[i]; l.Insn != nil && *l.Insn == e.Insn && l.Text != "" && e.Kind != "branch" {
			return inLabel
		}
	}
	for i := range d.Evidence {
		if x := &d.Evidence[i]; x.Insn == e.Insn && tells(x, e) {
			return inEvidence
		}
	}
	return missing
}

// tells says that a step of the evidence is what an event tells.
func tells(x *diag.Evidence, e *verifierlog.ReportEvent) bool {
	switch e.Kind {
	case "branch":
		taken := diag.NotTaken
		if strings.Contains(e.Text, "took the true branch") {
			taken = diag.Taken
		}
		return x.Event == taken
	case "acquired":
		return x.Event == diag.Acquired
	case "released":
		return x.Event == diag.Released
	case "context":
		return x.Event == diag.Acquired && strings.HasPrefix(e.Text, "entered ") || x.Event == diag.Released && strings.HasPrefix(e.Text, "left ")
	case "update", "spilled", "invalidated":
		_, register, ok := strings.Cut(x.Register, ":") // frame1:r1
		if !ok {
			register = x.Register
		}
		if m := somewhere.FindStringSubmatch(e.Text); m != nil {
			first, _ := strconv.Atoi(m[1])
			last, _ := strconv.Atoi(m[2])
			slot, err := strconv.Atoi(strings.TrimPrefix(register, "fp"))
			return err == nil && slot <= last && slot+8 > first
		}
		m := changed.FindStringSubmatch(e.Text)
		return m != nil && strings.EqualFold(m[1], register) && (e.Kind != "invalidated" || x.Event == diag.Lost || x.Event == diag.Made)
	}
	return false
}

var (
	number   = regexp.MustCompile(`(?:^|[^\w#])(-?\d+|0x[0-9a-f]+)\b`)
	register = regexp.MustCompile(`\bR\d+\b`)
	name     = regexp.MustCompile(`\b[a-z]+(?:_[a-z0-9]+)+\b`)
	// The parts of a sum are facts, the sum is not.
	sum = regexp.MustCompile(`\b(\d+): start -?\d+ \+ access_size \d+`)
	// What the report calls its own quantities.
	reportWords = []string{"access_size", "object_size", nothingKnown}
)

// nothingKnown is an "unknown mask" that says nothing.
const nothingKnown = "0xffffffffffffffff"

// words are the numbers and names of a report's reason that are no registers.
func words(r *verifierlog.Report) (all []string) {
	sums := map[string]bool{}
	for _, m := range sum.FindAllStringSubmatch(r.Reason, -1) {
		sums[m[1]] = true
	}
	add := func(w string) {
		if !slices.Contains(all, w) && !slices.Contains(reportWords, w) && !sums[w] {
			all = append(all, w)
		}
	}
	for _, m := range number.FindAllStringSubmatch(r.Reason, -1) {
		add(m[1])
	}
	for _, w := range name.FindAllString(r.Reason, -1) {
		add(w)
	}
	for _, w := range register.FindAllString(r.Reason, -1) {
		add(w)
	}
	for _, p := range phrases {
		if strings.Contains(r.Reason, p.report) {
			add(p.report)
		}
	}
	return all
}

// phrases are what the report calls states of values, and how our text, or the
// verifier's state in the evidence, says it.
var phrases = []struct {
	report string
	ours   *regexp.Regexp
}{
	{"may be NULL", regexp.MustCompile(`NULL|or_null`)},
	{"integer scalar", regexp.MustCompile(`number|as an address|scalar|\b\d+$`)},
	{"stack pointer", regexp.MustCompile(`stack|\bfp-?\d`)},
	{"context pointer", regexp.MustCompile(`context|\bctx\b`)},
	{"map value", regexp.MustCompile(`map_value|value of map|value of .*map`)},
	{"untrusted", regexp.MustCompile(`not trusted|untrusted|may be gone|is gone`)},
	{"RCU", regexp.MustCompile(`RCU|rcu`)},
	{"spin lock", regexp.MustCompile(`lock`)},
	{"IRQ", regexp.MustCompile(`IRQ|irq|interrupt`)},
	{"preempt", regexp.MustCompile(`preempt`)},
	{"sleep", regexp.MustCompile(`sleep`)},
	{"iterator", regexp.MustCompile(`iterator|iter`)},
	{"dynptr", regexp.MustCompile(`dynptr`)},
	{"never been initialized", regexp.MustCompile(`initiali[sz]ed|written|set`)},
	{"requires an initialized", regexp.MustCompile(`initiali[sz]ed|ends it`)},
	{"invalidated this register", regexp.MustCompile(`lost|not valid|overwrit|call of|calls? keep`)},
	{"recursive", regexp.MustCompile(`calls itself|recurs`)},
}

// findWord looks for a number, in decimal or in hexadecimal, or for a name.
func findWord(w string, d *diag.Diagnostic) where {
	for _, p := range phrases {
		if p.report != w {
			continue
		}
		if p.ours.MatchString(d.Rendered) {
			return inText
		}
		if slices.ContainsFunc(d.Evidence, func(e diag.Evidence) bool { return p.ours.MatchString(e.State + " " + string(e.Event)) }) {
			return inEvidence
		}
		return missing
	}
	if register.MatchString(w) {
		if slices.ContainsFunc(d.Evidence, func(e diag.Evidence) bool { return strings.EqualFold(w, e.Register[strings.Index(e.Register, ":")+1:]) }) {
			return inEvidence
		}
		return missing
	}
	forms := []string{w}
	if n, err := strconv.ParseInt(w, 0, 64); err == nil {
		forms = append(forms, strconv.FormatInt(n, 10), "0x"+strconv.FormatUint(uint64(n), 16))
		if bits := "u" + strconv.FormatInt(8*n, 10); n == 1 || n == 2 || n == 4 || n == 8 {
			forms = append(forms, bits) // an access of that size
		}
	}
	var states strings.Builder
	for _, e := range d.Evidence {
		states.WriteString(e.State + "\n" + e.Code + "\n")
	}
	for _, f := range forms {
		if hasWord(d.Rendered, f) {
			return inText
		}
	}
	for _, f := range forms {
		if hasWord(states.String(), f) {
			return inEvidence
		}
	}
	if positive, ok := strings.CutPrefix(w, "-"); ok && hasWord(d.Rendered, positive) {
		return inText // "128 bytes in front of"
	}
	return missing
}

func hasWord(text, word string) bool {
	isWord := func(b byte) bool {
		return b == '_' || b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z'
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		if (i == 0 || !isWord(text[i-1]) || !isWord(word[0])) && (end == len(text) || !isWord(text[end]) || strings.HasPrefix(text[end:], "___")) { // a CO-RE flavour
			return true
		}
		from = i + 1
	}
}

// agrees says whether our primary label is where the report's "At:" is.
func agrees(r *verifierlog.Report, d *diag.Diagnostic) bool {
	for i := range d.Labels {
		l := &d.Labels[i]
		if !l.Primary || r.At.Line == 0 {
			continue
		}
		return path.Base(l.File) == path.Base(r.At.File) && l.Line <= r.At.Line && r.At.Line <= max(l.Line, l.EndLine)
	}
	return d.Insn != nil && *d.Insn == r.At.Insn
}
