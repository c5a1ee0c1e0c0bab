package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

var (
	_ = rule("BPF0550", tailCallInSubprogram)
	_ = rule("BPF0555", legacyPacketLoad)
	_ = rule("BPF0560", kfuncSignature)
	_ = ruleByPath("BPF0565", subprogramContract)
)

// tailCallInSubprogram: check_map_func_compatibility, check_btf_func.
func tailCallInSubprogram(c *Case, d *diag.Diagnostic) {
	text := c.match.Text
	what := "a tail call"
	if strings.HasPrefix(text, "LD_ABS") {
		what = "BPF_LD_ABS"
	}
	in := "this function"
	if d.Function != "" {
		in = quote(d.Function)
	}
	d.Message = what + " is not possible in " + in
	help := ""
	switch {
	case strings.Contains(text, "that return 'int'"):
		d.Message = what + " is only possible in a function that returns `int`"
		d.Notes = append(d.Notes, "where it fails or ends the program, the function returns a number")
		help = "declare the subprogram `int`, and return 0 behind it"
		d.Class = diag.ClassSource
	case strings.Contains(text, "without BTF"):
		d.Message = what + " in a subprogram needs BTF"
		help = "compile with `-g`, and do not strip .BTF and .BTF.ext"
		d.Class = diag.ClassSource
	case strings.Contains(text, "stack args"):
		d.Message = "a program with functions of more than five arguments cannot make tail calls"
		help = "pass some arguments in a struct"
	case strings.Contains(text, "__ref"):
		d.Message = "a program whose argument is a reference cannot make tail calls"
		d.Notes = append(d.Notes, "the reference has to be released, and the program behind a tail call does not have it")
		help = "release the reference and return"
	default:
		d.Message = "a program with subprograms cannot make tail calls with this JIT"
		d.Class = diag.ClassEnvironment
		help = "mark the functions `static __always_inline`, so that there are no subprograms"
	}
	primary(d, "in a function that is called")
	if len(d.Labels) == 0 {
		c.markLeaving(d, strings.HasPrefix(text, "LD_ABS"), what+" in a function that is called")
	}
	if help != "" {
		var edits []diag.Edit
		if l := d.Labels; strings.Contains(text, "that return 'int'") && len(l) > 0 {
			edits = c.returnInt(c.functionNamed(l[0].Function))
		}
		offer(d, help, diag.Likely, edits)
	}
}

// markLeaving makes the tail call, or BPF_LD_ABS, of a subprogram the primary
// place, for complaints that come before the walk and name none.
func (c *Case) markLeaving(d *diag.Diagnostic, load bool, text string) {
	if c.Object == nil {
		return
	}
	for _, fn := range c.Object.Functions {
		if fn.Section != ".text" {
			continue
		}
		for i, in := range fn.Insns {
			const tailCall = 12 // BPF_FUNC_tail_call
			isLoad := in.Code&7 == 0 && (in.Code&0xe0 == 0x20 || in.Code&0xe0 == 0x40)
			if load && !isLoad || !load && (in.Code != object.CodeCall || in.Src() != 0 || in.Imm != tailCall) {
				continue
			}
			if insn := c.insnOf(fn, i); insn >= 0 { // not of another program of the object
				if l, ok := c.label(insn, text); ok {
					l.Primary = true
					d.Labels = append(d.Labels, l)
					return
				}
			}
		}
	}
}

// legacyPacketLoad: check_ld_abs in kernel/bpf/verifier.c.
func legacyPacketLoad(c *Case, d *diag.Diagnostic) {
	d.Message = "BPF_LD_ABS and BPF_LD_IND do not work in this program"
	primary(d, "loads from the packet in the way of classic BPF")
	if strings.Contains(c.match.Text, "R6") {
		d.Message = "BPF_LD_ABS and BPF_LD_IND need the context in r6"
		primary(d, "r6 does not hold the context here")
	} else {
		d.Notes = append(d.Notes, "socket filters, tc and cgroup_skb programs have these instructions")
	}
	d.Helps = append(d.Helps, diag.Help{Text: "read the packet with `bpf_skb_load_bytes`, or between `ctx->data` and `ctx->data_end`", Applicability: diag.Placeholder})
}

// kfuncSignature: an argument that does not fit what the verifier can check of
// the kfunc's parameter (check_kfunc_args in kernel/bpf/verifier.c).
func kfuncSignature(c *Case, d *diag.Diagnostic) {
	text := c.match.Text
	a, ok := c.badArgument(d)
	k := c.callTarget("")
	if strings.Contains(text, "must point to") && ok {
		// The register is no pointer to a kernel structure, so that the verifier
		// falls back to memory, and a structure with pointers is none.
		got, _ := c.passedType(a)
		want := k.paramType(a.n)
		if want == "" {
			want = "a pointer to a kernel structure"
		} else {
			want = "a " + quote(strings.TrimPrefix(want, "const "))
		}
		d.Message = k.String() + " takes " + want + " that the kernel gave as " + k.parameter(a.n)
		if got != "" {
			d.Message += ", not " + got
			primary(d, "this is "+got)
		}
		c.argumentOrigin(d, a)
		d.Helps = append(d.Helps, diag.Help{Text: "pass a pointer from the program's arguments, or one that a kfunc returned", Applicability: diag.Placeholder})
		return
	}
	d.Class = diag.ClassEnvironment // the kfunc's author has to mend it
	d.Message = k.String() + " has a signature that the verifier of " + c.linux() + " cannot check"
	primary(d, "called here")
	c.markCall(d, k.Name)
	if strings.Contains(text, "does not return PTR_TO_BTF_ID") {
		d.Notes = append(d.Notes, "it is declared to take a reference, and returns no pointer to a kernel structure")
	}
}

// subprogramContract: a function is not called as its BTF declares it.
func subprogramContract(c *Case, d *diag.Diagnostic) {
	k := c.callTarget("")
	if strings.HasPrefix(c.match.Text, "R0 not a scalar") {
		d.Message = "a callback has to return a number"
		if d.Function != "" {
			d.Message = "the callback " + quote(d.Function) + " has to return a number"
		}
		primary(d, "returns a pointer here")
		c.tellCaller(d)
		d.Helps = append(d.Helps, diag.Help{Text: "return 0, or 1 to end the iteration, and put results into the callback's context", Applicability: diag.Placeholder})
		return
	}
	d.Message = k.String() + " is not called as it is declared"
	primary(d, "an argument does not fit")
	c.markCall(d, k.Name)
	d.Notes = append(d.Notes, "a global function is verified once, with its arguments as declared; every call has to fit that")
}
