// Package compile knows how BPF sources become objects: it finds the commands
// that compile a source file (compile_commands.json, .bpfdiag.toml, a default),
// takes compiler command lines apart, runs one of them without touching the
// user's tree, edited copies of sources included, and reads what the compiler
// says.
//
// It knows nothing of verifiers, kernels and editors.
package compile
