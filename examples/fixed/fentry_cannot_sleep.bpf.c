// fentry: how many bytes of what processes write are zero, looked at in the process's own memory.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

u64 zeroes, others;

SEC("fentry.s/__x64_sys_write")
int BPF_PROG(look_at_writes, struct pt_regs *regs)
{
	const char *buf = (const char *)PT_REGS_PARM2_CORE_SYSCALL(regs);
	char begin[64] = {};

	if (bpf_copy_from_user(begin, sizeof(begin), buf))
		return 0;
	for (int i = 0; i < sizeof(begin); i++) {
		if (begin[i])
			others++;
		else
			zeroes++;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
