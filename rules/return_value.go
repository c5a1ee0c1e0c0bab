package rules

import (
	"fmt"
	"math"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0701", returnValue)
	_ = rule("BPF0702", returnPointer)
	_ = rule("BPF0705", callbackReturn)
)

// returnValue: a program ends with a number that its attach type does not
// allow (check_return_code in kernel/bpf/verifier.c).
func returnValue(c *Case, d *diag.Diagnostic) {
	if reg := complained(c); reg == "R1" {
		thrown(c, d)
		return
	}
	m := c.meaning()
	c.outOfRange(d, m, quote(c.Program.Name)+" returns %s, and "+m.what+" may return %s")
}

// callbackReturn: likewise of a callback, which has the range of the function
// that runs it.
func callbackReturn(c *Case, d *diag.Diagnostic) {
	who, runs, m := "the callback", "runs the callback", returnMeaning{}
	if c.last >= 0 {
		if p, ok := c.place(c.Path.Insn(c.last)); ok {
			who, runs = "the callback "+quote(p.Function), "its callback is "+quote(p.Function)
		}
		call := c.Path.Callsite(c.last, max(c.Path.Step(c.last).Frame, 1))
		if call < 0 && c.Path.Begin > 0 {
			call = c.Path.Begin - 1 // a callback that runs later: the step that sets it is the last before its walk
		}
		if s := c.Path.Step(call); call >= 0 && len(s.Func) > 0 {
			m.means = callbackMeaning(string(s.Func))
			defer func() { c.tell(d, call, verifierlog.Reg(0, 0), runs) }()
		}
	}
	c.outOfRange(d, m, who+" returns %s, and may return %s")
}

// complained is the register that the complaint names.
func complained(c *Case) string {
	_, rest, _ := strings.Cut(c.match.Text, "the register ")
	reg, _, _ := strings.Cut(rest, " ")
	return reg
}

// outOfRange tells of a return value outside of a range. headline has places for
// what is returned and what is allowed.
func (c *Case) outOfRange(d *diag.Diagnostic, m returnMeaning, headline string) {
	lo, hi, ok := allowedRange(c.match.Text)
	if !ok {
		return
	}
	l, found := c.fault(complained(c))
	var v verifierlog.Value
	if found {
		v, found = c.Path.Before(c.last, l)
	}
	what := givenText(c.match.Text)
	if found {
		what = c.returnText(v)
		// Functions return an int: of what is checked as one, the verifier knows the lower half alone.
		if b := v.Bounds; what == anyNumber && (int64(b.Smin32) < lo || int64(b.Smax32) > hi) && (b.Smin32 > math.MinInt32 || b.Smax32 < math.MaxInt32) {
			what = between(fmt.Sprint(b.Smin32), fmt.Sprint(b.Smax32))
		}
	}
	d.Message = fmt.Sprintf(headline, what, allowedText(lo, hi))
	primary(d, "returns "+what)
	if lo == -4095 && hi == 0 && m.means == "" {
		m.means = "0 allows, a negative error number denies"
	}
	if strings.Contains(d.KernelMessage, "attach to void LSM hooks") {
		m.means = "this hook returns nothing, so the program cannot deny anything"
	}
	if m.means != "" {
		d.Notes = append(d.Notes, m.means)
	}
	if !found {
		d.Helps = append(d.Helps, diag.Help{Text: "return " + allowedText(lo, hi) + " on every path"})
		return
	}
	c.evidence(c.last, l)
	exit, inner := c.exitOf(c.last, l)
	r, known := c.returnOf(exit, inner, v, lo, hi)
	if n, literal := c.literalOfReturn(r, known); literal && !v.Const {
		primary(d, fmt.Sprintf("returns %d", n)) // the one of the range's numbers that is too much
	}
	if known && exit == c.last {
		c.mark(d, r.insn, r.file, r.span())
	} else if known {
		c.tellStatement(d, r, "returns "+what)
	}
	c.returnOrigin(d, exit, inner, r, known)
	c.returnHelp(d, m, v, r, known, lo, hi)
}

// exitOf follows a returned value into the functions that it comes from: the
// exit of the innermost one, and the place it is returned in.
func (c *Case) exitOf(step int, l verifierlog.Loc) (int, verifierlog.Loc) {
	for _, k := range c.Path.Chain(step, l) {
		switch k.Kind {
		case verifierlog.LinkMove, verifierlog.LinkSpill, verifierlog.LinkFill:
		case verifierlog.LinkReturn:
			if len(k.From) > 0 {
				step, l = k.Step, k.From[0]
			}
		default:
			return step, l
		}
	}
	return step, l
}

// madeInt is made of an int: a move of 32 bits keeps it.
func (c *Case) madeInt(step int, l verifierlog.Loc) verifierlog.Link {
	k := c.made(step, l)
	for range 8 {
		if k.Kind != verifierlog.LinkMove32 && k.Kind != verifierlog.LinkExtend || len(k.From) == 0 {
			break
		}
		k = c.made(k.Step, k.From[0])
	}
	return k
}

// tellStatement adds a label for a return statement.
func (c *Case) tellStatement(d *diag.Diagnostic, r returned, text string) {
	one := diag.Diagnostic{}
	c.mark(&one, r.insn, r.file, r.stmt.Span)
	for _, l := range one.Labels {
		l.Primary, l.Text = false, text
		d.Labels = append([]diag.Label{l}, d.Labels...)
	}
}

// returnOrigin tells where the value was made, unless the statement shows it.
func (c *Case) returnOrigin(d *diag.Diagnostic, exit int, l verifierlog.Loc, r returned, known bool) {
	k := c.madeInt(exit, l)
	if k.Step < 0 || k.Kind == verifierlog.LinkReturn {
		return
	}
	s := c.Path.Step(k.Step)
	if fn := string(s.Func); k.Kind == verifierlog.LinkResult && resultOf(fn) != "" {
		d.Notes = append(d.Notes, quote(fn)+" returns "+resultOf(fn))
	}
	at, file, ok := c.source(c.Path.Insn(k.Step))
	if ok && known && r.stmt != nil {
		line, _ := file.Position(at.Span.Start)
		from, _ := r.file.Position(r.stmt.Start)
		to, _ := r.file.Position(r.stmt.End)
		if line >= from && line <= to || at.Expr == nil {
			return
		}
	}
	if _, literal := c.literalOfReturn(r, known); literal {
		return // a constant that the statement spells
	}
	if k.Kind == verifierlog.LinkConst { // of an inlined function, it may be, which has one such statement
		one, ok := c.only(c.returns(c.Path.Insn(k.Step)), func(n int64, literal bool) bool { return !literal || n == s.Imm })
		if ok && !known || ok && one.stmt.Start != r.stmt.Start {
			c.tellStatement(d, one, fmt.Sprintf("returns %d", s.Imm))
			return
		}
	}
	if !ok || at.InHead { // optimised code: the place tells when, not what
		return
	}
	switch k.Kind {
	case verifierlog.LinkConst:
		c.tell(d, k.Step, k.Loc, fmt.Sprintf("the value %d comes from here", s.Imm))
	case verifierlog.LinkResult:
		c.tell(d, k.Step, k.Loc, "the value is what "+quote(string(s.Func))+" returns")
	case verifierlog.LinkLoad:
		c.tell(d, k.Step, k.Loc, "the value is read here")
	case verifierlog.LinkArith:
		c.tell(d, k.Step, k.Loc, "the value is computed here")
	}
}

func (c *Case) literalOfReturn(r returned, known bool) (int64, bool) {
	if !known {
		return 0, false
	}
	return c.literal(&r)
}

// resultOf says what the helpers return whose result is often handed on.
func resultOf(fn string) string {
	switch fn {
	case "bpf_map_update_elem", "bpf_map_delete_elem", "bpf_map_push_elem", "bpf_map_pop_elem", "bpf_map_peek_elem",
		"bpf_probe_read_kernel", "bpf_probe_read_user", "bpf_probe_read", "bpf_skb_load_bytes", "bpf_skb_store_bytes",
		"bpf_ringbuf_output", "bpf_perf_event_output", "bpf_setsockopt", "bpf_getsockopt", "bpf_sk_assign":
		return "0 or a negative error number"
	case "bpf_probe_read_kernel_str", "bpf_probe_read_user_str", "bpf_probe_read_str", "bpf_d_path":
		return "a length or a negative error number"
	}
	return ""
}

// returnText says what is returned: "2", "anything from 0 to 3", "any number".
func (c *Case) returnText(v verifierlog.Value) string {
	b := &v.Bounds
	switch {
	case v.Base != verifierlog.Scalar:
		return kindOf(v)
	case v.Const && v.Number > math.MaxInt32 && v.Number <= math.MaxUint32:
		return fmt.Sprint(int32(uint32(v.Number))) // an int, whose register has no sign
	case v.Const:
		return fmt.Sprint(v.Number)
	case b.Smin >= 0 && b.Umin == 0 && b.Umax == math.MaxUint32:
		return "any 32-bit number"
	case b.Smin == math.MinInt32 && b.Smax == math.MaxInt32:
		return "any 32-bit number"
	}
	if b.Smax == math.MaxInt64 && b.Smin > 0 {
		return fmt.Sprintf("at least %d", b.Smin)
	}
	if s := rangeOf(v); s != "" {
		return s
	}
	return anyNumber
}

const anyNumber = "any number"

// returnHelp advises how to return what is allowed.
func (c *Case) returnHelp(d *diag.Diagnostic, m returnMeaning, v verifierlog.Value, r returned, known bool, lo, hi int64) {
	h := diag.Help{Applicability: diag.Placeholder}
	_, literal := c.literalOfReturn(r, known)
	to := ""
	switch {
	case lo == hi:
		h.Text, to = fmt.Sprintf("return %d", lo), fmt.Sprint(lo)
		switch {
		case known && r.expr != nil && callsSomething(r.expr):
			// What is called would not be.
		case literal && c.Program.Type == "tracing":
			h.Applicability = diag.Safe // nobody takes the value
		case lo == 0 || lo == 1:
			h.Applicability = diag.Likely
		}
	case lo == -4095 && hi == 0 && known && r.expr != nil && (literal || r.expr.Kind == sourcetext.Name && strings.HasPrefix(r.text(), "E")) && v.Const && v.Number > 0 && v.Number <= 4095:
		h.Text, to = "return the negative error number to deny, 0 to allow", "-"+r.text()
		h.Applicability = diag.Likely
		switch r.expr.Kind {
		case sourcetext.Name:
			h.Applicability = diag.Safe // an error's name: EPERM
		case sourcetext.Literal:
		default:
			to = fmt.Sprint(-v.Number)
		}
	case lo == 0 && v.Const && int32(v.Number) < 0 && known && r.expr != nil && strings.HasPrefix(m.means, "0 "):
		h.Text, to = "return 0 to refuse", "0"
		if strings.HasPrefix(c.Program.Type, "cgroup_sock") {
			h.Text = "return 0 to refuse; `bpf_set_retval` sets another error than EPERM"
		}
		if !callsSomething(r.expr) {
			h.Applicability = diag.Likely // an error is no, to whoever writes it
		}
	case lo == -4095 && hi == 0:
		h.Text = "return 0 or a negative error number, such as -1 (EPERM), on every path"
		if known && r.expr != nil && !v.Const {
			h.Text, to = "deny with an error number of your own", fmt.Sprintf("%s ? -1 /* EPERM */ : 0", operand(r))
		}
	case literal:
		h.Text, to = fmt.Sprintf("return a value from %d to %d", lo, hi), m.neutral
		if m.neutral == "" && v.Number != 0 {
			to = fmt.Sprint(hi) // of a callback: it ends the loop, as any error was meant to
		}
		if hi == lo+1 {
			h.Text = fmt.Sprintf("return %d or %d", lo, hi)
		}
	case lo == 0 && hi == 1:
		h.Text = "return 0 or 1 on every path"
		if known && r.expr != nil && m.neutral == "" && setsSomething(r.expr) {
			if h.Edits = c.splitReturn(&r); h.Edits != nil {
				h.Text, h.Applicability = "return 0 to go on, or 1 to stop", diag.Likely
			}
		} else if known && r.expr != nil && !v.Const {
			h.Text, to = "decide what the value means", operand(r)+" ? 1 : 0"
		}
	default:
		h.Text = fmt.Sprintf("compare the value before it is returned, so that only %d to %d are left", lo, hi)
	}
	if to != "" && known {
		if e, ok := c.replace(&r, to); ok {
			h.Edits = []diag.Edit{e}
		}
	}
	if len(h.Edits) == 0 {
		h.Applicability = ""
		if to != "" && strings.HasPrefix(h.Text, "decide") {
			h.Text = "return 0 or 1 on every path"
		}
	}
	d.Helps = append(d.Helps, h)
}

// callsSomething says whether there is a call in an expression.
func callsSomething(n *sourcetext.Node) bool {
	found := false
	walk(n, func(n *sourcetext.Node) { found = found || n.Kind == sourcetext.Call })
	return found
}

// setsSomething says whether an expression changes a variable.
func setsSomething(n *sourcetext.Node) bool {
	found := false
	walk(n, func(n *sourcetext.Node) {
		found = found || n.Kind == sourcetext.Assign || n.Kind == sourcetext.Postfix || n.Operator == "++" || n.Operator == "--"
	})
	return found
}

// splitReturn makes `return ++count;` a statement of its own and a return of 0.
func (c *Case) splitReturn(r *returned) []diag.Edit {
	e, ok := c.editor(r.insn)
	if !ok || r.stmt == nil || r.stmt.Bare || e.name != r.name {
		return nil
	}
	return append([]diag.Edit{e.replace(sourcetext.Span{Start: r.stmt.Start, End: r.expr.Start}, "")}, e.behind(r.stmt, "return 0;")...)
}

// operand is a returned expression, in parentheses where ?: needs them.
func operand(r returned) string {
	switch r.expr.Kind {
	case sourcetext.Name, sourcetext.Literal, sourcetext.Call, sourcetext.Index, sourcetext.Member, sourcetext.Group:
		return r.text()
	}
	return "(" + r.text() + ")"
}

// thrown: without an exception callback of its own the program returns what it
// gives to bpf_throw.
func thrown(c *Case, d *diag.Diagnostic) {
	lo, hi, ok := allowedRange(c.match.Text)
	if !ok {
		return
	}
	what := givenText(c.match.Text)
	if l, found := c.fault("R1"); found {
		if v, known := c.Path.Before(c.last, l); known {
			what = c.returnText(v)
		}
		c.origin(d, c.last, l, "")
	}
	m := c.meaning()
	d.Message = fmt.Sprintf("%s ends with %s by `bpf_throw`, and %s may return %s", quote(c.Program.Name), what, m.what, allowedText(lo, hi))
	primary(d, "the program returns "+what)
	d.Notes = append(d.Notes, "a program without an exception callback returns what it gives to `bpf_throw`")
	if m.means != "" {
		d.Notes = append(d.Notes, m.means)
	}
	d.Helps = append(d.Helps, diag.Help{Text: "throw a value that the program may return, or give it an exception callback (`__exception_cb`) that returns one"})
}

// returnPointer: what is returned is no number (check_return_code, and
// check_global_subprog_return_code).
func returnPointer(c *Case, d *diag.Diagnostic) {
	who := quote(c.Program.Name)
	if c.last >= 0 {
		if p, ok := c.place(c.Path.Insn(c.last)); ok && p.Function != "" {
			who = quote(p.Function)
		}
	}
	what := "a pointer"
	l, ok := c.fault(complained(c))
	if ok {
		if v, known := c.Path.Before(c.last, l); known && v.Base != verifierlog.Scalar && v.Base != verifierlog.NotInit {
			what = kindOf(v)
		}
	}
	d.Message = who + " returns " + what + ", not a number"
	primary(d, "returns "+what)
	if ok {
		c.evidence(c.last, l)
		if r, known := c.returnAt(c.Path.Insn(c.last)); known {
			c.mark(d, r.insn, r.file, r.stmt.Span)
		}
		c.origin(d, c.last, l, "")
	}
	d.Notes = append(d.Notes, "the kernel takes the result as a number, and a pointer would tell its addresses")
	var edits []diag.Edit
	if r, known := c.returnAt(c.Path.Insn(max(c.last, 0))); ok && known && r.expr != nil {
		if v, good := c.Path.Before(c.last, l); good && v.Flags&verifierlog.MaybeNull != 0 {
			if e, can := c.replace(&r, "!!"+operand(r)); can {
				edits = []diag.Edit{e}
			}
		}
	}
	offer(d, "return a number that says what was found; to hand a pointer to a caller, make the function static", diag.Likely, edits)
}
