// Package verifierlog reads the log of the Linux eBPF verifier. It knows the
// text and nothing else: no ELF, no source files, no kernel.
package verifierlog
