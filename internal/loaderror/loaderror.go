// Package loaderror says, as plain data, why a program was not verified: what
// the object has wrong, or what the kernel lacks. The loader makes these errors
// and the rules make diagnostics of them; neither needs to know the other.
package loaderror

import (
	"fmt"
	"syscall"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Cause is what kept a program from the verifier.
type Cause uint8

// The causes. The zero one is all that is wrong with an object and has no cause of its own.
const (
	Object        Cause = iota // the object is malformed
	Missing                    // the kernel lacks What, called Name
	Mismatch                   // What, called Name, has another type in the kernel than the object declares
	Relocation                 // a CO-RE relocation of Name cannot be made, whatever the kernel has
	Symbol                     // Name is declared and nobody defines it
	Section                    // section Name does not say a program type
	Target                     // section Name does not say what to attach to
	MapDefinition              // the definition of map Name is malformed
	MapCreation                // the kernel refused map Name, with Errno
	BTF                        // the kernel refused the object's BTF, as Log says, and then the program
	ProgramType                // the kernel does not take the program's type like this
	Length                     // the program is longer than any kernel takes
	Unexplained                // the kernel refused the program with Errno and without a word
	Unrunnable                 // the verifier accepted the program, the kernel then failed with Errno
	Guest                      // the guest that verified the program died: What says how
)

// What a kernel can lack.
const (
	Kfunc          = "kfunc"
	Function       = "function"
	Tracepoint     = "tracepoint"
	LSMHook        = "LSM hook"
	Iterator       = "iterator"
	KernelVariable = "kernel variable"
	KernelSymbol   = "kernel symbol"
	StructOps      = "struct_ops"
	Member         = "member" // of a struct_ops
	Module         = "module"
	Field          = "field"
	Enumerator     = "enumerator"
	Option         = "configuration option"
	MapType        = "map type"
)

// How a guest can end; anything else was done to it.
const (
	OutOfMemory = "out of memory"
	Panicked    = "panicked"
	Hung        = "hung"
)

// Error is why a program was not verified.
type Error struct {
	Cause  Cause
	What   string // kind of the thing that Name names, one of the constants
	Name   string // as messages spell it: "struct sock.__sk_common.skc_num"
	Kernel string // release
	// Function and Insn, an index in it, are where the program refers to the
	// thing; Function is nil where nothing does.
	Function *object.Function
	Insn     int
	Weak     bool // the extern is declared __weak
	// Exists says that there is a field of that name, but of a type that the
	// relocation does not accept, or a variable, but without a type in the
	// kernel's BTF; NoType that the kernel lacks the whole type, or, of a map,
	// this type of map.
	Exists, NoType bool
	Similar        []string      // names of the same kind that the kernel, or libbpf, has
	Errno          syscall.Errno // the kernel's, 0 if it was not asked
	Log            string        // the kernel's reason to refuse the object's BTF
	Err            error         // the sentence; nil for Missing, which has its own
}

func (e *Error) Error() string {
	if e.What == KernelVariable && e.Exists {
		return fmt.Sprintf("the BTF of Linux %s does not describe the variable `%s`", e.Kernel, e.Name)
	}
	if e.Err == nil {
		return fmt.Sprintf("%s `%s` does not exist in Linux %s", e.What, e.Name, e.Kernel)
	}
	return e.Err.Error()
}

// Unwrap returns the error below.
func (e *Error) Unwrap() error { return e.Err }
