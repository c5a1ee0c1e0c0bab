package verifierlog

import "bytes"

// findShape is what a line alone says about being a line of a verifier log.
//
// The scanner asks another question: it is told that a text is a log, and
// takes every line of words for a message. Here a line of words proves nothing.
type findShape uint8

const (
	findOther     findShape = iota // anything
	findBlank                      // nothing, or spaces
	findSource                     // "; x = 1", which other programs print too
	findPart                       // in a log it is one of its lines
	findComplaint                  // a message that only the verifier has
	findPath                       // an instruction, a state, a branch
	findTime                       // "verification time 85 usec"
	findStats                      // "processed 13 insns (limit …": the last line of a log
)

// begins says whether a line of this shape is enough to find a log by.
func (s findShape) begins() bool { return s >= findComplaint }

// findShapeOf looks at a line without its prefix and line end.
func findShapeOf(l []byte) findShape {
	if len(l) == 0 {
		return findBlank
	}
	switch c := l[0]; {
	case c >= '0' && c <= '9':
		return findNumbered(l)
	case c == ';':
		return findSource
	case c == 'R':
		return findRegister(l)
	case c == ' ':
		return findIndented(l)
	case c == '\t' || c == '\r':
		if len(bytes.TrimSpace(l)) == 0 {
			return findBlank
		}
		return findOther
	}
	for _, w := range findWords[l[0]] {
		if len(l) >= len(w.text) && string(l[:len(w.text)]) == w.text && w.contains(l[len(w.text):]) {
			return w.shape
		}
	}
	return findOther
}

// findNumbered: "12: (b7) r0 = 0", "12: R0=0", "20: safe", and rows of the
// tables of live registers, "12: .1........ (b7) r0 = 0".
func findNumbered(l []byte) findShape {
	i := findDigits(l)
	if i > 7 || i+2 > len(l) || l[i] != ':' {
		return findOther
	}
	if i+1 == len(l) {
		return findPart
	}
	rest := l[i+1:]
	switch {
	case len(rest) >= 6 && rest[0] == ' ' && rest[1] == '(' && findHex(rest[2]) && findHex(rest[3]) && rest[4] == ')':
		return findPath
	case len(rest) > 3 && rest[0] == ' ' && rest[1] == 'R' && findRegister(rest[1:]) == findPath,
		bytes.HasPrefix(rest, []byte(" frame")) && bytes.Contains(rest, []byte(": R")),
		string(rest) == " safe":
		return findPath
	case len(rest) > 13 && rest[0] == ' ' && (rest[1] == '.' || rest[1] == '0') && rest[11] == ' ' && rest[12] == '(':
		return findPart
	}
	return findOther
}

// findRegister: a state, "R0_w=0 R10=fp0", or a complaint, "R1 !read_ok".
func findRegister(l []byte) findShape {
	i := 1 + findDigits(l[1:])
	if i == 1 || i > 3 || i == len(l) {
		return findOther
	}
	switch l[i] {
	case '=':
		return findPath
	case '_':
		for i++; i < len(l) && i < 8 && l[i] >= 'A' && l[i] <= 'z'; i++ {
		}
		if i < len(l) && l[i] == '=' {
			return findPath
		}
	case ' ':
		if rest := l[i+1:]; len(rest) > 5 && (rest[0] == '!' || rest[0] >= 'a' && rest[0] <= 'z') {
			for _, w := range findAboutRegister {
				if bytes.HasPrefix(rest, []byte(w)) {
					return findComplaint
				}
			}
			return findPart
		}
	}
	return findOther
}

// findIndented: states before Linux 5.17, " R0=inv(id=0) R10=fp0", and rows of
// tables.
func findIndented(l []byte) findShape {
	i := 0
	for i < len(l) && l[i] == ' ' {
		i++
	}
	switch {
	case i == len(l):
		return findBlank
	case i == 1 && l[1] == 'R':
		return findRegister(l[1:])
	case i == 1 && bytes.HasPrefix(l, []byte(" frame")) && bytes.Contains(l, []byte(": R")):
		return findPath
	case l[i] >= '0' && l[i] <= '9':
		// "  5 1212: .1.3..6.8. (b4) w2 = 8" has its loop's number in front.
		if k := i + findDigits(l[i:]); k+1 < len(l) && l[k] == ' ' && l[k+1] >= '0' && l[k+1] <= '9' {
			i = k + 1
		}
		if findNumbered(l[i:]) == findPart {
			return findPart
		}
	}
	return findOther
}

func findDigits(l []byte) int {
	i := 0
	for i < len(l) && l[i] >= '0' && l[i] <= '9' {
		i++
	}
	return i
}

func findHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }
