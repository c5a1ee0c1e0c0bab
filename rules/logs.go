package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

var (
	_ = rule("BPF0001", truncatedLog)
	_ = rule("BPF0002", silentLog)
	_ = rule("BPF0010", verifierBug)
)

// silence is the code of a log without a complaint: it ends too early, or there
// is nothing of the verifier's in it.
func (c *Case) silence() string {
	switch {
	case c.Summary.Message != "":
		return ""
	case c.Path.Len() > 0 && !c.Summary.Stats.Known, c.Cut != "":
		return "BPF0001"
	}
	return "BPF0002"
}

// truncatedLog: the kernel stops to write when the buffer is full (bpf_vlog_finalize
// returns ENOSPC then), and many a program copies only part of a log.
func truncatedLog(c *Case, d *diag.Diagnostic) {
	d.Message = "the log ends before the verifier says what is wrong"
	if l, ok := c.label(c.Path.Insn(c.last), "the log ends here, not necessarily the verification"); c.last >= 0 && ok {
		markOnly(d, l, l.Text)
	}
	sentences(d, "the complaint is the log's last line but its statistics (`processed … insns`)")
	suggest(d, "give the loader a larger log buffer: libbpf's `kernel_log_size` (16 MiB are usual), cilium/ebpf's `LogSizeStart`, the `log_size` of BPF_PROG_LOAD")
	suggest(d, "or have the verifier write less: log level 1 in place of 2")
}

// silentLog: an errno and no word.
func silentLog(c *Case, d *diag.Diagnostic) {
	d.Message = "the kernel refused " + quote(c.Program.Name) + " and did not say why"
	if c.Summary.Stats.Known {
		sentences(d, "the verifier finished: its statistics are there and no complaint; what failed came after it")
		return
	}
	sentences(d, "what BPF_PROG_LOAD checks before the verifier has no message: EINVAL is mostly a program type, attach type or flag that the kernel does not know, EPERM a capability that is missing, E2BIG a program with too many instructions")
	suggest(d, "load it with log level 1 and a log buffer, or check it with `bpfdiag check`")
}

// verifierBug: the verifier checks itself (verifier_bug, WARN_ON_ONCE in verifier.c).
func verifierBug(c *Case, d *diag.Diagnostic) {
	d.Message = "the verifier met a state that it believes impossible"
	primary(d, "it got to here")
	switch p := c.pattern(); {
	case strings.Contains(p, "misconfigured"):
		d.Message = "the verifier's own tables for this kind of program are wrong"
	case strings.HasPrefix(p, "REG INVARIANTS"):
		d.Message = "the verifier derived bounds of a number that contradict each other"
		primary(d, "the number is of this place")
	case strings.Contains(p, "bpf_types.h"):
		d.Message = "this kernel does not know the context's type of this kind of program"
	}
	sentences(d, "that is a bug of the kernel; the program may be fine")
	suggest(d, "try a newer kernel of the series, and report it to bpf@vger.kernel.org with the program and this log")
}
