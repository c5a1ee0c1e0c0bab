package umlinux

import (
	"fmt"
	"time"
)

// protocolVersion counts changes to what call.go and kernel/guest/init.c say to each other.
const protocolVersion = 2

// DefaultMemory is a guest's memory in MiB. The host gives pages only when the
// guest touches them, and gets none of them back before the guest ends.
const DefaultMemory = 192

// MaxMemory is what a Machine's guests may grow to, in MiB, when the verifier
// runs out of memory: enough for a million instructions with full stacks.
const MaxMemory = 1536

// Config says what to boot.
type Config struct {
	Kernel string // path of the kernel's executable
	Init   string // path of the guest's init (kernel.GuestInit)
	// Memory is the guest's memory in MiB; 0 means DefaultMemory.
	Memory int
	// JIT is the architecture whose JIT the verifier believes in (JITs);
	// empty means x86-64.
	JIT string
	// BootTimeout bounds the wait for the guest's first word; 0 means two
	// minutes, so that a machine with a hundred boots at once succeeds.
	BootTimeout time.Duration
}

// JITs lists the values of Config.JIT.
var JITs = []string{"x86-64", "arm64", "riscv64", "s390x", "none"}

// CommandLine returns the arguments of the kernel; channel and root are
// descriptors that it inherits.
func (c Config) CommandLine(channel, root int) []string {
	mem := c.Memory
	if mem == 0 {
		mem = DefaultMemory
	}
	args := []string{
		"bpfdiag-guest", // what ps shows
		fmt.Sprintf("mem=%dM", mem),
		fmt.Sprintf("initrd=/proc/self/fd/%d", root),
		fmt.Sprintf("hostchan=%d", channel),
		"seccomp=auto", // from 6.16 on: faster than ptrace, where the host allows it
		"quiet",
		"lpj=10000000", // no measuring of a delay loop that nothing uses
		"oops=panic", "sysctl.vm.panic_on_oom=1",
	}
	if c.JIT != "" {
		args = append(args, "bpf_verify_jit="+c.JIT)
	}
	return args
}
