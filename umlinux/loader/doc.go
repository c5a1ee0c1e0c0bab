// Package loader turns an eBPF object into the bpf(2) calls that load its
// programs, as libbpf would: maps and BTF are made, CO-RE relocations and
// externs are resolved against the kernel's BTF, subprograms are appended,
// every program is loaded alone. It runs on the host and prepares everything
// there; only finished calls go to a guest.
//
// Where libbpf refuses a whole object for the sake of one program, this loader
// refuses that program. A refusal that is not the verifier's is never called a
// rejection.
package loader
