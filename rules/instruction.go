package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

var (
	_ = rule("BPF0640", unsupported)
	_ = rule("BPF0641", malformed)
	_ = rule("BPF0623", tooManyFunctions)
	_ = rule("BPF0624", tooManyObjects)
)

// feature is a kind of instruction that not all kernels know.
type feature struct {
	name  string
	since string // of the Linux that has it
	help  string
}

const lowerCPU = "compile with `-mcpu=v3`"

// featureOf names what an instruction needs, "" if all kernels have had it
// since Linux 5.1 (include/uapi/linux/bpf.h, Documentation/bpf/standardization).
func featureOf(in object.Insn) (f feature, ok bool) {
	const (
		classLDX, classSTX, classALU, classJMP, classJMP32, classALU64 = 1, 3, 4, 5, 6, 7
	)
	op, class, mode := in.Code&0xf0, in.Code&0x07, in.Code&0xe0
	switch {
	case (class == classALU || class == classALU64) && op == 0xb0 && in.Code&0x08 != 0 && (in.Off == 8 || in.Off == 16 || in.Off == 32):
		return feature{"moves with sign extension", "6.6", lowerCPU}, true
	case class == classLDX && mode == 0x80:
		return feature{"loads with sign extension", "6.6", lowerCPU}, true
	case in.Code == 0xd7:
		return feature{"byte swaps without condition (`bswap`)", "6.6", lowerCPU}, true
	case (class == classALU || class == classALU64) && (op == 0x30 || op == 0x90) && in.Off == 1:
		return feature{"signed division", "6.6", lowerCPU}, true
	case in.Code == 0x06:
		return feature{"jumps over 32 bits (`gotol`)", "6.6", lowerCPU}, true
	case in.Code == 0xe5:
		return feature{"`may_goto`", "6.9", "bound the loop by a counter instead of `can_loop`, `cond_break` or `may_goto`"}, true
	case class == classALU64 && op == 0xb0 && in.Off == 1:
		return feature{"casts of address spaces, which arenas need", "6.9", "use a map instead of an arena"}, true
	case in.Code == 0x0d:
		return feature{"indirect jumps (`gotox`)", "6.19", "compile without jump tables: `-fno-jump-tables`"}, true
	case class == classSTX && mode == 0xc0 && (in.Imm == 0x100 || in.Imm == 0x110):
		return feature{"`load_acquire` and `store_release`", "6.15", "use `__sync_fetch_and_add` and the like, which are full barriers"}, true
	case class == classSTX && mode == 0xc0 && in.Imm != 0:
		return feature{"atomic operations other than an addition without result", "5.12", "compile with `-mcpu=v2`, or use the result of `__sync_fetch_and_add` not at all"}, true
	case class == classJMP32:
		return feature{"comparisons of 32 bits", "5.1", "compile with `-mcpu=v2`"}, true
	}
	return f, false
}

// unsupported: the kernel is older than what the instruction needs, or it is
// none at all (check_alu_op, check_load_mem, do_check_insn, resolve_pseudo_ldimm64).
func unsupported(c *Case, d *diag.Diagnostic) {
	d.Message = c.linux() + " does not know an instruction of " + quote(c.Program.Name)
	primary(d, "made of this")
	in, ok := c.instruction(d)
	if !ok {
		in, ok = c.firstSuch(d)
	}
	f, known := featureOf(in)
	if !ok || !known {
		d.Notes = append(d.Notes, "either the object was compiled for newer kernels, or the instruction is damaged")
		d.Helps = append(d.Helps, diag.Help{Text: "compile for an older instruction set: `-mcpu=v3`, or `-mcpu=v2` for kernels before 5.12"})
		return
	}
	d.Message = fmt.Sprintf("%s has no %s, which came with Linux %s", c.linux(), f.name, f.since)
	primary(d, "the compiler made it of this")
	if f.help != "" {
		d.Helps = append(d.Helps, diag.Help{Text: f.help})
	}
	d.Helps = append(d.Helps, diag.Help{Text: "or load it on Linux " + f.since + " or later"})
}

// firstSuch finds the instruction that a message means which has no number:
// the first in the program that it fits, since those checks come before the
// walk and go from the begin to the end (resolve_pseudo_ldimm64). Without an
// object the message alone has to do.
func (c *Case) firstSuch(d *diag.Diagnostic) (in object.Insn, ok bool) {
	fits := func(object.Insn) bool { return false }
	switch t := c.match.Text; {
	case strings.HasPrefix(t, "unknown opcode") && len(c.match.Fields) > 0:
		code, err := strconv.ParseUint(c.match.Fields[0], 16, 8)
		if err != nil {
			return in, false
		}
		in, ok = object.Insn{Code: uint8(code)}, true
		fits = func(i object.Insn) bool { return i.Code == uint8(code) }
	case strings.HasPrefix(t, "BPF_STX uses"), strings.HasPrefix(t, "BPF_XADD uses"):
		fits = func(i object.Insn) bool { return i.Code&0x07 == 3 && i.Code&0xe0 == 0xc0 && i.Imm != 0 }
		if c.Object == nil {
			d.Notes = append(d.Notes, "kernels before Linux 5.12 say so of atomic operations other than an addition without result")
		}
	case strings.HasPrefix(t, "BPF_MOV uses") && c.Object == nil:
		d.Notes = append(d.Notes, "kernels before Linux 6.6 say so of moves with sign extension")
	case strings.HasPrefix(t, "BPF_LDX uses"):
		in, ok = object.Insn{Code: 0x81}, true
		fits = func(i object.Insn) bool { return i.Code&0x07 == 1 && i.Code&0xe0 == 0x80 }
	}
	for _, fn := range c.callGraph().functions {
		for i := 0; i < len(fn.Insns); i++ {
			if fits(fn.Insns[i]) {
				if l, known := c.label(c.insnOf(fn, i), ""); known {
					l.Primary = true
					d.Labels, d.Function = []diag.Label{l}, l.Function
					primary(d, "made of this")
				}
				return fn.Insns[i], true
			}
			if fn.Insns[i].Code == object.CodeLdImm {
				i++ // its second half is no instruction
			}
		}
	}
	return in, ok
}

// instruction is the object's instruction that the verifier stopped at.
func (c *Case) instruction(d *diag.Diagnostic) (in object.Insn, ok bool) {
	if d.Insn == nil {
		return in, false
	}
	fn, i, ok := c.function(*d.Insn)
	if !ok || i < 0 || i >= len(fn.Insns) {
		return in, false
	}
	return fn.Insns[i], true
}

// malformed: an instruction that no kernel knows.
func malformed(c *Case, d *diag.Diagnostic) {
	d.Message = "an instruction of " + quote(c.Program.Name) + " is damaged"
	switch t := c.match.Text; {
	case strings.HasSuffix(t, "is invalid"):
		reg, _, _ := strings.Cut(t, " ")
		d.Message = "an instruction of " + quote(c.Program.Name) + " has the register " + strings.ToLower(reg) + ", which does not exist"
	case strings.Contains(strings.ToLower(t), "ld_imm"):
		d.Message = "a 64-bit constant in " + quote(c.Program.Name) + " has no second half, or is of no known kind"
	case strings.Contains(t, "may_goto"):
		d.Message = "a `may_goto` in " + quote(c.Program.Name) + " has no valid target"
	}
	primary(d, "this instruction")
	d.Helps = append(d.Helps, diag.Help{Text: "compilers do not make such code: look for inline assembly here, or for what changed the object after it was compiled"})
}

// tooManyFunctions: BPF_MAX_SUBPROGS.
func tooManyFunctions(c *Case, d *diag.Diagnostic) {
	d.Message = quote(c.Program.Name) + " has more than 256 functions"
	primary(d, "one function too many")
	d.Helps = append(d.Helps, diag.Help{Text: "have small functions inlined (`static __always_inline`), or split the program with `bpf_tail_call`"})
}

// tooManyObjects: the tables of what a program refers to are full.
func tooManyObjects(c *Case, d *diag.Diagnostic) {
	limit := ""
	if len(c.match.Fields) > 0 {
		limit = " than " + c.match.Fields[0]
	}
	what, help := "maps"+limit, "put maps into a map of maps, or several small arrays into one structure; all global variables are one map for each section"
	switch t := c.match.Text; {
	case strings.Contains(t, "btfs"):
		what, help = "modules' types"+limit, "split the program with `bpf_tail_call`"
	case strings.Contains(t, "kernel function calls"):
		what, help = "different kernel functions (kfuncs) than 256", "split the program with `bpf_tail_call`"
	case strings.Contains(t, "module BTFs"):
		what, help = "different modules' kernel functions than 256", "split the program with `bpf_tail_call`"
	}
	d.Message = quote(c.Program.Name) + " uses more " + what
	primary(d, "one too many")
	d.Helps = append(d.Helps, diag.Help{Text: help})
}
