package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

var (
	_ = rule("BPF0610", unreachableCode)
	_ = rule("BPF0611", noExit)
	_ = rule("BPF0612", jumpTarget)
	_ = rule("BPF0615", indirectJump)
)

// placeFirst makes the instruction that a message names the primary label,
// where the log does not tell one (check_cfg and check_subprogs come before
// the walk).
func (c *Case) placeFirst(d *diag.Diagnostic, text string) {
	n := c.numbers()
	if len(n) > 0 {
		if l, ok := c.label(n[0], text); ok {
			l.Primary = true
			d.Labels = []diag.Label{l}
			d.Function = l.Function
		}
	}
	primary(d, text)
}

// where names the function that a message's first instruction is in.
func (c *Case) where(d *diag.Diagnostic) string {
	if n := c.numbers(); len(n) > 0 {
		if fn, _, ok := c.function(n[0]); ok {
			return quote(fn.Name)
		}
	}
	if d.Function != "" {
		return quote(d.Function)
	}
	return quote(c.Program.Name)
}

const whatCannotHappen = "a compiler leaves out what the rules of C say cannot happen: a function's end without `return`, a read of a variable that was never set, a division by zero, a loop without effect that never ends"

// unreachableCode: no path leads to an instruction (check_cfg).
func unreachableCode(c *Case, d *diag.Diagnostic) {
	c.placeFirst(d, "nothing leads here")
	d.Message = "code of " + c.where(d) + " is never reached"
	d.Notes = append(d.Notes, "the verifier wants every instruction to be on some path; compilers leave out those that are not")
	d.Helps = append(d.Helps, diag.Help{Text: "look for inline assembly in front of it that jumps or exits without the compiler's knowledge (`asm goto` tells it)"})
}

// noExit: a function's last instruction leads to what follows it
// (check_subprogs, do_check).
func noExit(c *Case, d *diag.Diagnostic) {
	primary(d, "the function goes on behind this")
	d.Message = "a function of " + quote(c.Program.Name) + " runs past its end"
	if fn := c.openEnd(); fn != "" {
		d.Message = quote(fn) + " runs past its end"
		c.labelFunction(d, fn, "its last instruction is neither a return nor a jump")
	}
	d.Notes = append(d.Notes, whatCannotHappen)
	d.Helps = append(d.Helps, diag.Help{Text: "compile with `-Wall -Wextra` and see to the warnings; give every path of the function a `return`"})
}

// openEnd is the name of the program's function that does not end with an exit
// or a jump, if the object tells.
func (c *Case) openEnd() string {
	const exit, jump, jump32, indirect = 0x95, 0x05, 0x06, 0x0d
	for _, fn := range c.callGraph().functions {
		if len(fn.Insns) == 0 {
			continue
		}
		switch fn.Insns[len(fn.Insns)-1].Code {
		case exit, jump, jump32, indirect:
		default:
			return fn.Name
		}
	}
	return ""
}

// jumpTarget: a jump or call leads out of its function, or to no instruction.
func jumpTarget(c *Case, d *diag.Diagnostic) {
	text := "leads to where no instruction of this function is"
	if n := c.numbers(); len(n) > 1 {
		if fn, i, ok := c.function(n[0]); ok {
			text = fmt.Sprintf("leads to instruction %d, and %s has those from %d to %d", n[1], quote(fn.Name), n[0]-i, n[0]-i+len(fn.Insns)-1)
		}
	}
	c.placeFirst(d, text)
	kind := "a jump in "
	switch t := c.match.Text; {
	case strings.HasPrefix(t, "call"):
		kind = "a call in "
		primary(d, "leads to no function")
	case strings.Contains(t, "middle"):
		primary(d, "leads into the second half of a 64-bit constant")
	}
	d.Message = kind + c.where(d) + " leads to where it cannot"
	d.Notes = append(d.Notes, "jumps stay in their function, and calls go to the begin of one")
	d.Helps = append(d.Helps, diag.Help{Text: "look for inline assembly with jump distances; where there is none, " + whatToTry})
}

const whatToTry = "compile with `-Wall -Wextra`: a function that ends without `return` falls into the next one"

// indirectJump: a jump by a table (gotox) of which the verifier does not see
// that it stays in the table (check_indirect_jump).
func indirectJump(c *Case, d *diag.Diagnostic) {
	d.Message = "an indirect jump in " + c.where(d) + " may lead out of its table"
	text := "jumps by a table"
	switch t := c.match.Text; {
	case strings.Contains(t, "expected PTR_TO_INSN"):
		d.Message = "an indirect jump in " + c.where(d) + " is to something that is no code address"
		text = "jumps to what does not come from a jump table"
	case strings.Contains(t, "points outside of the subprog"), strings.Contains(t, "no jump tables"):
		d.Message = "an indirect jump in " + c.where(d) + " has no table of its own function"
	case strings.Contains(t, "points to outside"), strings.Contains(t, "umax_value"):
		text = "the index may be larger than the table"
	}
	primary(d, text)
	d.Helps = append(d.Helps,
		diag.Help{Text: "compare the value that the `switch` decides by with its largest case first, or give the `switch` a `default`"},
		diag.Help{Text: "or compile without jump tables: `-fno-jump-tables`"})
}
