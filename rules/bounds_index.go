package rules

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// index is the number that makes an address variable.
type index struct {
	found bool
	step  int             // in front of which
	loc   verifierlog.Loc // this place holds it
	value verifierlog.Value
	known bool
	scale int64           // bytes for each
	name  string          // in the source, "" when unknown
	typ   *debuginfo.Type // of name
	// several says that more than one number was added: no bound of this one
	// alone is enough.
	several bool
	added   int        // the step that adds it to the address
	fixed   int64      // what is added to the address beside it
	based   bool       // fixed is known
	e       expression // what stands in the brackets, if that is the number
	array   string
	length  int64 // elements of array, 0 when unknown
}

// index finds the number in the address that a place has in front of a
// step, with offset added to it by the instruction. e is the access in the
// source, if it is known.
func (c *Case) index(step int, l verifierlog.Loc, offset int64, e expression) (x index) {
	fixed := offset
	for _, k := range c.Path.Chain(step, l) {
		s := c.Path.Step(k.Step)
		if k.Kind != verifierlog.LinkArith {
			continue
		}
		if len(k.From) < 2 {
			if s.HasImm && s.Operator == "+=" {
				fixed += s.Imm
			} else if s.HasImm && s.Operator == "-=" {
				fixed -= s.Imm
			}
			continue
		}
		p, pok := c.Path.Before(k.Step, k.From[0])
		v, vok := c.Path.Before(k.Step, k.From[1])
		n := k.From[1]
		if pok && p.Base == verifierlog.Scalar {
			p, v, n, pok, vok = v, p, k.From[0], vok, pok
		}
		if vok && v.Base == verifierlog.Scalar && v.Const {
			fixed += v.Number
			continue
		}
		if x.found {
			x.several = true
			break
		}
		x.found, x.step, x.added, x.loc, x.scale = true, k.Step, k.Step, n, 1
		if pok {
			x.fixed, x.based = fixed+p.Offset, true
			if p.Const {
				x.fixed += p.Number
			}
		}
	}
	if !x.found {
		return x
	}
	c.unscale(&x)
	x.value, x.known = c.Path.Before(x.step, x.loc)
	c.nameIndex(&x, e.indexed())
	return x
}

// unscale goes back to what was multiplied by the size of an element.
func (c *Case) unscale(x *index) {
	for range 16 {
		k := c.Path.Origin(x.step, x.loc)
		if len(k.From) != 1 || k.Step < 0 {
			return
		}
		if at, _, ok := c.source(c.Path.Insn(k.Step)); ok && k.Kind == verifierlog.LinkArith && at.Expr != nil && at.Expr.Kind == sourcetext.Binary {
			return // the source computes, not the compiler for an address
		}
		switch s := c.Path.Step(k.Step); {
		case k.Kind == verifierlog.LinkMove, k.Kind == verifierlog.LinkSpill, k.Kind == verifierlog.LinkFill:
		case k.Kind == verifierlog.LinkArith && s.HasImm && s.Operator == "<<=" && s.Imm >= 0 && s.Imm < 16 && s.Wide:
			x.scale <<= s.Imm
		case k.Kind == verifierlog.LinkArith && s.HasImm && s.Operator == "*=" && s.Imm > 0 && s.Imm < 1<<16 && s.Wide:
			x.scale *= s.Imm
		default:
			return
		}
		if x.scale > 1<<20 {
			return
		}
		x.step, x.loc = k.Step, k.From[0]
	}
}

// nameIndex says what the source calls the number. What debug information
// says of the register counts before what stands in the brackets, which may be
// something the number was made part of.
func (c *Case) nameIndex(x *index, e expression) {
	n := c.name(x.step, x.loc)
	if n.Expr != "" && !n.From && !n.Likely {
		x.name, x.typ = n.Expr, n.Type
	}
	i := e.operand(1)
	a := c.typeOf(e.operand(0))
	if el := element(a); el != nil && el.ByteSize() > 0 && el.ByteSize() != x.scale {
		return // the number is not the index alone
	}
	if i.simple() && (x.name == "" || isName(i.text()) && !isName(x.name)) && !x.several {
		x.name, x.typ = i.text(), c.typeOf(i)
	}
	if i.node != nil && i.text() == x.name {
		x.e = i
	}
	if i.node == nil {
		return
	}
	if a != nil {
		if u := a.Underlying(); u.Kind == debuginfo.Array && u.Len > 0 && u.Elem().ByteSize() == x.scale && i.text() == x.name {
			x.array, x.length = e.operand(0).text(), u.Len
		}
	}
}

// says what the number may be: "anything from 0 to 32", "" when unknown.
func (x *index) says() string {
	if !x.known {
		return ""
	}
	if b := x.value.Bounds; x.typ == nil && !x.value.Const && b.Smin < 0 && b.Smin > math.MinInt32 && b.Smax < math.MaxInt32 {
		return between(fmt.Sprint(b.Smin), fmt.Sprint(b.Smax)) // an offset, which is signed
	}
	return rangeOf(x.value, x.typ)
}

// noun names the number in a sentence.
func (x *index) noun() string {
	if x.name == "" {
		return "the index"
	}
	return quote(x.name)
}

// signed says that the number may be negative.
func (x *index) signed() bool {
	return x.known && x.value.Bounds.Smin < 0 && (x.typ == nil || x.typ.Underlying().Signed)
}

// room is how many elements from 0 on lie inside an object of a size, when size bytes
// are accessed at each; 0 when nobody knows.
func (x *index) room(object, size int64) int64 {
	if x.length > 0 && size <= x.scale {
		return x.length
	}
	if x.length > 0 {
		return max((x.length*x.scale-size)/x.scale+1, 0)
	}
	if !x.based || x.several || object <= 0 || x.fixed < 0 || x.fixed+size > object {
		return 0
	}
	return (object-x.fixed-size)/x.scale + 1
}

// tellIndex labels where the number comes from and the checks of it. It says
// whether the compiler lost a check that would do: one that leaves less than
// limit (0: any).
func (c *Case) tellIndex(d *diag.Diagnostic, x *index, limit int64) (lost *verifierlog.Check, checked bool) {
	if !x.found {
		return nil, false
	}
	c.tellNumber(d, x.step, x.loc)
	return c.tellChecks(d, x.step, x.loc, x.name, x.typ, limit)
}

// tellNumber labels where a number comes from, unless it is computed where the
// failure is: then where that comes from.
func (c *Case) tellNumber(d *diag.Diagnostic, step int, l verifierlog.Loc) {
	for range 8 {
		k := c.made(step, l)
		if k.Step < 0 {
			return
		}
		at, _ := c.label(c.Path.Insn(k.Step), "")
		arith := k.Kind == verifierlog.LinkArith || k.Kind == verifierlog.LinkMove32 || k.Kind == verifierlog.LinkExtend
		if arith && len(k.From) == 1 && (c.besidePrimary(d, at) || !c.computes(k.Step)) {
			step, l = k.Step, k.From[0]
			continue
		}
		if src, _, ok := c.source(c.Path.Insn(k.Step)); ok && src.Expr != nil && src.Expr.Kind == sourcetext.Name && (k.Kind == verifierlog.LinkRead || k.Kind == verifierlog.LinkWritten) {
			return // a local variable that is on the stack
		}
		if k.Kind == verifierlog.LinkLoad && !c.reads(k.Step) {
			return
		}
		if text := c.numberMade(k); text != "" && !(arith && (c.besidePrimary(d, at) || !c.computes(k.Step))) {
			c.tell(d, k.Step, k.Loc, text)
		}
		return
	}
}

// computes says that the source computes at a step, as far as it is known: the
// compiler also extends and masks values where the source only names them.
func (c *Case) computes(step int) bool {
	at, _, ok := c.source(c.Path.Insn(step))
	if !ok || at.Expr == nil {
		return !ok && !c.orders(step)
	}
	switch at.Expr.Kind {
	case sourcetext.Binary:
		switch at.Expr.Operator {
		case "<", "<=", ">", ">=", "==", "!=", "&&", "||":
			return false
		}
		return true
	case sourcetext.Unary, sourcetext.Postfix, sourcetext.Assign, sourcetext.Declarator, sourcetext.Cast, sourcetext.Conditional:
		return true
	}
	return false
}

// reads says that what stands in the source at a step may be what is read there,
// and not a branch whose place the compiler gave to more than it.
func (c *Case) reads(step int) bool {
	at, _, ok := c.source(c.Path.Insn(step))
	if !ok || at.Expr == nil {
		return true
	}
	switch at.Expr.Kind {
	case sourcetext.Unary:
		return at.Expr.Operator == "*"
	case sourcetext.Binary:
		return false
	}
	return true
}

// besidePrimary says that a label is on the line of the failure.
func (c *Case) besidePrimary(d *diag.Diagnostic, at diag.Label) bool {
	for _, l := range d.Labels {
		if l.Primary && l.File == at.File && l.Line == at.Line {
			return true
		}
	}
	return false
}

// numberMade says how a number came into being and what it may be then.
func (c *Case) numberMade(k verifierlog.Link) string {
	v, ok := c.Path.After(k.Step, k.Loc)
	says := ""
	if ok {
		says = rangeOf(v, nil)
	}
	switch k.Kind {
	case verifierlog.LinkConst:
		if says != "" {
			return says + " comes from here"
		}
	case verifierlog.LinkLoad, verifierlog.LinkRead, verifierlog.LinkWritten:
		if says == "" {
			return "read here: it may be any number"
		}
		return "read here: " + says
	case verifierlog.LinkResult:
		fn := quote(string(c.Path.Step(k.Step).Func))
		if says == "" {
			return fn + " may return any number"
		}
		return fn + " returns " + says
	case verifierlog.LinkArith, verifierlog.LinkMove32, verifierlog.LinkExtend:
		if says == "" {
			return "computed here: it may be any number"
		}
		return "computed here: " + says
	}
	return c.made2text(k)
}

// tellChecks labels the checks of a number against constants that told the verifier
// something, and finds one that was of another copy and would have done.
func (c *Case) tellChecks(d *diag.Diagnostic, step int, l verifierlog.Loc, name string, typ *debuginfo.Type, limit int64) (lost *verifierlog.Check, checked bool) {
	for _, k := range c.Path.Checks(step, l) {
		if !k.HasImm || !k.AfterKnown {
			continue
		}
		says := leaves(&k, typ)
		switch {
		case k.Relation == verifierlog.RelDerived || k.Relation == verifierlog.RelCommon || k.Narrowed && k.HasSubject && !k.SubjectNarrowed:
			if k.Narrowed && says != "" && k.After.Bounds.Umax < k.Before.Bounds.Umax {
				lost = &k
			}
		case k.Narrowed && says != "":
			checked = true
			c.tellCheck(d, &k, name, "lets "+says+" pass")
		}
	}
	return lost, checked
}

// leaves is the range that a check leaves: "0 to 63".
func leaves(k *verifierlog.Check, typ *debuginfo.Type) string {
	b := k.After.Bounds
	if !k.Wide && k.After.Base == verifierlog.Scalar && !k.After.Const && b.Umax == math.MaxUint32 && b.Umin == 0 {
		switch signed := typ == nil || typ.Underlying().Signed; {
		case signed && (b.Smin32 > math.MinInt32 || b.Smax32 < math.MaxInt32):
			return fmt.Sprintf("%d to %d", b.Smin32, b.Smax32)
		case b.Umax32 < math.MaxUint32:
			return fmt.Sprintf("%d to %d", b.Umin32, b.Umax32)
		}
	}
	return strings.TrimPrefix(rangeOf(k.After, typ), "anything from ")
}

// tellCheck labels a check in the source. The compiler gives merged branches
// the place of one of them, so that the place alone does not prove it.
func (c *Case) tellCheck(d *diag.Diagnostic, k *verifierlog.Check, name, text string) bool {
	e := c.comparison(k, name)
	if e.node == nil {
		if c.Locate == nil && c.orders(k.Step) {
			return c.tell(d, k.Step, k.Loc, text) // the log's line, which is all there is
		}
		return false
	}
	return c.tellAt(d, k.Step, k.Loc, e, text)
}

// orders says that the log's line of a step has `<` or `>`.
func (c *Case) orders(step int) bool {
	line := strings.ReplaceAll(c.Path.Step(step).Source.Text, "->", ".")
	return strings.ContainsAny(line, "<>")
}

// tellAt labels an expression for a step, as tell does its place.
func (c *Case) tellAt(d *diag.Diagnostic, step int, at verifierlog.Loc, e expression, text string) bool {
	line, column := e.file.Position(e.node.Start)
	for i := range d.Labels {
		// Of checks at one place, as in `a || b`, the last has what all leave.
		if l := &d.Labels[i]; !l.Primary && l.Line == line && l.Column == column && strings.HasPrefix(l.Text, "lets ") {
			l.Text = text
			return true
		}
	}
	if !c.tell(d, step, at, text) {
		return false
	}
	for i := range d.Labels {
		if l := &d.Labels[i]; !l.Primary && l.Insn != nil && *l.Insn == c.Path.Insn(step) && l.Text == text {
			line := l.Line
			l.Line, l.Column = e.file.Position(e.node.Start)
			l.EndLine, l.EndColumn = e.file.Position(e.node.End)
			if l.Line != line {
				l.Source = ""
			}
		}
	}
	return true
}

// comparison is the comparison in the source that a check is: what stands at
// its place, if that speaks of the name; else the only one in the
// function that compares the name with the same constant.
func (c *Case) comparison(k *verifierlog.Check, name string) (found expression) {
	insn := c.Path.Insn(k.Step)
	at, file, ok := c.source(insn)
	if !ok || name == "" {
		return expression{}
	}
	if at.Expr != nil && at.Expr.Kind == sourcetext.Binary && mentions(file.Text(at.Expr.Span), name) {
		return expression{at.Expr, file, insn}
	}
	several := false
	c.comparisons(at.Function, file, func(n *sourcetext.Node) {
		e := expression{n, file, insn}
		if e.operand(0).text() != name {
			return
		}
		if v, err := strconv.ParseInt(e.operand(1).text(), 0, 64); err != nil || v-k.Imm < -1 || v-k.Imm > 1 {
			return
		}
		several = several || found.node != nil && found.node.Span != n.Span
		found = e
	})
	if several || found.node == nil {
		found = expression{}
		if at.Expr != nil && mentions(file.Text(at.Expr.Span), name) {
			found = expression{at.Expr, file, insn}
		}
	}
	return found
}

// comparisons visits the comparisons in a function's text; the same one perhaps
// several times.
func (c *Case) comparisons(f sourcetext.Function, file *sourcetext.File, visit func(*sourcetext.Node)) {
	first, _ := file.Position(f.Body.Start)
	last, _ := file.Position(f.Body.End)
	for line := first; line <= last && line-first < 2000; line++ {
		on, ok := file.At(line, 0)
		if !ok || on.Stmt == nil {
			continue
		}
		for _, n := range on.Stmt.Exprs {
			walk(n, func(n *sourcetext.Node) {
				switch n.Operator {
				case "<", "<=", ">", ">=", "==", "!=":
					if n.Kind == sourcetext.Binary {
						visit(n)
					}
				}
			})
		}
	}
}

// partOfCondition says that a comparison is not all that stands in the
// parentheses of an `if`.
func (c *Case) partOfCondition(e expression) bool {
	at, _, ok := c.source(e.insn)
	if !ok || at.Stmt == nil {
		return true
	}
	head := strings.Join(strings.Fields(e.file.Text(at.Stmt.Head)), " ")
	return head != "if ("+e.text()+")"
}

func walk(n *sourcetext.Node, visit func(*sourcetext.Node)) {
	visit(n)
	for _, o := range n.Operands {
		walk(o, visit)
	}
}

// mentions says that a name stands in a text as a word of its own.
func mentions(text, name string) bool {
	for i := 0; ; {
		j := strings.Index(text[i:], name)
		if j < 0 {
			return false
		}
		i += j
		end := i + len(name)
		if (i == 0 || !isName("a"+text[i-1:i])) && (end == len(text) || !isName("a"+text[end:end+1])) {
			return true
		}
		i = end
	}
}

// compilerLost says that a check was of another copy. It is the compiler's fault where
// the source compares the very name.
func (c *Case) compilerLost(d *diag.Diagnostic, k *verifierlog.Check, step int, l verifierlog.Loc, name string, limit int64) {
	e := c.comparison(k, name)
	text := "this check is of another copy"
	if limit > 0 && k.After.Bounds.Umax >= uint64(limit) {
		text += ", and lets " + leaves(k, nil) + " pass"
	}
	c.tellCheck(d, k, name, text)
	d.Notes = append(d.Notes, fmt.Sprintf("compared is %s, used is %s; the verifier does not know that what holds for one holds for the other", c.register(k.Loc), c.register(l)))
	h := diag.Help{Text: "check the very value that is used", Applicability: diag.Placeholder}
	if name != "" && (e.operand(0).text() == name || e.operand(1).text() == name) {
		d.Class = diag.ClassCompiler
		h.Text = "keep the compiler from making two values of one: `barrier_var()` in front of the check"
		if isName(name) {
			h.Text = "keep the compiler from making two values of " + quote(name)
			if edit, ok := c.insertBefore(c.Path.Insn(k.Step), "barrier_var("+name+");"); ok {
				h.Edits = []diag.Edit{edit}
			}
		}
	}
	d.Helps = append(d.Helps, h)
}

func isName(s string) bool {
	for i, r := range s {
		if !(r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && r >= '0' && r <= '9') {
			return false
		}
	}
	return s != ""
}

// bound is the help that keeps a number below a limit: the check that is there,
// made right, or one more. name is what the source calls the number.
func (c *Case) bound(x *index, limit int64) diag.Help {
	insn := c.Path.Insn(c.last)
	if limit <= 0 || x.name == "" {
		return diag.Help{Text: "check the index against the size right before it is used", Applicability: diag.Placeholder}
	}
	mask := ""
	if limit > 1 && bits.OnesCount64(uint64(limit)) == 1 {
		mask = fmt.Sprintf(", or mask it: `%s & %d`", x.name, limit-1)
	}
	if h, ok := c.tighten(x, limit); ok {
		return h
	}
	if !isName(x.name) {
		return c.readOnce(x, limit)
	}
	condition := fmt.Sprintf("%s >= %d", x.name, limit)
	if x.signed() {
		condition = fmt.Sprintf("%s < 0 || %s", x.name, condition)
	}
	return c.guard(insn, "check "+quote(x.name)+" first"+mask, condition)
}

// readOnce is the help for an index that is read from memory where it stands:
// it could be another number each time, so that a check needs it in a variable.
func (c *Case) readOnce(x *index, limit int64) diag.Help {
	insn := c.Path.Insn(c.last)
	h := diag.Help{Text: "read " + quote(x.name) + " into a variable once, check that, and use it", Applicability: diag.Placeholder}
	name := c.freeName(insn, "i", "idx", "index")
	if name == "" || x.typ == nil || x.e.node == nil || limit <= 0 {
		return h
	}
	condition := fmt.Sprintf("%s >= %d", name, limit)
	if x.signed() {
		condition = fmt.Sprintf("%s < 0 || %s", name, condition)
	}
	return c.guardCopy(insn, h.Text, declare(x.typ.Declare(""), name, x.name), condition, x.e, name)
}

// tighten is the edit that makes a check of a number against a constant right.
func (c *Case) tighten(x *index, limit int64) (h diag.Help, ok bool) {
	for _, k := range c.Path.Checks(x.step, x.loc) {
		if !k.HasImm || !k.Narrowed || k.Relation > verifierlog.RelSource || k.After.Bounds.Smax == k.Before.Bounds.Smax && (k.Wide || k.After.Bounds.Smax32 == k.Before.Bounds.Smax32) {
			continue
		}
		e := c.comparison(&k, x.name)
		if e.node == nil || e.node.Kind != sourcetext.Binary || k.Imm <= 0 {
			continue
		}
		left, right := e.operand(0), e.operand(1)
		if left.text() != x.name || right.node == nil {
			continue
		}
		operator := map[string]string{">": ">=", ">=": ">=", "<": "<", "<=": "<"}[e.node.Operator]
		if operator == "" {
			continue
		}
		text := fmt.Sprintf("%s %s %d", x.name, operator, limit)
		if x.signed() {
			if x.known && x.value.Bounds.Smax < limit {
				text = e.text() // one end is right already
			}
			if operator[0] == '<' {
				text = fmt.Sprintf("%s >= 0 && %s", x.name, text)
			} else {
				text = fmt.Sprintf("%s < 0 || %s", x.name, text)
			}
			if c.partOfCondition(e) {
				text = "(" + text + ")"
			}
		}
		if edit, can := c.rewrite(e, text); can {
			return diag.Help{Text: "let this check leave only what is inside", Applicability: diag.Likely, Edits: []diag.Edit{edit}}, true
		}
	}
	return h, false
}
