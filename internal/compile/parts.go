package compile

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
)

// Part is a piece of what a compiler has said: a message with the lines that
// belong to it, or something between messages.
type Part struct {
	Text    string   // as it was, colours included
	Message *Message // nil for what is none
}

var (
	colour = lazyregexp.New("\x1b\\[[0-9;]*[mK]")
	// between begins what belongs to no message before it.
	between = lazyregexp.New(`^(?:In file included from |In function |[^ ]+: In function |\d+ (?:warning|error)s?\b.* generated)`)
)

// Parts splits what a compiler has said, in order: together the texts are the
// whole. A failure of its back end is one part to the end of its report.
// A file of such a failure is as LLVM knows it, its base name mostly.
func Parts(stderr, dir string) []Part {
	var parts []Part
	var starts []int
	at, fatal := 0, false
	for line := range strings.Lines(stderr) {
		plain := colour.ReplaceAllString(line, "")
		ended := between.MatchString(plain)
		fatal = fatal && !ended
		var m *Message
		if all := Messages(plain, dir); len(all) == 1 && !fatal {
			m = &all[0]
			fatal = strings.HasPrefix(m.Text, backEndFailed)
		}
		if m != nil || ended || at == 0 {
			parts, starts = append(parts, Part{Message: m}), append(starts, at)
		}
		at += len(line)
	}
	for i := range parts {
		end := len(stderr)
		if i+1 < len(parts) {
			end = starts[i+1]
		}
		parts[i].Text = stderr[starts[i]:end]
		parts[i].fatal()
	}
	return parts
}

const backEndFailed = "error in backend: "

var (
	selected = lazyregexp.New(` ([^ ]+):(\d+):(\d+)$`)
	failedIn = lazyregexp.New(`(?m)^In function: (.+)$`)
)

// fatal completes the message of a back end that has given up. LLVM puts the
// place behind what it could not compile, and the function into another line.
func (p *Part) fatal() {
	m := p.Message
	if m == nil || !strings.HasPrefix(m.Text, backEndFailed) {
		return
	}
	if at := selected.FindStringSubmatch(m.Text); at != nil && m.File == "" {
		m.File, m.Line, m.Column = at[1], number(at[2]), number(at[3])
	}
	if f := failedIn.FindStringSubmatch(colour.ReplaceAllString(p.Text, "")); f != nil {
		m.Function = strings.TrimSpace(f[1])
	}
}
