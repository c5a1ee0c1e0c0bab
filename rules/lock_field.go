package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	_ = rule("BPF0417", fieldNotForProgram)
	_ = rule("BPF0420", mapWithoutField)
	_ = rule("BPF0421", fieldRepeated)
	_ = rule("BPF0422", mapWithoutBTF)
	_ = rule("BPF0423", notAtField)
	_ = rule("BPF0424", otherMap)
)

var fieldWord = lazyregexp.New(`bpf_(res_spin_lock|spin_lock|timer|wq|task_work|list_head|rb_root|\{list_head,rb_root\}|kptr)|kptr`)

// fieldOfMessage is the special field that a message is about.
func (c *Case) fieldOfMessage() string {
	switch w := fieldWord.FindString(strings.Join(c.match.Fields, " ")); {
	case w != "":
		return w
	default:
		return fieldWord.FindString(c.match.Text)
	}
}

// fieldNotForProgram: check_map_prog_compatibility.
func fieldNotForProgram(c *Case, d *diag.Diagnostic) {
	kind := "this type of"
	if len(c.match.Fields) > 0 && c.match.Fields[0] != "" {
		kind = c.match.Fields[0]
	}
	field := c.fieldOfMessage()
	d.Message = fmt.Sprintf("%s programs cannot use a map whose values have a `%s`", kind, field)
	if field == "bpf_{list_head,rb_root}" {
		d.Message = kind + " programs cannot use a map whose values have a `bpf_list_head` or `bpf_rb_root`"
	}
	c.locate(d, 1, func(_ object.Insn, r *object.Reloc) bool {
		return r != nil && r.Map != nil && c.Object != nil && holds(c.Object.BTF, r.Map.ValueType, strings.TrimPrefix(field, "bpf_"), 0)
	})
	primary(d, "this program uses such a map")
	name := c.mapOfProgram()
	if r, ok := c.reference(c.Summary.Insn); ok && r.Map != nil {
		name = r.Map.Name
	}
	if name != "" {
		d.Notes = append(d.Notes, "the map is "+quote(name))
	}
	if kind == "tracing" {
		d.Notes = append(d.Notes, "kprobes, tracepoints, raw tracepoints and perf events count as tracing here: they may interrupt a program that holds the lock")
	}
	d.Helps = append(d.Helps, diag.Help{Text: "use another map in this program, without such a field", Applicability: diag.Placeholder})
}

// mapOfProgram is the only map that the path knows of.
func (c *Case) mapOfProgram() string {
	if c.last < 0 {
		return ""
	}
	name := ""
	for _, l := range c.Path.Places(c.last + 1) {
		if v, ok := c.Path.After(c.last, l); ok && v.Map != "" {
			if name != "" && name != v.Map {
				return ""
			}
			name = v.Map
		}
	}
	return name
}

// holds says whether a type has a special field, itself or somewhere in it; of
// "{list_head,rb_root}" either.
func holds(b *object.BTF, id uint32, field string, depth int) bool {
	if b == nil || depth > 8 {
		return false
	}
	switch id = b.Underlying(id); b.Kind(id) {
	case object.KindArray:
		elem, _ := b.Elems(id)
		return holds(b, elem, field, depth+1)
	case object.KindVar:
		return holds(b, b.Target(id), field, depth+1)
	case object.KindStruct, object.KindUnion, object.KindDatasec:
		switch name := b.Name(id); {
		case name == "bpf_"+field, strings.HasPrefix(field, "{") && (name == "bpf_list_head" || name == "bpf_rb_root"):
			return true
		}
		for _, m := range b.Members(id) {
			if holds(b, m.Type, field, depth+1) {
				return true
			}
		}
	}
	return false
}

// mapWithoutField: process_spin_lock, process_timer_func and their kin.
func mapWithoutField(c *Case, d *diag.Diagnostic) {
	field := strings.TrimSuffix(c.fieldOfMessage(), "_lock")
	if f := c.fieldOfMessage(); strings.HasSuffix(f, "spin_lock") {
		field = f
	}
	owner, name := "map", ""
	switch f := c.match.Fields; {
	case len(f) >= 2 && (f[0] == "map" || f[0] == "local"):
		owner, name = f[0], f[1]
	case len(f) == 3:
		owner, name = f[0], f[1]
	case len(f) == 2 && strings.HasPrefix(c.match.Text, "map"):
		name = f[0]
	case len(f) == 2:
		owner, name = f[0], f[1]
	case len(f) == 1:
		name = f[0]
	}
	d.Message = fmt.Sprintf("the values of map `%s` have no `struct %s`", name, field)
	if owner != "map" || name == "" {
		d.Message = fmt.Sprintf("the object that %s points into has no `struct %s`", c.argumentPhrase(1), field)
	}
	primary(d, "needs the address of one")
	c.markArgument(d, 1)
	if owner == "map" {
		d.Helps = append(d.Helps, diag.Help{Text: fmt.Sprintf("add a member `struct %s` to the structure that is the map's value, on its outermost level, and declare the map with `__type(value, ...)`", field), Applicability: diag.Placeholder})
	}
}

// fieldRepeated: messages of kernels before 6.1, where a value's fields were
// looked for when they were used.
func fieldRepeated(c *Case, d *diag.Diagnostic) {
	name := ""
	if len(c.match.Fields) > 0 {
		name = c.match.Fields[0]
	}
	d.Message = fmt.Sprintf("the values of map `%s` have more than one `%s`", name, c.fieldOfMessage())
	if strings.Contains(c.match.Text, "kptr") {
		d.Message = fmt.Sprintf("the values of map `%s` have more kptr fields, or tags on one, than this kernel takes", name)
	}
	primary(d, "uses the map")
}

// mapWithoutBTF: the kernel finds special fields by the BTF of the value.
func mapWithoutBTF(c *Case, d *diag.Diagnostic) {
	name := ""
	if len(c.match.Fields) > 0 {
		name = c.match.Fields[0]
	}
	field := c.fieldOfMessage()
	d.Message = fmt.Sprintf("map `%s` has no type information, which `%s` needs", name, field)
	primary(d, "needs a map with BTF")
	c.markArgument(d, 1)
	d.Notes = append(d.Notes, "loaders make a map without type information where its definition has none, and also where the kernel refuses it, such as with two locks in one value")
	d.Helps = append(d.Helps, diag.Help{Text: "declare the map in `SEC(\".maps\")` with `__type(key, ...)` and `__type(value, ...)`, and compile with `-g`", Applicability: diag.Placeholder})
}

// notAtField: the address is in the right object, but not that of the field.
func notAtField(c *Case, d *diag.Diagnostic) {
	field := c.fieldOfMessage()
	n := 1
	f := c.match.Fields
	if strings.Contains(c.match.Text, "constant offset") && len(f) > 0 {
		n = max(argumentNumber(f[0]), 1)
	}
	what := c.argumentPhrase(n)
	d.Message = fmt.Sprintf("%s does not point at the `%s`", what, field)
	c.markArgument(d, n)
	if strings.Contains(c.match.Text, "constant offset") {
		primary(d, "may point at several places")
		d.Notes = append(d.Notes, fmt.Sprintf("where a `%s` is has to be known here; the address was computed with a number that may vary", field))
		return
	}
	if len(f) > 0 {
		primary(d, "points at offset "+f[0])
	}
	if len(f) == 3 {
		d.Notes = append(d.Notes, fmt.Sprintf("the `%s` is at offset %s", field, f[2]))
	}
	offer(d, fmt.Sprintf("pass the address of the member of type `struct %s`", field), diag.Likely, c.memberEdit(n, field))
}

// otherMap: bpf_timer_init and its kin take a map beside the field, which has to
// be the one that the field is in; for inner maps, of the same lookup.
func otherMap(c *Case, d *diag.Diagnostic) {
	fn := c.stopped()
	field := c.argumentPhrase(1)
	d.Message = field + " is in another map than the one given here"
	primary(d, "the map has to be the one that the field is in")
	c.markArgument(d, 2)
	if strings.Contains(c.match.Text, "isn't map pointer") {
		d.Message = c.argumentPhrase(2) + " is not a map"
		primary(d, "has to be the map that the field is in")
		return
	}
	if c.last < 0 {
		return
	}
	frame := c.Path.Step(c.last).Frame
	a, ok := c.Path.Before(c.last, verifierlog.Reg(frame, 1))
	b, known := c.Path.Before(c.last, verifierlog.Reg(frame, 2))
	switch {
	case ok && known && a.Map != "" && b.Map != "" && a.Map != b.Map:
		d.Notes = append(d.Notes, fmt.Sprintf("%s is in map `%s`, and the map given is `%s`", field, a.Map, b.Map))
		if site := c.sourceCall(c.last); site.node != nil && fn != "" {
			own := "&" + c.mapFull(a.Map)
			offer(d, "pass "+quote(own), diag.Safe, c.argumentEdit(2, own))
		}
	default:
		d.Notes = append(d.Notes, "maps that come from different lookups in a map of maps are different maps to the verifier")
		d.Helps = append(d.Helps, diag.Help{Text: "look the value up in the map that you pass here", Applicability: diag.Placeholder})
	}
	c.tellOrigin(d, verifierlog.Reg(frame, 1))
}
