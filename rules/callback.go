package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

var (
	_ = rule("BPF0525", callbackArgument)
	_ = rule("BPF0526", notInCallback)
	_ = rule("BPF0527", callbackRejected)
	_ = rule("BPF0570", exceptionMisuse)
)

// callbackArgument: what is passed as a callback is none (check_ld_imm and
// push_callback_call in kernel/bpf/verifier.c).
func callbackArgument(c *Case, d *diag.Diagnostic) {
	text := c.match.Text
	help := ""
	switch {
	case strings.Contains(text, "not static"):
		d.Message = "a callback has to be a static function"
		// The verifier stops where the function's address is loaded, not at the call.
		k := c.callTarget(c.calledName())
		name := c.markArgumentOf(d, c.sourceCallAt(c.Path.Insn(c.last), k.Name), k.callbackParameter())
		primary(d, "this function is global")
		h := diag.Help{Text: "declare the callback `static`", Applicability: diag.Placeholder}
		if h.Edits = c.staticEdit(name); h.Edits != nil {
			h.Applicability = diag.Likely
		}
		d.Helps = append(d.Helps, h)
	case strings.Contains(text, "main program"):
		d.Message = "a program cannot be its own callback"
		primary(d, "this is the program itself")
		help = "move the callback into a static function"
	case strings.Contains(text, "not allowed for map"):
		d.Message = "`bpf_for_each_map_elem` does not go through maps of this type"
		primary(d, "this map has no elements to call back for")
	case strings.Contains(text, "func_info"):
		d.Message = "a callback needs BTF"
		primary(d, "the object has no BTF of this function")
		help = "compile with `-g`, and do not strip .BTF and .BTF.ext"
	default:
		d.Message = "a function is expected here"
		if a, ok := c.badArgument(d); ok {
			got, _ := c.passedType(a)
			d.Message = a.callee.String() + " takes a function as " + a.callee.parameter(a.n)
			if got != "" {
				d.Message += ", not " + got
				primary(d, "this is "+got)
			}
		}
		help = "pass the name of a static function"
	}
	if help != "" {
		d.Helps = append(d.Helps, diag.Help{Text: help, Applicability: diag.Placeholder})
	}
}

// callbackParameter is the number of the parameter that takes a function.
func (k callTarget) callbackParameter() int {
	for i, p := range k.Params {
		if strings.Contains(p.Name, "callback_fn") || strings.Contains(p.Type, "(*)") {
			return i + 1
		}
	}
	return 0
}

// notInCallback: tail calls and LD_ABS leave the program, which a callback cannot.
func notInCallback(c *Case, d *diag.Diagnostic) {
	d.Message = "a callback cannot make a tail call"
	help := "set a flag in the callback's context and make the tail call behind the helper that calls back"
	primary(d, "in a callback")
	if strings.Contains(c.match.Text, "LD_") {
		d.Message = "a callback cannot use BPF_LD_ABS and BPF_LD_IND"
		help = "call `bpf_skb_load_bytes` in the callback"
	} else if c.last >= 0 {
		c.markCall(d, "bpf_tail_call")
	}
	if len(d.Labels) == 0 { // check_max_stack_depth_subprog comes before the walk and names no place
		c.markLeaving(d, strings.Contains(c.match.Text, "LD_"), "in a callback, or in a function that one calls")
	}
	c.tellCaller(d)
	d.Helps = append(d.Helps, diag.Help{Text: help, Applicability: diag.Placeholder})
}

// tellCaller marks the call that runs the function at which the verifier gave up.
func (c *Case) tellCaller(d *diag.Diagnostic) {
	if c.last < 0 {
		return
	}
	frame := c.Path.Step(c.last).Frame
	if frame == 0 {
		return
	}
	if step := c.Path.Callsite(c.last, frame); step >= 0 {
		if l, ok := c.argumentPlace(1); ok {
			c.tell(d, step, l, c.callSaid(step)+" runs the callback")
		}
	}
}

// callbackRejected: a kfunc that calls back got a callback that it cannot run.
func callbackRejected(c *Case, d *diag.Diagnostic) {
	name := ""
	if len(c.match.Fields) > 0 {
		name, _, _ = strings.Cut(c.match.Fields[0], "#")
	}
	d.Message = "the callback given to " + callTarget{Name: name}.String() + " is not one that it can run"
	primary(d, "called with this callback")
}

// exceptionMisuse: bpf_throw and exception callbacks (bpf_check_exception_cb...,
// check_subprogs in kernel/bpf/verifier.c).
func exceptionMisuse(c *Case, d *diag.Diagnostic) {
	text := c.match.Text
	primary(d, "here")
	help := ""
	switch {
	case strings.HasPrefix(text, "bpf_throw kfunc"):
		d.Message = "`bpf_throw` cannot be called in a callback"
		primary(d, "the callback is called by the kernel, not by the program")
		d.Notes = append(d.Notes, "an exception ends the program that throws it; a callback has no program to end")
		help = "return an error from the callback, and throw behind the call that ran it"
	case strings.Contains(text, "exception cb directly"):
		d.Message = "an exception callback cannot be called"
		primary(d, "calls the exception callback")
		d.Notes = append(d.Notes, "the kernel calls it when the program throws")
		help = "move what both need into another function"
	case strings.HasPrefix(text, "cannot tail call within exception"):
		d.Message = "an exception callback cannot make a tail call"
		primary(d, "in an exception callback")
	case strings.Contains(text, "cannot return void"):
		d.Message = "an exception callback has to return a number"
		c.markExceptionCallback(d, "returns nothing")
		help = "declare it `int name(u64 cookie)`"
	case strings.Contains(text, "single integer argument"):
		d.Message = "an exception callback takes one integer"
		c.markExceptionCallback(d, "has other parameters")
		help = "declare it `int name(u64 cookie)`; the cookie is what `bpf_throw` was called with"
	case strings.Contains(text, "could not be found"), strings.Contains(text, "type id not found"):
		d.Message = "the exception callback is not in the object"
		if f := c.match.Fields; len(f) > 0 && f[0] != "" {
			d.Message = "the exception callback " + quote(f[0]) + " is not in the object"
		}
		help = "define a global function of the name that `__exception_cb(name)` has"
	case strings.Contains(text, "global linkage"):
		d.Message = "an exception callback has to be a global function"
		if f := c.match.Fields; len(f) > 0 && f[0] != "" {
			d.Message = "the exception callback " + quote(f[0]) + " has to be a global function"
		}
		help = "remove `static`, and mark the function `__noinline`"
	case strings.Contains(text, "multiple exception callback tags"):
		d.Message = "a program can have one exception callback only"
		if tags := c.exceptionTags(); len(tags) > 0 {
			c.labelFunction(d, c.Program.Name, "is given "+quoted(tags))
		}
		help = "leave one `__exception_cb(...)`"
	case strings.Contains(text, "cannot attach to exception"):
		d.Message = "no program can be attached to an exception callback"
	default:
		d.Message = "the exception callback's BTF is not right"
		d.Notes = append(d.Notes, "func_info of the program does not fit its functions; the loader or a tool that changed the object made it")
	}
	if help != "" {
		d.Helps = append(d.Helps, diag.Help{Text: help, Applicability: diag.Placeholder})
	}
}

// exceptionTags are the functions that the program's declaration tags make its
// exception callbacks (__exception_cb in bpf_experimental.h).
func (c *Case) exceptionTags() (names []string) {
	fn := c.functionNamed(c.Program.Name)
	if fn == nil || c.Object.BTF == nil {
		return nil
	}
	for _, t := range c.Object.BTF.Tags(c.Object.FuncType(fn), -1) {
		if name, ok := strings.CutPrefix(t, "exception_callback:"); ok {
			names = append(names, name)
		}
	}
	return names
}

// markExceptionCallback makes the program's exception callback the place of a
// complaint that comes before the walk.
func (c *Case) markExceptionCallback(d *diag.Diagnostic, text string) {
	if tags := c.exceptionTags(); len(tags) == 1 && len(d.Labels) == 0 {
		c.labelFunction(d, tags[0], text)
	}
}
