package lsp

import (
	"context"

	"github.com/bpfdiag/bpfdiag/diag"
)

// Backend compiles and verifies. Its methods may be called by several
// goroutines, and end early when their context does.
type Backend interface {
	// Ready says what keeps units from being verified, and the way out; nil if
	// nothing does. It may be asked often, and prepares what is needed soon.
	Ready(ctx context.Context, s Settings, units []Unit) error
	// Units are the objects that a source file, with this text, is compiled into;
	// none for a file that has nothing to do with eBPF.
	Units(ctx context.Context, s Settings, path, text string) ([]Unit, error)
	// Objects are those that a folder's configuration names and something else
	// builds.
	Objects(ctx context.Context, s Settings, folder string) ([]Unit, error)
	// Watch calls changed with the path of what Objects depends on, when that appears,
	// changes or goes, until ctx ends.
	Watch(ctx context.Context, folder string, changed func(path string))
	// Build compiles a unit, with the texts of files that differ from what is on the
	// disk, by path; or reads what was built elsewhere. A *CompileError is the
	// compiler's refusal.
	Build(ctx context.Context, s Settings, u Unit, texts map[string]string) (Built, error)
	// Verify has a kernel judge what was built.
	Verify(ctx context.Context, s Settings, b Built, kernel string) (Verdict, error)
	// Prove tries the edits of a verdict's helps, and returns its object with what came of
	// that: those that the verifier accepts are verified, those that it refuses are gone.
	// With an error that is so of those that were tried. The verdict stays as it is.
	Prove(ctx context.Context, s Settings, b Built, v Verdict) (diag.Object, error)
	// Facts are what a kernel's verifier knows of some programs' variables.
	Facts(ctx context.Context, s Settings, b Built, kernel string, programs []string) ([]FactLine, error)
	// Log is the verifier's log of one program.
	Log(ctx context.Context, s Settings, b Built, kernel, program string) (string, error)
	// Page is the long form of a code.
	Page(code string) (diag.Page, bool)
}

// Unit is what one object is made from.
type Unit struct {
	Name   string // the object's, unique
	Source string // path of the file that is compiled; empty for an object that is built elsewhere
	Object string // path of an object that is built elsewhere; empty for what Build compiles
	Of     any    // the backend's own
}

// Built is a unit's object. It stays valid when another is built.
type Built struct {
	Unit  Unit
	Files []string // paths of the sources that it was made from
	// Kernels are those that the project's configuration names; those of the settings go
	// before them.
	Kernels []string
	Of      any // the backend's own
}

// Verdict is what a kernel's verifier says of an object.
type Verdict struct {
	Kernel diag.Kernel
	Asked  string // the kernel's name as Verify was given it
	// Object has the paths of its labels absolute.
	Object diag.Object
	// Programs say where the programs' functions are declared, by their names.
	Programs map[string]Declaration
}

// Declaration is a line of a file, from 1.
type Declaration struct {
	File string
	Line int
}

// FactLine is what is known at a line of a file, from 1, in one program.
type FactLine struct {
	File    string
	Line    int
	Program string
	Facts   []Fact
	Limits  []string // why that is not so on all paths, as sentences; none if it is
}

// Fact is what is known of a variable, or of an expression such as ctx->data.
type Fact struct {
	Name  string
	Type  string // in the source language, empty if it is not known
	Text  string // what it may be when the line begins, as a phrase: 0 to 1500
	After string // the same for when it is over; empty if that is no more
	Range string // the same, where it is a range of numbers and less than all of its type; else empty
}

// CompileError is what the compiler said when it made no object. What is wrong with
// the language, that language's own server shows.
type CompileError struct {
	Output string
	// Diagnostics are those of the compiler's BPF back end, which no such server runs. Files
	// are absolute.
	Diagnostics []diag.Diagnostic
}

func (e *CompileError) Error() string { return "it does not compile:\n" + e.Output }
