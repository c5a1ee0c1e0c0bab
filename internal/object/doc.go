// Package object reads a compiled eBPF object (ELF with BTF) the way libbpf's
// bpf_object__open does, and says what is in it: programs, maps, externs,
// relocations, type information and source positions. It runs anywhere, loads
// nothing, and knows neither kernels nor verifier logs.
//
// What is wrong with one function or one map is recorded there (its Err), so
// that the rest of the object stays usable. Only an object of which nothing
// can be used makes Parse fail.
//
// Objects are untrusted input: every offset is checked before it is used, and
// no size taken from the file is allocated before the bytes are known to exist.
package object
