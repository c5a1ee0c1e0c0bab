package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

var (
	_ = rule("BPF0801", functionType)
	_ = rule("BPF0802", functionInfo)
	_ = rule("BPF0803", lineInfo)
	_ = rule("BPF0804", btfHeader)
	_ = rule("BPF0805", btfType)
)

// functionType: btf_prepare_func_args and check_btf_func want a function's
// prototype behind every function, and for a global one are to verify it by that.
func functionType(c *Case, d *diag.Diagnostic) {
	name := ""
	switch p := c.pattern(); {
	case p == "Invalid type of function %s()", p == "Invalid BTF of func %s":
		name = c.wildcard(0)
	case p == "Global functions need valid BTF":
		d.Message = "a global function has no type information"
		primary(d, "in a function that is not `static`")
		sentences(d, "a global function is verified on its own, for all arguments of the types that its BTF tells")
		suggest(d, "compile with `-g`, or declare the function `static`")
		return
	}
	d.Message = "a function's type information does not describe a function"
	if name != "" {
		d.Message = "the type information of " + quote(name) + " does not describe a function"
	}
	sentences(d, "the verifier looks its parameters up in the object's BTF")
	d.Helps = append(d.Helps, rebuild)
}

// functionInfo: check_btf_func compares .BTF.ext's func_info with the functions
// that the verifier finds by calls.
func functionInfo(c *Case, d *diag.Diagnostic) {
	d.Message = "the object's function information does not fit its instructions"
	sentences(d, "there has to be one record for each function, in the order of instructions, at its first one")
	d.Helps = append(d.Helps, rebuild)
}

// lineInfo: check_btf_line, the same for lines.
func lineInfo(c *Case, d *diag.Diagnostic) {
	d.Message = "the object's line information does not fit its instructions"
	if p := c.pattern(); strings.HasPrefix(p, "missing bpf_line_info") {
		d.Message = "the object has line information for some functions, and none for others"
		sentences(d, "the verifier wants a record at the first instruction of every function, or no line information at all")
		suggest(d, "compile all parts of the program with `-g`, and do not mix in assembly without `.loc`")
	} else {
		sentences(d, "records are in the order of instructions, each at the first one of its line")
	}
	d.Helps = append(d.Helps, rebuild)
}

// btfHeader: btf_parse_hdr, btf_check_sec_info.
func btfHeader(c *Case, d *diag.Diagnostic) {
	d.Message = "the object's BTF is malformed"
	if p := c.pattern(); strings.HasPrefix(p, "Unsupported") || strings.Contains(p, "layout") || strings.Contains(p, "Layout") {
		d.Class = diag.ClassEnvironment
		d.Message = "the object's BTF is newer than " + c.linux() + " knows, or malformed"
	}
	d.Helps = append(d.Helps, rebuild)
}

// btfType: btf_check_all_metas and the resolving of types. The line "[12] STRUCT
// name size=8 vlen=2" says which type, what follows it what is wrong.
func btfType(c *Case, d *diag.Diagnostic) {
	id, kind, name := typeLine(c.match.Text)
	switch {
	case id == "":
		d.Message = "a type of the object's BTF is one that " + c.linux() + " does not take"
	case name == "" || name == "(anon)":
		d.Message = "type " + id + " of the object's BTF, of kind " + quote(kind) + ", is one that " + c.linux() + " does not take"
	default:
		d.Message = "type " + id + " of the object's BTF, " + quote(kind+" "+name) + ", is one that " + c.linux() + " does not take"
	}
	if p := c.pattern(); strings.Contains(p, "Invalid kind") {
		d.Class = diag.ClassEnvironment
		d.Message = "the object's BTF has a kind of type that " + c.linux() + " does not know"
		sentences(d, "kinds came with kernels: FLOAT 5.13, DECL_TAG 5.16, TYPE_TAG 5.17, ENUM64 6.0; libbpf replaces what the running kernel does not know")
	}
	d.Helps = append(d.Helps, rebuild)
}

// typeLine reads "[12] STRUCT name size=8 vlen=2 Invalid name".
func typeLine(line string) (id, kind, name string) {
	rest, ok := strings.CutPrefix(line, "[")
	if !ok {
		return "", "", ""
	}
	id, rest, ok = strings.Cut(rest, "] ")
	words := strings.Fields(rest)
	if !ok || len(words) < 2 || strings.ToUpper(words[0]) != words[0] {
		return "", "", ""
	}
	return id, strings.ToLower(words[0]), words[1]
}
