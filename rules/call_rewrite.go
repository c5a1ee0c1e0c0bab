package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
)

// rewriteCall puts another call in the place of the one that the path ends with. In
// the text $1 to $5 are the arguments that stand there.
func (c *Case) rewriteCall(text string) []diag.Edit {
	call := c.sourceCall(c.last)
	if call.node == nil {
		return nil
	}
	for n := 5; n > 0; n-- {
		mark := fmt.Sprintf("$%d", n)
		arg := call.operand(n)
		if strings.Contains(text, mark) && (arg.node == nil || strings.Contains(arg.text(), "$")) {
			return nil
		}
		text = strings.ReplaceAll(text, mark, arg.text())
	}
	return c.rewriteAt(call.expression, text)
}

// otherOutput makes the call that writes to a map of a type, of one that writes to
// a map of another. It is nil where they do not do the same.
func (c *Case) otherOutput(helper, typ string) []diag.Edit {
	ctx := c.contextName(c.Path.Insn(c.last))
	switch {
	case helper == "bpf_ringbuf_output" && typ == "BPF_MAP_TYPE_PERF_EVENT_ARRAY" && ctx != "":
		return c.rewriteCall("bpf_perf_event_output(" + ctx + ", $1, BPF_F_CURRENT_CPU, $2, $3)")
	case helper == "bpf_perf_event_output" && typ == "BPF_MAP_TYPE_RINGBUF":
		return c.rewriteCall("bpf_ringbuf_output($2, $4, $5, 0)")
	}
	switch strings.TrimPrefix(typ, "BPF_MAP_TYPE_") {
	case "QUEUE", "STACK", "BLOOM_FILTER":
		switch helper {
		case "bpf_map_update_elem":
			return c.rewriteCall("bpf_map_push_elem($1, $3, BPF_ANY)")
		}
	}
	return nil
}

// contextName is the variable with the program's context, where an instruction is
// of the program itself.
func (c *Case) contextName(insn int) string {
	in := c.debug()
	fn, i, ok := c.function(insn)
	p, _ := c.place(insn)
	if len(p.Inlined) == 1 && wrapped(p.Inlined[0]) {
		return "ctx" // which BPF_PROG and its kin declare
	}
	if !ok || in == nil || fn.Name != c.Program.Name || len(p.Inlined) > 0 {
		return ""
	}
	name, params := "", 0
	for _, v := range in.Variables(fn, i) {
		if v.Param && v.Function == fn.Name {
			name = v.Name
			params++
		}
	}
	if params != 1 {
		return ""
	}
	return name
}

// submitOutput sends what is no record of a ring buffer through the only one that
// the object has.
func (c *Case) submitOutput() []diag.Edit {
	arg := c.sourceCall(c.last).operand(1).address()
	if c.stopped() != "bpf_ringbuf_submit" || c.Object == nil || arg.node == nil || arg.node.Kind != sourcetext.Name {
		return nil
	}
	ring := ""
	for _, m := range c.Object.Maps {
		if ebpf.MapType(m.Type) == ebpf.RingBuf {
			if ring != "" {
				return nil
			}
			ring = m.Name
		}
	}
	if ring == "" {
		return nil
	}
	return c.rewriteCall("bpf_ringbuf_output(&" + ring + ", $1, sizeof(" + arg.text() + "), $2)")
}

// dynptrOfPacket makes a dynptr of the packet with the kfunc of this program's type.
func (c *Case) dynptrOfPacket(kfunc string) []diag.Edit {
	e, ok := c.editor(c.Path.Insn(c.last))
	call := c.sourceCall(c.last)
	if !ok || call.node == nil {
		return nil
	}
	declared, ok := e.declareKfunc(kfunc)
	edits := c.rewriteCall(kfunc + "(" + call.operand(1).bare().text() + ", $2, $3)")
	if !ok || edits == nil {
		return nil
	}
	return append(declared, edits...)
}

// functionEditor prepares edits of a function of the object.
func (c *Case) functionEditor(fn *object.Function) (e editor, ok bool) {
	if fn == nil || c.debug() == nil {
		return e, false
	}
	p, ok := c.debug().Place(fn, 0)
	if !ok || len(p.Inlined) > 0 {
		return e, false
	}
	file := c.file(p.File, p.Line, p.Text)
	whole, found := c.files[p.File]
	if !found || file == nil || isRust(p.File) {
		return e, false
	}
	at, ok := file.At(p.Line, p.Column)
	if !ok || at.Function.Name != fn.Name || at.Function.Body.Start <= at.Function.Start {
		return e, false
	}
	return editor{c, p.File, file, whole.text, at, at.Function}, true
}

// inHead replaces the only match of a pattern's first group in what stands in front of
// a function's body.
func (e *editor) inHead(pattern, text string) []diag.Edit {
	head := e.text[e.function.Start:e.function.Body.Start]
	all := regexp.MustCompile(pattern).FindAllStringSubmatchIndex(head, -1)
	if len(all) != 1 || all[0][2] < 0 {
		return nil
	}
	return []diag.Edit{e.replace(sourcetext.Span{Start: e.function.Start + all[0][2], End: e.function.Start + all[0][3]}, text)}
}

// returnInt declares a function that returns nothing as `int`, and returns 0 at its end.
func (c *Case) returnInt(fn *object.Function) []diag.Edit {
	e, ok := c.functionEditor(fn)
	if !ok || fn == nil {
		return nil
	}
	edits := e.inHead(`\b(void)\s+`+regexp.QuoteMeta(fn.Name)+`\s*\(`, "int")
	list := e.file.Statements(e.function)
	early := regexp.MustCompile(`\breturn\s*;`).MatchString(e.text[e.function.Body.Start:e.function.Body.End])
	if edits == nil || len(list) == 0 || early || list[len(list)-1].Kind == sourcetext.LabelStmt {
		return nil
	}
	last := list[len(list)-1]
	return append(edits, e.insert(last.End, "\n"+e.file.Indent(last.Start)+"return 0;"))
}

// inlineEdit has the compiler put a function into its callers.
func (c *Case) inlineEdit(fn *object.Function) []diag.Edit {
	e, ok := c.functionEditor(fn)
	if !ok {
		return nil
	}
	if edits := e.inHead(`\b(__noinline)\b`, "__always_inline"); edits != nil && hasWord(e.text[e.function.Start:e.function.Body.Start], "static") {
		return edits
	}
	return e.inHead(`\b(static)\s+\w`, "static __always_inline")
}
