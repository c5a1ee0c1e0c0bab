package rules

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/rules/messages"
)

// btfCode is the code of what the kernel says of an object's BTF.
func btfCode(log string) string {
	if m, ok := messages.Find(log); ok {
		return m.Code
	}
	return "BPF0804"
}

// refusedBTF: BPF_BTF_LOAD failed. libbpf goes on without BTF; what needs it
// fails then.
func refusedBTF(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Message = fmt.Sprintf("Linux %s does not take the object's BTF", f.Kernel)
	lines := strings.Split(strings.TrimSpace(f.Log), "\n")
	d.KernelMessage = strings.Join(lines[max(0, len(lines)-3):], "\n")
	if m, ok := messages.Find(f.Log); ok {
		d.KernelMessage = m.Text
	}
	sentences(d, "a program that needs BTF is refused without it")
	d.Helps = append(d.Helps, rebuild)
}

// rebuild is the advice where the compiler, or what ran after it, made
// something that no kernel takes.
var rebuild = diag.Help{Text: "compile the object anew with `clang -g -O2 --target=bpf`, without a tool behind it that changes or merges its BTF", Applicability: diag.Placeholder}

// refusedType: BPF_PROG_LOAD failed with EINVAL before there was a log
// (bpf_prog_load_check_attach, find_prog_type, the flags' check).
func refusedType(c *Case, f *Failure, d *diag.Diagnostic) {
	d.Message = fmt.Sprintf("Linux %s does not take program type `%s`", f.Kernel, c.Program.Type)
	if c.Program.Attach != "" {
		d.Message += fmt.Sprintf(" with attach type `%s`", c.Program.Attach)
	}
	if l, ok := c.section(); ok {
		markOnly(d, l, "this section says the type")
	}
	sentences(d, "the kernel refused it with \"invalid argument\" before the verifier looked at it")
	d.Helps = append(d.Helps, diag.Help{Text: "check with a kernel that has this type (`--kernel`), or mark the program optional with SEC(\"?" + c.Program.Section + "\")", Applicability: diag.Placeholder})
}

// errnoCode is the code of a refusal without a word.
func errnoCode(f *Failure) string {
	switch f.Errno {
	case syscall.ENOMEM, syscall.ENFILE, syscall.EMFILE, syscall.EAGAIN:
		return "BPF0940"
	case syscall.EPERM:
		return "BPF0930"
	case enotsupp:
		return "BPF0921"
	}
	return "BPF0002"
}

// enotsupp is the kernel's own ENOTSUPP, which is no errno of user space's.
const enotsupp = syscall.Errno(524)

// refusedSilently: nothing but an errno.
func refusedSilently(c *Case, f *Failure, d *diag.Diagnostic) {
	name := quote(c.Program.Name)
	what := f.Errno.Error()
	if f.Errno == enotsupp {
		what = "not supported (ENOTSUPP)"
	}
	d.Message = fmt.Sprintf("the kernel refused %s and did not say why: %s", name, what)
	switch {
	case f.Errno == syscall.ENOMEM:
		d.Message = "the kernel ran out of memory while it loaded " + name
		d.Helps = append(d.Helps, diag.Help{Text: "give the guest more memory: `--memory MIB`", Applicability: diag.Likely})
	case f.Errno == syscall.EPERM:
		d.Message = name + " needs a privilege that the loader lacks"
	case f.Errno == enotsupp:
		d.Message = name + " needs the JIT compiler"
		d.Helps = append(d.Helps, diag.Help{Text: "take the JIT compiler of another architecture with `--jit`, or turn it on: `sysctl net.core.bpf_jit_enable=1`", Applicability: diag.Placeholder})
	}
	if f.Cause == loaderror.Unrunnable {
		sentences(d, "the verifier had accepted it; the kernel could then not make it runnable: "+what)
	}
}

// guestCode is the code of a guest's end.
func guestCode(how string) string {
	switch how {
	case loaderror.OutOfMemory:
		return "BPF0940"
	case loaderror.Panicked:
		return "BPF0010"
	}
	return "BPF0002"
}

// guestDied: the kernel itself did not survive the program.
func guestDied(c *Case, f *Failure, d *diag.Diagnostic) {
	name := quote(c.Program.Name)
	switch f.What {
	case loaderror.OutOfMemory:
		d.Message = "the guest ran out of memory while it verified " + name
		d.Helps = append(d.Helps, diag.Help{Text: "give it more: `--memory MIB`", Applicability: diag.Likely})
	case loaderror.Panicked:
		d.Message = fmt.Sprintf("Linux %s panicked while it verified %s", f.Kernel, name)
		d.Helps = append(d.Helps, diag.Help{Text: "that is a bug of the kernel, whatever the program does: report it to bpf@vger.kernel.org with the object", Applicability: diag.Placeholder})
	default:
		d.Message = "the guest did not survive the verification of " + name
		d.Class = diag.ClassEnvironment
	}
	sentences(d, f.Err.Error())
}
