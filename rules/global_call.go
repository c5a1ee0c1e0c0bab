package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// verifiedAlone is the global function that was verified by itself when the
// verifier gave up, nil if that was the program (do_check_subprogs).
func (c *Case) verifiedAlone() *object.Function {
	if c.last < 0 || c.Path.Name == "" || c.Path.Name == c.Program.Name {
		return nil
	}
	return c.functionNamed(c.Path.Name)
}

// nullParameter tells of a parameter of a global function, which may be NULL
// whatever its callers pass (btf_prepare_func_args makes it PTR_MAYBE_NULL).
func (c *Case) nullParameter(d *diag.Diagnostic, link verifierlog.Link) bool {
	fn := c.verifiedAlone()
	if fn == nil || link.Step >= 0 || link.Loc.Reg < 1 || link.Loc.Reg > 5 {
		return false
	}
	s := signature{fn: fn, name: fn.Name, arg: link.Loc.Reg - 1}
	s.parameter(c.Object)
	l, ok := c.parameterLabel(&s, "may be NULL, whatever is passed")
	if !ok {
		return false
	}
	markFirst(d, l, l.Text)
	note(d, "%s is not `static`, so it is verified without its callers, for any arguments", quote(fn.Name))
	advise(d, "`__arg_nonnull` behind the parameter has the callers checked instead (since Linux 6.8; of bpf_helpers.h of libbpf 1.4)")
	return true
}

// globalResult is the global function that returned a value, nil if none did.
func (c *Case) globalResult(step int, l verifierlog.Loc) *object.Function {
	k := c.madeInt(step, l)
	if k.Kind != verifierlog.LinkResult || k.Step < 0 {
		return nil
	}
	if s := c.Path.Step(k.Step); len(s.Func) == 0 && s.Call == verifierlog.CallSubprog {
		if fn, i, ok := c.function(s.Target); ok && i == 0 {
			return fn
		}
	}
	return nil
}

// tellGlobalResult labels the global function whose result is used as if the
// verifier knew what it returns.
func (c *Case) tellGlobalResult(d *diag.Diagnostic, fn *object.Function) {
	if l, ok := c.functionLabel(fn, "not `static`, and so verified by itself"); ok {
		markFirst(d, l, l.Text)
	}
	note(d, "of the result of a global function its callers know only that it is a number")
	h := diag.Help{Text: "make " + quote(fn.Name) + " `static`: the verifier then follows the call, and knows what it returns", Applicability: diag.Placeholder}
	if h.Edits = c.staticEdit(fn.Name); h.Edits != nil {
		h.Applicability = diag.Likely
	}
	d.Helps = append(d.Helps, h)
}

// contextToGlobal tells of the context, given to a global function that declares it
// as a pointer to a structure of the program: that is memory to the
// verifier (btf_check_func_arg_match). It says whether that is so.
func (c *Case) contextToGlobal(d *diag.Diagnostic) bool {
	if c.last < 0 || c.failing().Op != verifierlog.OpCall || !strings.Contains(c.Summary.Message, "Caller passes invalid args into func") {
		return false
	}
	s := c.signature()
	for s.arg = 0; s.arg < 5 && c.at(verifierlog.Reg(c.failing().Frame, s.arg+1)).Base != verifierlog.Ctx; s.arg++ {
	}
	if s.fn == nil || s.arg == 5 {
		return false
	}
	s.typ = ""
	s.parameter(c.Object)
	recode(d, "BPF0515")
	d.Message = fmt.Sprintf("the context is passed to global function %s, whose %s is not declared as one", quote(s.name), quote(s.param))
	c.markSignature(d, &s, "memory of the size of "+quote(s.typ)+", as far as the verifier can tell")
	for i := range d.Labels {
		if !d.Labels[i].Primary {
			d.Labels[i].Text = "the context is passed here"
		}
	}
	note(d, "a global function is verified alone; only a parameter of the program type's own context type, or one tagged `__arg_ctx`, is the context")
	d.Helps = append(d.Helps, c.static(&s, "sees what is passed"))
	advise(d, "`void *%s __arg_ctx` declares the parameter as the context (since Linux 6.8; of bpf_helpers.h of libbpf 1.4)", s.param)
	return true
}

// parameterLabel is a label of a parameter in a function's head; of the whole
// head, where the parameter is not found.
func (c *Case) parameterLabel(s *signature, text string) (diag.Label, bool) {
	l, ok := c.functionLabel(s.fn, text)
	f, whole := c.files[l.File]
	if !ok || !whole || s.param == "" {
		return l, ok
	}
	from, known := f.Offset(l.Line, l.Column)
	if !known {
		return l, true
	}
	head := f.text[from:min(len(f.text), from+1000)]
	m := regexp.MustCompile(`[(,]\s*([^(),]*\b` + regexp.QuoteMeta(s.param) + `\b[^(),]*?)\s*[,)]`).FindStringSubmatchIndex(head)
	if m != nil && !strings.Contains(head[:m[2]], "{") {
		l.Line, l.Column = f.Position(from + m[2])
		l.EndLine, l.EndColumn = f.Position(from + m[3])
		l.Source = ""
	}
	return l, true
}
