package rules

import (
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// reported is a 64-bit constant in the instructions that Linux 7.3's report lists.
var reported = lazyregexp.New(`(?m)^[> ]*(\d+) \| \(18\) r(\d+) = (0x[0-9a-f]+)`)

// kernelMessage is the complaint, without the addresses that maps and functions
// happened to have in this run (see codeText).
func (c *Case) kernelMessage() string {
	m := c.Summary.Message
	if !strings.Contains(m, "| (18) r") {
		return m
	}
	return reported.ReplaceAllStringFunc(m, func(line string) string {
		f := reported.FindStringSubmatch(line)
		insn, err := strconv.Atoi(f[1])
		if err != nil {
			return line
		}
		reg, _ := strconv.Atoi(f[2])
		for _, step := range c.Path.Visits(insn) {
			if v, ok := c.Path.After(step, verifierlog.Reg(c.Path.Step(step).Frame, reg)); ok && v.Base != verifierlog.Scalar && v.Base != verifierlog.NotInit {
				return strings.TrimSuffix(line, f[3]) + "address"
			}
		}
		return line
	})
}
