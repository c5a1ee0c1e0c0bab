package verifierlog

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// isText says whether a line is something that the kernel could say: printable,
// with a word in it.
func isText(t []byte) bool {
	word := false
	for len(t) > 0 {
		r, size := utf8.DecodeRune(t)
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\t' || r == 0x7f {
			return false
		}
		word = word || unicode.IsLetter(r)
		t = t[size:]
	}
	return word
}

// statsGlued finds statistics at the end of a complaint whose line end the
// kernel forgot ("expected prog array map for tail callverification time 27
// usec"). It returns where they begin, 0 if there are none.
func statsGlued(t []byte) int {
	begin := ""
	switch {
	case hasSuffix(t, " usec"):
		begin = "verification time "
	case bytes.Contains(t, []byte(" insns (limit ")):
		begin = "processed "
	default:
		return 0
	}
	i := bytes.LastIndex(t, []byte(begin))
	if i <= 0 || !isStats(t[i:]) {
		return 0
	}
	return i
}

// isTorn says whether the first line of a log is the end of a line that is
// lost: of a state, an instruction, a source line. Only the first can be: logs
// lose their head when the kernel's buffer is a ring (Linux 6.4 and later).
func isTorn(t []byte) bool {
	if bytes.IndexByte([]byte(" ,()=_:;+-*?<&|.{}"), t[0]) >= 0 || hasSuffix(t, "))") || hasPrefix(t, "0x") {
		return true
	}
	if at := bytes.LastIndex(t, []byte(" @ ")); at >= 0 {
		return bytes.IndexByte(t[at:], ':') > 0
	}
	if i := bytes.IndexByte(t, ')'); i >= 0 && i <= 2 { // "79) r3 = …"
		return true
	}
	for i, b := range t {
		switch rest := t[i:]; {
		case b == ' ' && (hasPrefix(rest, " R") || hasPrefix(rest, " fp-")) && isState(rest[1:]),
			b == ' ' && hasPrefix(rest, " goto pc"):
			return true
		case b == ':' && hasPrefix(rest, ": ("): // "ore 231: (05) …"
			_, ok := opcode(rest[2:])
			for i > 0 && isDigit(t[i-1]) {
				i--
			}
			before := " before "
			head := string(t[:i])
			return ok && (hasSuffix([]byte(before), head) || hasSuffix([]byte(head), before))
		}
	}
	return false
}

// cutLines are the begins of lines that are no message, as far as they tell
// them from messages ("frame pointer is read only" is one). '#' is a number; at
// '$' a message goes on differently than the line that could be meant.
var cutLines = [...]string{
	"#:", "mark_precise: ", "force_precise: ", "frame #: ", "propagating ", "regs=", "last_idx #",
	"parent state ", "parent didn't have ", "parent already had ", "from # to #", "func## @$", "Func## ",
	"Validating ", "returning from callee:", "to caller at #", "caller:", "callee:", "SCC ",
	"processed # ", "verification time # ", "stack depth $", "stack depth max $", "insns processed #",
	"subprog # ", " R#", " frame#", "Verification failed:",
}

// isCut says whether a log's last line, which has no line end, is the begin of
// a line that is no message. The kernel cuts a log where its buffer ends.
func isCut(t []byte) bool {
	for _, begin := range cutLines {
		c := cursor{b: t}
		for i := 0; ; i++ {
			if c.done() || i == len(begin) {
				return true
			}
			if begin[i] == '#' && isDigit(c.peek()) {
				for isDigit(c.peek()) {
					c.i++
				}
			} else if !c.byte(begin[i]) {
				break
			}
		}
	}
	return false
}
