package compile

import (
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
)

// Message is something that a compiler has said.
type Message struct {
	File     string // absolute where the directory is known; empty without a place
	Line     int    // from 1; 0 without
	Column   int    // from 1, in bytes; 0 without
	Severity string // "error", "warning", "note" or "remark"; what is fatal is an error
	Text     string // without the option
	Option   string // that turns it off: "-Wunused-variable"; empty without one
	Function string // that a back-end error is about, where it says so
	Raw      string // the line, as it was
}

// place begins a line of clang's and GCC's: file:line:column: severity: text.
// Clang's back end has a line or a column of 0 where it knows none, and
// "error: " alone, or <unknown>:0:0, without debug information.
// The drivers put their own name in front.
var place = lazyregexp.New(`^(?:(.+?):(\d+):(?:(\d+):)? |[^ :]*(?:clang|gcc|g\+\+|cc1)[^ :]*: )?(?:fatal )?(error|warning|note|remark): (.*)$`)

var (
	optionAtEnd = lazyregexp.New(` \[(-W[^\]]*)\]$`)
	inFunction  = lazyregexp.New(`^(?:<unknown>:0:0: )?in function ([^ ]+) .*?: (.*)$`)
)

// maxMessages bounds what Messages returns: clang stops at 20 errors, unless it is
// told not to.
const maxMessages = 1000

// Messages reads what a compiler has said (Result.Stderr). Dir is the folder that
// it ran in.
func Messages(stderr, dir string) []Message {
	var all []Message
	for raw := range strings.Lines(stderr) {
		raw = strings.TrimRight(raw, "\r\n")
		m := place.FindStringSubmatch(raw)
		if m == nil || len(raw) > 16<<10 {
			continue
		}
		if len(all) == maxMessages {
			break
		}
		x := Message{File: m[1], Severity: m[4], Text: m[5], Raw: raw}
		x.Line, x.Column = number(m[2]), number(m[3])
		if strings.HasPrefix(x.File, "<") || x.Line == 0 {
			x.File, x.Line, x.Column = "", 0, 0
		}
		if x.File != "" && dir != "" {
			x.File = abs(dir, x.File)
		}
		if o := optionAtEnd.FindStringSubmatch(x.Text); o != nil {
			x.Text, x.Option = strings.TrimSuffix(x.Text, o[0]), o[1]
		}
		if f := inFunction.FindStringSubmatch(x.Text); f != nil {
			x.Function, x.Text = f[1], f[2]
		}
		all = append(all, x)
	}
	return all
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return max(n, 0)
}
