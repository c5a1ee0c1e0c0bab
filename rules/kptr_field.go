package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0175", specialField)
	_ = rule("BPF0176", kptrAccess)
	_ = rule("BPF0177", kptrMismatch)
	_ = rule("BPF0178", kptrStore)
	_ = rule("BPF0180", arenaMissing)
)

// specialFieldUse says with what the kernel's own fields of a map value are used
// (enum btf_field_type).
var specialFieldUse = map[string]string{
	"bpf_spin_lock":     "`bpf_spin_lock` and `bpf_spin_unlock`",
	"bpf_res_spin_lock": "`bpf_res_spin_lock` and `bpf_res_spin_unlock`",
	"bpf_timer":         "the functions `bpf_timer_…`",
	"bpf_wq":            "the functions `bpf_wq_…`",
	"bpf_task_work":     "the functions `bpf_task_work_…`",
	"bpf_list_head":     "the functions `bpf_list_…`",
	"bpf_list_node":     "the functions `bpf_list_…`",
	"bpf_rb_root":       "the functions `bpf_rbtree_…`",
	"bpf_rb_node":       "the functions `bpf_rbtree_…`",
	"bpf_refcount":      "`bpf_refcount_acquire`",
}

// fieldOwner names what a special field is part of: "map `slots`".
func (c *Case) fieldOwner(v verifierlog.Value) string {
	if v.Map != "" {
		return " of map " + quote(v.Map)
	}
	return ""
}

// specialField: a lock, timer, list or the like is read or written as memory
// (check_map_access in kernel/bpf/verifier.c).
func specialField(c *Case, d *diag.Diagnostic) {
	kind := c.field(0)
	l, ok := c.addressed()
	var v verifierlog.Value
	if ok {
		v = c.at(l)
	}
	d.Message = fmt.Sprintf("the `%s` in a value%s cannot be accessed as memory", kind, c.fieldOwner(v))
	primary(d, "accessed here")
	if c.said("%s cannot be accessed indirectly") {
		primary(d, "memory that has it is passed here")
		note(d, "the memory that is passed overlaps with the `%s`", kind)
		if strings.HasSuffix(kind, "kptr") || kind == "uptr" {
			advise(d, "pass the members around the pointer one by one")
			return
		}
	}
	if ok && !strings.HasSuffix(kind, "kptr") {
		c.whence(d, l)
	}
	note(d, "its content is the kernel's")
	if use := specialFieldUse[kind]; use != "" {
		advise(d, "use %s; a structure that has such a member is copied member by member", use)
	}
}

// kptrAccess: a pointer kept in a map is read or written in part (check_map_access,
// check_map_kptr_access).
func kptrAccess(c *Case, d *diag.Diagnostic) {
	var v verifierlog.Value
	l, ok := c.addressed()
	if ok {
		v = c.at(l)
	}
	d.Message = fmt.Sprintf("the pointer kept in a value%s is not accessed as a whole", c.fieldOwner(v))
	if target, _ := c.access(c.Path.Insn(c.last)); target != "" {
		d.Message = fmt.Sprintf("%s is a pointer kept in a map, and not accessed as a whole", target)
	}
	primary(d, "accessed here")
	s := c.failing()
	switch {
	case c.said("%s access cannot have variable"):
		primary(d, "accessed at a variable offset here")
		if ok {
			c.tellMoved(d, l, "the variable offset is added here")
			c.tellOffset(d, l)
		}
		note(d, "the verifier has to know which member of the value is meant")
	case c.said("%s access misaligned"):
		note(d, "the pointer is at offset %s of the value, and this access begins at %s", c.field(1), c.field(2))
	case c.said("%s access size"):
		if s.Mem.Size > 0 {
			primary(d, fmt.Sprintf("only %s are accessed here", bytesOf(int64(s.Mem.Size))))
		}
		note(d, "the pointer has 8 bytes")
	case c.said("kptr cannot be accessed indirectly"):
		primary(d, "memory that has it is passed here")
	default:
		note(d, "it can be loaded and stored with plain instructions only, not with atomic ones")
	}
	if ok {
		c.whence(d, l)
	}
	advise(d, "load it into a variable of the pointer's type, or exchange it with `bpf_kptr_xchg`")
}

// kptrMismatch: a pointer is stored that is not of the member's type, or not
// trusted as it has to be (map_kptr_match_type).
func kptrMismatch(c *Case, d *diag.Diagnostic) {
	primary(d, "stored here")
	if c.failing().Op == verifierlog.OpCall {
		primary(d, "passed here")
	}
	l, ok := c.fault(c.field(0))
	what := "this value"
	var v verifierlog.Value
	if ok {
		what, v = c.exact(c.last, l, what), c.at(l)
		c.markArgument(d, l.Reg)
	}
	if c.said("%R must point to kernel BTF") {
		d.Message = what + " is no pointer to a kernel structure, which this member of a map holds"
	} else {
		want := strings.TrimPrefix(strings.Fields(c.field(2) + " ?")[0], "ptr_")
		d.Message = fmt.Sprintf("%s is not a pointer to a `struct %s`, which this member of a map holds", what, want)
		if v.TypeName != "" && v.TypeName == want {
			d.Message = fmt.Sprintf("%s is not a pointer that this member of a map can hold", what)
			switch {
			case v.Offset != 0:
				d.Message = fmt.Sprintf("%s does not point at the begin of a `struct %s`, which this member of a map holds", what, want)
				note(d, "it points %s behind the begin", bytesOf(v.Offset))
				c.tellMoved(d, l, "moved here")
			case v.Flags&verifierlog.Untrusted != 0 && !strings.Contains(c.field(2), "untrusted_"):
				note(d, "%s may not be valid any more: a kptr takes only what is certainly alive", what)
			}
		}
	}
	if !ok {
		return
	}
	if v.Base != verifierlog.NotInit {
		// Not only the kernel's structures: bpf_obj_new makes a program's own.
		note(d, "it is %s", strings.Replace(pointerKind(v), "to a kernel ", "to a ", 1))
	}
	link := c.whence(d, l)
	if v.Base == verifierlog.Scalar {
		note(d, "only a pointer that the verifier knows, or NULL, can be stored; a number is none, whatever it is cast to")
	}
	if link.Kind == verifierlog.LinkLoad && c.memoryBefore(link).Base == verifierlog.Ctx {
		c.relabel(d, link.Step, "an argument from the kernel")
	}
}

// kptrStore: an owning pointer is overwritten, which would lose the reference
// that it holds (check_map_kptr_access).
func kptrStore(c *Case, d *diag.Diagnostic) {
	var v verifierlog.Value
	l, ok := c.addressed()
	if ok {
		v = c.at(l)
	}
	target, _ := c.access(c.Path.Insn(c.last))
	if target == "" {
		target = "this pointer in a value" + c.fieldOwner(v)
	}
	primary(d, "stored here")
	if ok {
		c.whence(d, l)
	}
	if c.said("BPF_ST imm") {
		d.Message = target + " is set to a constant other than NULL"
		note(d, "a pointer kept in a map can be set to a pointer that the verifier knows, or to NULL")
		return
	}
	d.Message = target + " cannot be stored to directly"
	if c.said("store to uptr") {
		note(d, "a `__uptr` is set by user space")
		return
	}
	note(d, "it owns a reference to what it points to, which an ordinary store would lose")
	offer(d, "exchange it with `bpf_kptr_xchg`, and release what comes back unless it is NULL", diag.Safe, c.exchange())
}

// arenaMissing: arena pointers are used by a program that refers to no arena
// (check_alu_op; the map is found among those that the program's code names).
func arenaMissing(c *Case, d *diag.Diagnostic) {
	d.Message = "this program uses arena pointers, but no arena"
	primary(d, "an arena pointer is used here")
	if c.Object != nil && c.Object.Arena() != nil {
		arena := c.Object.Arena().Name
		note(d, "the object has the arena %s, but nothing in this program's code refers to it", quote(arena))
		var edits []diag.Edit
		if e, ok := c.editor(c.Path.Insn(c.last)); ok && e.at.Stmt != nil && e.at.Stmt.Kind != sourcetext.LoopStmt {
			edits = e.before(e.at.Stmt, `asm volatile("" :: "r"(&`+arena+`));`)
		}
		offer(d, "refer to the arena in this program", diag.Safe, edits)
		return
	}
	advise(d, "define a map of type `BPF_MAP_TYPE_ARENA`, and refer to it in the program")
}
