package rules

import (
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// argumentNumber is the number of the argument that a message calls "R2", or,
// counting from 0, "arg#1", "arg #1", "args#1" or "arg1"; "arg 2" counts from 1, and
// "*(R11-8)" is the sixth. 0 if it is none.
func argumentNumber(field string) int {
	for _, form := range []struct {
		prefix      string
		first, most int // the number of the first, and how many there are
	}{{"R", 1, 5}, {"args#", 0, 12}, {"arg#", 0, 12}, {"arg #", 0, 12}, {"arg ", 1, 5}, {"arg", 0, 5}} {
		rest, ok := strings.CutPrefix(field, form.prefix)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(rest)
		if n -= form.first; err != nil || n < 0 || n >= form.most {
			return 0
		}
		return n + 1
	}
	rest, ok := strings.CutPrefix(field, "*(R11-")
	rest, closed := strings.CutSuffix(rest, ")")
	n, err := strconv.Atoi(rest)
	if !ok || !closed || err != nil || n < 8 || n > 48 {
		return 0
	}
	return 5 + n/8
}

// argumentPlace is the place of the n-th argument in front of the call.
func (c *Case) argumentPlace(n int) (verifierlog.Loc, bool) {
	if c.last < 0 || n < 1 || n > 5 {
		return verifierlog.Loc{}, false
	}
	return verifierlog.Reg(c.Path.Step(c.last).Frame, n), true
}

// argumentText names an argument of the call that the verifier stopped at, in
// the source's words; "" when nothing tells.
func (c *Case) argumentText(n int) string {
	if text := c.sourceCall(c.last).arg(n); text != "" {
		return text
	}
	l, ok := c.argumentPlace(n)
	if !ok {
		return ""
	}
	if name := c.name(c.last, l); !name.From && !name.Likely {
		return name.Expr
	}
	return ""
}

// argumentPhrase is argumentText as a part of a sentence: "`&it`", "argument 1".
func (c *Case) argumentPhrase(n int) string {
	if name := c.argumentText(n); name != "" {
		return quote(name)
	}
	if n > 0 {
		return "argument " + strconv.Itoa(n)
	}
	return "an argument"
}

// objectPhrase is the object behind an argument `&it`: "`it`". otherwise is what
// to say where nothing names it.
func (c *Case) objectPhrase(n int, otherwise string) string {
	name := c.sourceCall(c.last).arg(n)
	if name == "" {
		// What debug information calls a register is a pointer's name, not the
		// object's, unless it is an address.
		if name = c.argumentText(n); !strings.HasPrefix(name, "&") {
			return otherwise
		}
	}
	return quote(strings.TrimSpace(strings.TrimPrefix(name, "&")))
}
