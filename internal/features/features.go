// Package features asks a kernel what it allows programs: which helpers, kfuncs
// and maps, what of the context, which results, and the limits. The answers are
// the verifier's: for each question a small program is loaded that does the one thing.
package features

// Kernel is what a kernel allows. Questions that were not asked are empty.
type Kernel struct {
	Release  string // "6.12.95"
	JIT      string
	Helpers  []Function // by number
	Kfuncs   []Function // by name
	Maps     []Map      // in the order of enum bpf_map_type
	Programs []Program  // in the order of Sections, or as asked for
	Limits   []Limit
}

// Function is a helper or a kfunc of a kernel.
type Function struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // Helper or Kfunc
	ID   uint32 `json:"-"`    // number of a helper, BTF type of a kfunc
	// Declaration is C without the semicolon. A helper's is that of Linux 7.3.
	Declaration string `json:"declaration,omitempty"`
	// Flags are a kfunc's as BTF_ID_FLAGS has them ("acquire", "ret_null",
	// "trusted_args"); of both "sleepable": only programs that may sleep may call
	// it; of helpers "gpl": only programs under the GPL may.
	Flags []string `json:"flags,omitempty"`
}

// Kinds of functions.
const (
	Helper = "helper"
	Kfunc  = "kfunc"
)

// Map is a type of maps, "hash", or a structure that the kernel knows in map
// values, "bpf_spin_lock".
type Map struct {
	Name  string
	Error string // why none can be made, empty if one can
	typ   uint64 // of enum bpf_map_type
	slot  int32
}

// Program is what programs of one kind may do.
type Program struct {
	// Sections are names that mean the same to the kernel, with a target where
	// one is needed: "fentry/do_nanosleep".
	Sections  []string
	Type      string // "xdp"
	Attach    string // "xdp_devmap", empty if the type has none
	Sleepable bool
	Error     string // why the kernel takes no such program; nothing else is set then

	Returns string   // what the program may return: "0..3"; empty for anything
	Context *Context // nil if nothing is known of it
	Helpers []string // by number
	Kfuncs  []string // by name
	Maps    []string // types of maps that it may use
	Values  []string // structures that the values of its maps may have
}

// Context is a program's argument.
type Context struct {
	Name   string  `json:"name"` // "struct xdp_md", or "arguments" where BPF_PROG() takes it apart
	Fields []Field `json:"fields,omitempty"`
}

// Field is a field of the context.
type Field struct {
	Name   string `json:"name"`
	Offset uint32 `json:"offset"` // in bytes
	Size   uint32 `json:"size"`
	// Read is what the verifier takes a value for that is read from it: "scalar",
	// "pkt", "trusted_ptr_task_struct"; empty if it may not be read.
	Read  string `json:"read,omitempty"`
	Write bool   `json:"write,omitempty"`
}

// Limit is one of the verifier's, as measured.
type Limit struct {
	Name  string `json:"name"`
	Value int    `json:"value"`
	Unit  string `json:"unit"`
}
