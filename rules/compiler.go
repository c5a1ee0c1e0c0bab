package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/rules/messages"
)

// CompilerError is what the BPF back end of a compiler says of a source. The
// program never becomes an object, so no kernel sees it.
type CompilerError struct {
	File         string // as it can be opened; empty without a place
	Line, Column int    // from 1, the column in bytes; 0 without
	Text         string
	Function     string // where the compiler names it
}

// DiagnoseCompiler explains an error of a compiler's back end; ok is false for an
// error of any other kind, which the compiler explains itself.
func DiagnoseCompiler(e CompilerError, s *diag.Sources) (d diag.Diagnostic, ok bool) {
	text, _, _ := strings.Cut(e.Text, "\n")
	p, fields := messages.Compiler(text)
	if p == nil {
		return d, false
	}
	x := compilation{CompilerError: e, fields: fields}
	d = diag.Diagnostic{Severity: diag.SeverityError}
	recode(&d, p.Code)
	x.read(s)
	if e.File != "" {
		d.Labels = []diag.Label{x.mark(x.place.Span, "")}
		d.Labels[0].Primary = true
	}
	compilerRules[p.Code](&x, &d)
	d.Function = x.Function
	d.Notes = append(d.Notes, "the compiler's words: "+wording(text))
	return d, true
}

// wording is the compiler's, without LLVM's names of what it compiles: addresses
// among them differ from run to run.
func wording(text string) string {
	text = globalNode.ReplaceAllString(strings.TrimSpace(text), "$1:")
	return nodes.ReplaceAllString(text, "")
}

var (
	globalNode = lazyregexp.New(`0x[0-9a-f]+: \w+ = GlobalAddress<[^@>]*(@[^>]+)> \d+(?:, [^ ,]+:\d+:\d+)?`)
	nodes      = lazyregexp.New(`,? ?\b0x[0-9a-f]+\b(?:: [\w,]+ =)?|, [^ ,]+:\d+:\d+`)
)

// compilerRules explain the codes of messages/compiler.txt.
var compilerRules = map[string]func(*compilation, *diag.Diagnostic){
	"BPF0580": compilerCall,
	"BPF0613": jumpTooFar,
	"BPF0620": frameTooLarge,
	"BPF0622": passedOnStack,
	"BPF0625": dynamicStack,
	"BPF0642": signedDivision,
	"BPF0643": atomicOperation,
	"BPF0645": noInstruction,
	"BPF0760": structReturn,
	"BPF0761": structArgument,
	"BPF0762": variadic,
}

// compilation is an error with what its source says at the place.
type compilation struct {
	CompilerError
	fields []string
	file   *sourcetext.File
	place  sourcetext.Place
	known  bool // place is
}

func (x *compilation) read(s *diag.Sources) {
	lines, ok := s.Lines(x.File, nil, x.Line, "")
	if !ok {
		return
	}
	x.file = sourcetext.Parse([]byte(strings.Join(lines, "\n")), false)
	if x.place, x.known = x.file.At(x.Line, x.Column); !x.known {
		return
	}
	if x.Function == "" {
		x.Function = x.place.Function.Name
	}
}

// mark labels a part of the source, where that is known, else the error's place.
func (x *compilation) mark(s sourcetext.Span, text string) diag.Label {
	l := diag.Label{File: x.File, Line: x.Line, Column: x.Column, Text: text, Function: x.Function}
	if x.known && s.End > s.Start {
		l.Line, l.Column = x.file.Position(s.Start)
		if line, column := x.file.Position(s.End); line == l.Line {
			l.EndLine, l.EndColumn = line, column
		}
	}
	return l
}

// call is the call at the place, nil if there is none.
func (x *compilation) call() *sourcetext.Node {
	if x.known && x.place.Expr != nil && x.place.Expr.Kind == sourcetext.Call {
		return x.place.Expr
	}
	return nil
}

// callee names what the call at the place calls; empty without.
func (x *compilation) callee() string {
	if c := x.call(); c != nil {
		return x.file.Text(c.Operands[0].Span)
	}
	if at := globalName.FindStringSubmatch(x.Text); at != nil {
		return at[1]
	}
	return ""
}

var globalName = lazyregexp.New(`GlobalAddress<(?:ptr|i\d+[^@]*) @([^>]+)>`)

// this names the function that the error is of.
func (x *compilation) this() string {
	if x.Function == "" {
		return "this function"
	}
	return quote(x.Function)
}

func (x *compilation) label(d *diag.Diagnostic, text string) {
	if len(d.Labels) > 0 {
		d.Labels[0].Text = text
	}
}

// libcalls are the functions of compilers' own libraries (compiler-rt, libgcc) by
// what needs them.
var (
	floating = lazyregexp.New(`^__(?:(?:add|sub|mul|div|neg|eq|ne|lt|le|gt|ge|unord|pow)[sdthx]f\d?|(?:fix|fixuns|float|floatun|floatuns)\w*|(?:extend|trunc)\w+f\d?)$|^f(?:mod|ma|min|max|loor)`)
	wide     = lazyregexp.New(`^__(?:u?div|u?mod|u?divmod|mul|ash[lr]|lshr)ti[34]$|^__mul[o]ti4$`)
)

// compilerCall: LowerCall of an external symbol in BPFISelLowering.cpp.
func compilerCall(x *compilation, d *diag.Diagnostic) {
	name := x.fields[0]
	switch {
	case floating.MatchString(name):
		d.Message = "BPF has no floating point numbers"
		x.label(d, "the compiler would call "+quote(name)+" for this")
		suggest(d, "compute with integers: scaled (`x * 8 / 10` for `x * 0.8`), or hand the numbers to user space")
	case wide.MatchString(name):
		d.Message = "BPF computes with 64 bits, and this needs 128"
		x.label(d, "the compiler would call "+quote(name)+" for this")
		suggest(d, "divide before multiplying, or scale with shifts, so that 64 bits are enough")
	case name == "memcpy" || name == "memmove" || name == "memset" || name == "memcmp" || name == "bcmp":
		d.Message = "BPF has no " + quote(name) + " for so many bytes, or for a number of them that is not constant"
		x.label(d, "the compiler would call "+quote(name)+" for this")
		sentences(d, "the compiler writes out "+quote("__builtin_"+name)+" of a constant size up to 1,024 bytes; what is larger, or not constant, becomes a call")
		x.adviseMemory(d, name)
	default:
		d.Message = "BPF has no " + quote(name) + ": there is no library to call"
		x.label(d, "the compiler would call it for this")
		suggest(d, "write the function in the same file, `static`; or use a helper that does it (`bpf_strncmp`, `bpf_loop`)")
	}
}

func (x *compilation) adviseMemory(d *diag.Diagnostic, name string) {
	switch name {
	case "memset":
		suggest(d, "clear it in a loop, 1,024 bytes at a time, with `barrier()` behind each piece; an element of an array map is zero when it is made")
	case "memcmp", "bcmp":
		suggest(d, "compare in a loop with a constant bound, or with `bpf_strncmp`")
	default:
		suggest(d, "copy with `bpf_probe_read_kernel(to, size, from)`, which takes a size that is not constant, or in a loop with a constant bound")
	}
}

// frameTooLarge: WarnSize in BPFRegisterInfo.cpp.
func frameTooLarge(x *compilation, d *diag.Diagnostic) {
	d.Message = fmt.Sprintf("%s needs more than %d bytes of stack", x.this(), maxStack)
	x.label(d, "this is beyond the end of the stack")
	var largest string
	for _, v := range x.arrays() {
		if len(d.Labels) > 4 {
			break
		}
		d.Labels = append(d.Labels, x.mark(v.Span, fmt.Sprintf("takes %d bytes", v.size)))
		if largest == "" {
			largest = quote(v.name)
		}
	}
	what := "large variables"
	if largest != "" {
		what = largest
	}
	suggest(d, "keep "+what+" in a value of a per-CPU array map with one element, instead of on the stack")
	sentences(d, "functions that are inlined have their variables in the frame of their caller")
}

// array is a variable of a known, large size.
type array struct {
	sourcetext.Span
	name string
	size int
}

var (
	arrayDeclared = lazyregexp.New(`\b(char|bool|__u8|__s8|u8|s8|__u16|__s16|u16|s16|short|int|unsigned|__u32|__s32|u32|s32|long|__u64|__s64|u64|s64)\s+(\w+)((?:\s*\[\s*\d+\s*\])+)\s*[=;,]`)
	elementSize   = map[string]int{"char": 1, "bool": 1, "__u8": 1, "__s8": 1, "u8": 1, "s8": 1, "__u16": 2, "__s16": 2, "u16": 2, "s16": 2, "short": 2,
		"int": 4, "unsigned": 4, "__u32": 4, "__s32": 4, "u32": 4, "s32": 4, "long": 8, "__u64": 8, "__s64": 8, "u64": 8, "s64": 8}
	dimension = lazyregexp.New(`\d+`)
)

// smallArray is a size, in bytes, below which an array is not worth being named.
const smallArray = 64

// arrays lists the large arrays that the function declares, the largest first.
func (x *compilation) arrays() (all []array) {
	if !x.known {
		return nil
	}
	body := x.place.Function.Body
	text := x.file.Text(body)
	for _, m := range arrayDeclared.FindAllStringSubmatchIndex(text, 64) {
		v := array{name: text[m[4]:m[5]], size: elementSize[text[m[2]:m[3]]], Span: sourcetext.Span{Start: body.Start + m[4], End: body.Start + m[7]}}
		for _, n := range dimension.FindAllString(text[m[6]:m[7]], 8) {
			k, err := strconv.Atoi(n)
			if err != nil || k > 1<<20 || v.size > 1<<30 {
				k = 0
			}
			v.size *= k
		}
		if v.size < smallArray {
			continue
		}
		i := 0
		for i < len(all) && all[i].size >= v.size {
			i++
		}
		all = append(all[:i], append([]array{v}, all[i:]...)...)
	}
	return all
}
