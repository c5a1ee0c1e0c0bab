package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0465", nodeOwnership)
	_ = rule("BPF0466", nodeType)
	_ = rule("BPF0467", treeCallback)
	_ = rule("BPF0470", kptrExchange)
)

// nodeOwnership: functions of lists and trees take references that own their
// object (to put it in), or that do not (to take it out); check_kfunc_args.
func nodeOwnership(c *Case, d *diag.Diagnostic) {
	n := 0
	for _, f := range c.match.Fields {
		if a := argumentNumber(f); a > 0 {
			n = a
			break
		}
	}
	fn := c.stopped()
	if n == 0 && (fn == "bpf_rbtree_remove" || strings.HasPrefix(fn, "bpf_list_push")) {
		n = 2
	}
	if n == 0 {
		n = 1
	}
	what, callee := c.argumentPhrase(n), "this function"
	if fn != "" {
		callee = quote(fn)
	}
	d.Message = what + " is not a reference of the kind that " + callee + " takes"
	c.markArgument(d, n)
	var v verifierlog.Value
	known := false
	l := verifierlog.Loc{}
	if c.last >= 0 && n <= 5 {
		l = verifierlog.Reg(c.Path.Step(c.last).Frame, n)
		v, known = c.Path.Before(c.last, l)
	}
	if loss, ok := c.Path.Lost(c.last, l); ok && known && v.Base == verifierlog.Scalar && strings.Contains(string(c.Path.Step(loss.Step).Func), "unlock") {
		primary(d, "no pointer to a node any more")
		c.tell(d, loss.Step, loss.Loc, "pointers to nodes that are not owned end here, with the lock")
		return
	}
	switch text := c.match.Text; {
	case strings.Contains(text, "must be non-owning"), strings.Contains(text, "can only take non-owning"):
		primary(d, "has to be a node that is in the tree")
		d.Notes = append(d.Notes, "a node of the tree is what `bpf_rbtree_first`, `bpf_rbtree_root`, `bpf_rbtree_left` and `bpf_rbtree_right` return, while the lock is held")
		if known && (v.RefID > 0 || v.Flags&verifierlog.MaybeNull != 0) && v.Flags&verifierlog.NonOwning == 0 {
			d.Notes = append(d.Notes, what+" is an object that the program owns, not a node of the tree")
		}
	case strings.Contains(text, "neither owning or non-owning"), strings.Contains(text, "must be referenced"), strings.Contains(text, "expected pointer to allocated"), strings.Contains(text, "expected for"):
		primary(d, "has to be an object that the program owns")
		if known && v.Flags&verifierlog.NonOwning != 0 {
			d.Message = what + " is not owned here any more"
			primary(d, "already given away")
			if step, ok := c.gaveAway(n); ok {
				c.tell(d, step, l, "this call took it over")
			}
			d.Notes = append(d.Notes, "what was put into a list or tree belongs to that; the pointer may still be read, until the lock is released")
			if edits := c.removeCall(c.last); edits != nil {
				offer(d, "put it into one list or tree only", diag.Placeholder, edits)
			}
			return
		}
		d.Notes = append(d.Notes, "the program owns what `bpf_obj_new` or `bpf_refcount_acquire` returned, or what was taken out of a list, a tree or a kptr field, until it gives it away")
	}
	if known && v.Flags&verifierlog.NonOwning == 0 && len(d.Notes) < 2 {
		d.Notes = append(d.Notes, what+" is "+kindOf(v))
	}
	c.tellOrigin(d, l)
}

// gaveAway finds the call that put into a list or tree what argument n holds.
func (c *Case) gaveAway(n int) (int, bool) {
	frame := c.Path.Step(c.last).Frame
	now, ok := c.Path.Before(c.last, verifierlog.Reg(frame, n))
	if !ok {
		return -1, false
	}
	origin := c.made(c.last, verifierlog.Reg(frame, n)).Step
	for step := c.last - 1; step >= max(c.Path.Begin, 0); step-- {
		fn := string(c.Path.Step(step).Func)
		if !strings.HasPrefix(fn, "bpf_list_push") && !strings.HasPrefix(fn, "bpf_rbtree_add") && !strings.HasPrefix(fn, "bpf_list_add") {
			continue
		}
		given := verifierlog.Reg(c.Path.Step(step).Frame, 2)
		v, ok := c.Path.Before(step, given)
		same := v.ID != 0 && v.ID == now.ID || origin >= 0 && c.made(step, given).Step == origin
		if ok && same && v.Flags&verifierlog.NonOwning == 0 {
			return step, true
		}
	}
	return -1, false
}

// nodeType: a list or tree takes one member of one structure, which its
// __contains names; __process_kf_arg_ptr_to_graph_node.
func nodeType(c *Case, d *diag.Diagnostic) {
	f, text := c.match.Fields, c.match.Text
	switch {
	case strings.HasPrefix(text, "operation on") && len(f) == 7:
		n := argumentNumber(f[1])
		what := c.argumentPhrase(n)
		d.Message = what + " does not belong into this " + graphKind(f[0])
		primary(d, fmt.Sprintf("the `%s` at offset %s of `struct %s`", f[2], f[5], f[6]))
		c.markArgument(d, n)
		d.Notes = append(d.Notes, fmt.Sprintf("this %s takes the `%s` at offset %s of `struct %s`", graphKind(f[0]), f[2], f[3], f[4]))
		offer(d, "pass the member that `__contains` of the "+graphKind(f[0])+" names", diag.Likely, c.memberAt(n, f[3]))
	case strings.Contains(text, "but expected") && len(f) == 5:
		n := argumentNumber(f[0])
		d.Message = fmt.Sprintf("%s does not point at the `%s` of `struct %s`", c.argumentPhrase(n), f[2], f[4])
		primary(d, "points at offset "+f[1])
		c.markArgument(d, n)
		d.Notes = append(d.Notes, fmt.Sprintf("the `%s` is at offset %s of `struct %s`", f[2], f[3], f[4]))
	case strings.Contains(text, "not found at offset") && len(f) == 2:
		n := 1
		if strings.Contains(f[0], "node") {
			n = 2
		}
		d.Message = fmt.Sprintf("%s does not point at a `%s`", c.argumentPhrase(n), f[0])
		primary(d, "there is none at offset "+f[1])
		c.markArgument(d, n)
	case strings.Contains(text, "bpf_refcount"):
		n := 1
		if len(f) > 0 {
			n = max(argumentNumber(f[0]), 1)
		}
		d.Message = c.argumentPhrase(n) + " has no `struct bpf_refcount`"
		primary(d, "its type has no such member")
		c.markArgument(d, n)
		d.Helps = append(d.Helps, diag.Help{Text: "add a member `struct bpf_refcount ref;` to the structure", Applicability: diag.Placeholder})
	default:
		d.Message = "this node does not belong into this list or tree"
		primary(d, "not the member that it takes")
	}
}

func graphKind(kernels string) string {
	switch kernels {
	case "bpf_list_head":
		return "list"
	case "bpf_rb_root":
		return "tree"
	}
	return "list or tree"
}

// treeCallback: in the comparison callback of bpf_rbtree_add the tree's lock is
// held, and the tree is not to be changed.
func treeCallback(c *Case, d *diag.Diagnostic) {
	fn := c.stopped()
	d.Message = "this cannot be done in the comparison callback of a tree"
	if fn != "" {
		d.Message = quote(fn) + " cannot be called in the comparison callback of a tree"
	}
	primary(d, "called while `bpf_rbtree_add` looks for the place")
	if c.last >= 0 {
		if at := c.Path.Callsite(c.last, c.Path.Step(c.last).Frame); at >= 0 {
			c.tell(d, at, verifierlog.Reg(0, 3), "this call runs the callback")
		}
	}
	d.Notes = append(d.Notes, "the callback runs with the lock of the tree held; it may read and compare the two nodes, and returns which comes first")
	if edits := c.removeCall(c.last); edits != nil {
		offer(d, "only compare in the callback", diag.Likely, edits)
	}
}

// kptrExchange: bpf_kptr_xchg needs the address of a field of a map's value (or
// of an allocated object) that is marked __kptr; process_kptr_func.
func kptrExchange(c *Case, d *diag.Diagnostic) {
	what := c.argumentPhrase(1)
	d.Message = what + " is not a kptr field that holds references"
	primary(d, "not the address of such a field")
	c.markArgument(d, 1)
	var v verifierlog.Value
	known := false
	if c.last >= 0 {
		v, known = c.Path.Before(c.last, verifierlog.Reg(c.Path.Step(c.last).Frame, 1))
	}
	switch text := c.match.Text; {
	case strings.Contains(text, "isn't referenced kptr"), strings.Contains(text, "no referenced kptr"):
		primary(d, "its type is no referenced kptr")
		d.Notes = append(d.Notes, "a field marked `__kptr_untrusted` holds a pointer without a reference, which is stored and loaded directly")
		offer(d, "mark the field `__kptr`, or store to it without `bpf_kptr_xchg`", diag.Likely, c.kptrEdit(1))
	case strings.Contains(text, "has no valid kptr"):
		where := "what it points into"
		if known && v.Map != "" {
			where = "the value of map " + quote(v.Map)
		} else if strings.HasPrefix(text, "map") && len(c.match.Fields) > 0 {
			where = "the value of map " + quote(c.match.Fields[0])
		}
		d.Notes = append(d.Notes, "the kernel finds no kptr field in "+where)
		offer(d, "declare the field as `struct T __kptr *p` in the value's type", diag.Likely, c.kptrEdit(1))
	case strings.Contains(text, "doesn't point to kptr"):
		d.Notes = append(d.Notes, "at offset "+strings.Join(c.match.Fields, "")+" of the value there is no kptr field")
	case strings.Contains(text, "constant offset"):
		primary(d, "may be one of several fields")
		d.Notes = append(d.Notes, "the index of the field has to be a constant here")
	default:
		if known {
			d.Notes = append(d.Notes, what+" is "+kindOf(v))
		}
	}
}
