package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// maxArguments is how many registers hold arguments (r1 to r5).
const maxArguments = 5

// passedOnStack: LowerCall and LowerFormalArguments in BPFISelLowering.cpp.
func passedOnStack(x *compilation, d *diag.Diagnostic) {
	if c := x.call(); c != nil && strings.Contains(x.Text, "GlobalAddress") {
		d.Message = fmt.Sprintf("%s is called with %d arguments, and %d is the most", quote(x.callee()), len(c.Operands)-1, maxArguments)
		x.label(d, "called here")
	} else if name := x.callee(); name != "" {
		d.Message = fmt.Sprintf("%s is called with more than %d arguments", quote(name), maxArguments)
		x.label(d, "called here")
	} else {
		d.Message = fmt.Sprintf("%s has more than %d parameters", x.this(), maxArguments)
		x.label(d, "arguments beyond the fifth would be on the stack")
	}
	suggest(d, "make it `static __always_inline`, which passes nothing, or pass a pointer to a structure with the values")
}

// structReturn: LowerReturn, LowerCallResult and LowerFormalArguments there.
func structReturn(x *compilation, d *diag.Diagnostic) {
	if c := x.call(); c != nil {
		d.Message = fmt.Sprintf("%s returns a structure, and BPF functions return one register", quote(x.callee()))
		x.label(d, "called here")
	} else {
		d.Message = fmt.Sprintf("%s returns a structure, and BPF functions return one register", x.this())
		x.label(d, "what it returns does not fit into 64 bits")
	}
	suggest(d, "make it `static __always_inline`, or have the caller pass a pointer to the result")
}

// structArgument: LowerCall there.
func structArgument(x *compilation, d *diag.Diagnostic) {
	name := "a function"
	if n := x.callee(); n != "" {
		name = quote(n)
	}
	d.Message = "a structure is passed by value to " + name + ", and arguments are registers"
	x.label(d, "passed here")
	suggest(d, "pass a pointer to it, or make the function `static __always_inline`")
}

// variadic: LowerFormalArguments there.
func variadic(x *compilation, d *diag.Diagnostic) {
	d.Message = x.this() + " takes a variable number of arguments, and BPF functions take at most five that are declared"
	x.label(d, "`...` cannot be passed")
	suggest(d, "make it a macro, or pass a pointer to an array and the number of values; `bpf_printk` and `BPF_SNPRINTF` print that way")
}

// dynamicStack: LowerDYNAMIC_STACKALLOC there.
func dynamicStack(x *compilation, d *diag.Diagnostic) {
	d.Message = "the stack cannot hold what has no constant size"
	x.label(d, "its size is known only when the program runs")
	if x.known && x.place.Stmt != nil && x.place.Stmt.Kind == sourcetext.DeclStmt {
		d.Labels[0] = x.mark(x.place.Stmt.Span, d.Labels[0].Text)
		d.Labels[0].Primary = true
	}
	suggest(d, "give it the largest size that it may need, and check the one that is used against it; large ones belong into a per-CPU array map")
}

// jumpTooFar: the assembler, which has 16 bits for a distance.
func jumpTooFar(x *compilation, d *diag.Diagnostic) {
	d.Message = "a jump is longer than its instruction can say"
	x.label(d, "more than 32,767 instructions away")
	suggest(d, "compile with `-mcpu=v4`, which has longer jumps (Linux 6.6), or make the function smaller: less unrolling, `__noinline` parts")
}

// signedDivision: BPFDAGToDAGISel::Select and LowerSDIVSREM.
func signedDivision(x *compilation, d *diag.Diagnostic) {
	d.Message = "signed division needs instructions that the compiler was not allowed to use"
	x.label(d, "both operands are signed")
	suggest(d, "divide unsigned numbers: `(__u32)a / (__u32)b`, with the sign handled apart if it can be negative")
	suggest(d, "compile with `-mcpu=v4`, which has signed division (Linux 6.6)")
}

// atomicOperation: ReplaceNodeResults, BPFMIChecking, and what no pattern selects.
func atomicOperation(x *compilation, d *diag.Diagnostic) {
	d.Message = "there is no BPF instruction for this atomic operation"
	switch {
	case strings.Contains(x.Text, "XADD"):
		d.Message = "the result of this atomic addition is used, which the instructions that the compiler may use do not give"
		x.label(d, "its result is used")
		suggest(d, "compile with `-mcpu=v3` (Linux 5.12), or do not use the result")
	case strings.Contains(x.Text, "please use 64 bit"):
		x.label(d, "with 32 bits, and without `-mcpu=v3`")
		suggest(d, "compile with `-mcpu=v3` (Linux 5.12), or make the variable 64 bits wide")
	case strings.Contains(x.Text, "32/64 bit"):
		d.Message = "BPF has atomic operations for 32 and 64 bits alone"
		x.label(d, "the variable is smaller")
		suggest(d, "make the variable a `__u32` or `__u64`")
	default:
		x.label(d, "BPF adds, ands, ors, xors, exchanges, and compares and exchanges")
		suggest(d, "make it of `__sync_val_compare_and_swap` in a loop with a constant bound, or take a `bpf_spin_lock`")
	}
}

// noInstruction: SelectionDAGISel::CannotYetSelect.
func noInstruction(x *compilation, d *diag.Diagnostic) {
	d.Message = "the compiler finds no BPF instruction for this"
	x.label(d, "the back end gives up here")
	suggest(d, "write it with plain integer operations; a newer clang, or `-mcpu=v4`, may know it")
}
