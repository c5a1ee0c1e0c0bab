package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

var (
	_ = rule("BPF0730", globalReturn)
	_ = rule("BPF0731", globalParameter)
	_ = rule("BPF0732", parameterTag)
	_ = rule("BPF0733", contextParameter)
	_ = rule("BPF0622", tooManyParameters)
)

// signature is a global function and the parameter that a complaint is about.
type signature struct {
	fn    *object.Function // nil when it is not known
	name  string           // of the function, "" when not known
	arg   int              // from 0, -1 without
	param string           // its name, "" when not known
	typ   string           // "struct flow", of what a pointer points to as well
	void  bool             // it is a `void *`
}

var (
	calledInText = lazyregexp.New(`into func#\d+ \('(\w+)'\)`)
	typeInText   = lazyregexp.New(`reference type\('(\w+) (\w*)'`)
)

var functionInText = lazyregexp.New(`[Ff]unction (\w+)|\bin (\w+)\(\)`)

// signature finds out which function a complaint means: it is named, or is
// called where the verifier stopped, or is the one being verified, or the only
// global function that has such a parameter.
func (c *Case) signature() (s signature) {
	s.arg = -1
	if m := functionInText.FindStringSubmatch(c.match.Text); m != nil {
		s.name = m[1] + m[2]
	} else if m := calledInText.FindStringSubmatch(c.Summary.Message); m != nil {
		s.name = m[1]
	}
	if m := typeInText.FindStringSubmatch(c.match.Text); m != nil && m[2] != "" {
		s.typ = m[2]
		if m[1] == "FWD" || m[1] == "STRUCT" {
			s.typ = "struct " + m[2]
		}
	}
	for _, p := range [...]string{"arg#", "args#", "Arg#", "arg ", "arg"} {
		if _, rest, ok := strings.Cut(c.match.Text, p); ok {
			if n, err := strconv.Atoi(rest[:digitsOf(rest)]); err == nil {
				s.arg = n
				break
			}
		}
	}
	if s.arg < 0 && strings.HasPrefix(c.match.Text, "R") { // before Linux 6.8 the register that the argument is in
		if n, err := strconv.Atoi(c.match.Text[1 : 1+digitsOf(c.match.Text[1:])]); err == nil {
			s.arg = n - 1
		}
	}
	switch {
	case s.name != "":
		s.fn = c.functionNamed(s.name)
	case c.last >= 0 && c.Object != nil:
		if fn, i, ok := c.function(c.Path.Insn(c.last)); ok && i < len(fn.Insns) {
			s.fn = c.callee(fn, i)
		}
	}
	if s.fn == nil && s.name == "" && c.Path.Name != "" {
		s.fn = c.functionNamed(c.Path.Name)
	}
	if s.fn == nil && s.name == "" {
		s.fn = c.onlyGlobal(s.arg)
	}
	if s.fn != nil {
		s.name = s.fn.Name
		s.parameter(c.Object)
	}
	return s
}

func digitsOf(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// onlyGlobal is the program's global function with a parameter of that number,
// if there is one alone.
func (c *Case) onlyGlobal(arg int) (only *object.Function) {
	for _, fn := range c.callGraph().functions {
		if !fn.Global || fn.Hidden || fn.Name == c.Program.Name || arg >= len(parameters(c.Object, fn)) {
			continue
		}
		if only != nil {
			return nil
		}
		only = fn
	}
	return only
}

func parameters(o *object.Object, fn *object.Function) []object.Member {
	if o == nil || o.BTF == nil {
		return nil
	}
	id := o.FuncType(fn)
	if id == 0 {
		return nil
	}
	return o.BTF.Members(o.BTF.Target(id))
}

func (s *signature) parameter(o *object.Object) {
	params := parameters(o, s.fn)
	if s.arg < 0 || s.arg >= len(params) {
		return
	}
	p := params[s.arg]
	s.param = p.Name
	id := o.BTF.Underlying(p.Type)
	if o.BTF.Kind(id) == object.KindPtr {
		to := o.BTF.Modified(o.BTF.Target(id))
		s.void = to == 0
		id = o.BTF.Underlying(to)
	}
	if id != 0 && s.typ == "" {
		s.typ = o.BTF.Describe(id)
	}
}

// say names the parameter.
func (s *signature) say() string {
	of := ""
	if s.name != "" {
		of = " of global function " + quote(s.name)
	}
	if s.param != "" {
		return "parameter " + quote(s.param) + of
	}
	return fmt.Sprintf("parameter %d%s", s.arg+1, of)
}

// markSignature makes the function's head the primary label, or of it the
// parameter that is meant.
func (c *Case) markSignature(d *diag.Diagnostic, s *signature, text string) {
	if s.fn == nil {
		if c.last >= 0 && len(c.Path.Step(c.last).Func) == 0 && s.name != "" {
			d.Notes = append(d.Notes, text)
			text = "calls " + quote(s.name)
		}
		primary(d, text)
		return
	}
	l, ok := c.parameterLabel(s, text)
	if !ok {
		primary(d, text)
		return
	}
	l.Primary = true
	var rest []diag.Label
	for _, o := range d.Labels {
		if o.Primary && o.Insn != nil && c.last >= 0 && *o.Insn == c.Path.Insn(c.last) && o.Line != l.Line {
			o.Primary, o.Text = false, "called here"
			rest = append(rest, o)
		}
	}
	d.Labels = append(rest, l)
}

// static is the advice to have the verifier follow the calls of a function
// instead of verifying it alone.
func (c *Case) static(s *signature, why string) diag.Help {
	h := diag.Help{Text: "make the function `static`: the verifier then follows its calls, and " + why}
	if s.fn == nil {
		return h
	}
	p, ok := c.debug().Place(s.fn, 0)
	if !ok || len(p.Inlined) > 0 {
		return h
	}
	file := c.file(p.File, p.Line, p.Text)
	if _, whole := c.files[p.File]; !whole || file == nil {
		return h
	}
	at, ok := file.At(p.Line, p.Column)
	if !ok || at.Function.Name != s.fn.Name {
		return h
	}
	for _, word := range strings.FieldsFunc(file.Text(at.Function.Span)[:max(0, at.Function.Body.Start-at.Function.Start)], func(r rune) bool { return !strings.ContainsRune("_abcdefghijklmnopqrstuvwxyzSEC", r) }) {
		if word == "__weak" || word == "weak" || word == "SEC" || word == "extern" || word == "__hidden" {
			return h // of no use in a static function, or an error
		}
	}
	h.Edits = []diag.Edit{editOf(p.File, file.Position, at.Function.Start, at.Function.Start, "static ")}
	h.Applicability = diag.Likely
	return h
}

// globalReturn: what a global function returns is neither a number nor, since
// Linux 7.2, nothing (btf_prepare_func_args in kernel/bpf/btf.c).
func globalReturn(c *Case, d *diag.Diagnostic) {
	s := c.signature()
	s.param = ""
	what := "no number"
	if s.fn != nil {
		if id := c.Object.FuncType(s.fn); id != 0 {
			ret := c.Object.BTF.Target(c.Object.BTF.Target(id))
			switch {
			case ret == 0:
				what = "nothing"
			case c.Object.BTF.Kind(c.Object.BTF.Underlying(ret)) == object.KindPtr:
				what = "a pointer"
			default:
				what = quote(c.Object.BTF.Describe(c.Object.BTF.Underlying(ret)))
			}
		}
	}
	d.Message = "the global function " + quote(s.name) + " returns " + what + ", and has to return a number"
	if s.fn == nil {
		d.Message = "the global function " + quote(s.name) + " does not return a number"
	}
	c.markSignature(d, &s, "returns "+what)
	d.Notes = append(d.Notes, "a global function is verified alone, and its callers know of the result only that it is a number")
	if g := c.callGraph(); s.fn != nil && !g.called(s.fn) { // an exception callback, which has to be global
		d.Helps = append(d.Helps, diag.Help{Text: "have it return an `int`"})
		return
	}
	if what == "nothing" {
		d.Notes = append(d.Notes, "Linux 7.2 and later take `void`")
	}
	d.Helps = append(d.Helps, c.static(&s, "knows what it returns"))
}

// globalParameter: the type of a parameter says nothing that the verifier can
// rely on (btf_prepare_func_args, btf_get_ptr_to_btf_id).
func globalParameter(c *Case, d *diag.Diagnostic) {
	s := c.signature()
	text := c.match.Text
	d.Message = s.say() + " has a type that the verifier cannot check"
	why := "this type cannot be checked"
	help := ""
	switch {
	case strings.Contains(text, "size cannot be determined"):
		why = "the size of what it points to is not known"
		if s.void {
			why = "`void *` does not say how much memory it points to"
		} else if s.typ != "" {
			why = "the size of " + quote(s.typ) + " is not known here"
		}
		help = "or point to a type whose size is known, such as a structure that is defined in this file"
	case strings.Contains(text, "is not supported yet"):
		why = "neither a number nor a pointer"
		if s.typ != "" {
			why = quote(s.typ) + " is neither a number nor a pointer"
		}
		help = "or pass a pointer to it"
	case strings.Contains(text, "but only struct or primitive types"):
		why = "an untrusted pointer is one to a structure or a number"
	case strings.Contains(text, "has no matches"):
		why = "the kernel has no such type"
		if s.typ != "" {
			why = "the kernel has no type " + quote(s.typ)
		}
		help = "`__arg_trusted` and `__arg_untrusted` are for the kernel's own structures; for memory of the program use `__arg_nonnull`, or no tag"
	case strings.Contains(text, "candidate matching"):
		why = "the kernel's types of this name could not be looked up"
	case strings.Contains(text, "kernel module type"):
		why = "the type is one of a kernel module"
	}
	c.markSignature(d, &s, why)
	d.Notes = append(d.Notes, "a global function is verified alone, for any arguments that its signature allows")
	h := c.static(&s, "sees what is passed")
	if help != "" && len(h.Edits) == 0 {
		h.Text += "; " + help
	}
	d.Helps = append(d.Helps, h)
}

// parameterTag: __arg_… tags that do not go together, or not with the type.
func parameterTag(c *Case, d *diag.Diagnostic) {
	s := c.signature()
	text := c.match.Text
	why, help := "these tags do not go together", "leave the tag that says what the pointer is: `__arg_ctx`, `__arg_trusted`, `__arg_untrusted` or `__arg_arena`; `__arg_nullable` goes with `__arg_trusted`, `__arg_nonnull` with memory of the program"
	switch {
	case strings.Contains(text, "not a pointer type"):
		why, help = "a number has a tag that is for pointers", "remove the tag"
	case strings.Contains(text, "static functions"):
		why, help = "a type tag has no meaning in a static function", "remove the tag: the verifier sees what is passed to a static function"
	case strings.Contains(text, "untrusted cannot be combined"):
		why, help = "`__arg_untrusted` stands alone", "remove the other tags: an untrusted pointer may be NULL anyway, and reads through it never fault"
	case strings.Contains(text, "arena cannot be combined"):
		why, help = "`__arg_arena` stands alone", "remove the other tags"
	}
	d.Message = "the tags of " + s.say() + " are not possible: " + why
	c.markSignature(d, &s, why)
	offer(d, help, diag.Likely, c.tagEdit(&s, strings.Contains(text, "not a pointer type") || strings.Contains(text, "static functions")))
}

// contextParameter: __arg_ctx at a parameter that is of another type
// (btf_validate_prog_ctx_type).
func contextParameter(c *Case, d *diag.Diagnostic) {
	s := c.signature()
	want := "the program type's context"
	if _, rest, ok := strings.Cut(c.match.Text, "should be `"); ok {
		if t, _, ok := strings.Cut(rest, "`"); ok {
			want = quote(t)
		}
	} else if strings.Contains(c.match.Text, "void pointer") {
		want = quote("void *")
	}
	d.Message = s.say() + " is tagged `__arg_ctx`, and is not " + want
	why := "has to be " + want
	if s.typ != "" {
		why += ", and is " + quote(s.typ)
	}
	c.markSignature(d, &s, why)
	offer(d, "declare it as "+want+"; `void *__arg_ctx` serves all program types", diag.Likely, c.contextTypeEdit(&s, strings.Trim(want, "`")))
}

// tooManyParameters: more than five, which registers hold (the BPF calling
// convention), or than the kernel takes on the stack.
func tooManyParameters(c *Case, d *diag.Diagnostic) {
	n := c.numbers()
	s := c.signature()
	s.param = ""
	limit, has := 5, 0
	for _, v := range n {
		if v >= 5 && (has == 0 || v > has) {
			has = v
		}
	}
	for _, v := range n {
		if v >= 5 && v < has {
			limit = v
		}
	}
	switch {
	case s.name != "" && has > limit:
		d.Message = fmt.Sprintf("%s has %d parameters, and %d is the most here", quote(s.name), has, limit)
	default:
		d.Message = fmt.Sprintf("a function has more parameters than %d", limit)
	}
	c.markSignature(d, &s, "too many parameters")
	d.Notes = append(d.Notes, "arguments are passed in the registers r1 to r5")
	if edits := c.inlineEdit(s.fn); edits != nil {
		offer(d, "make the function `static __always_inline`: what is inlined passes nothing", diag.Likely, edits)
		return
	}
	suggest(d, "put several values into a structure, and pass a pointer to it; or make the function `static __always_inline`, as what is inlined passes nothing")
}
