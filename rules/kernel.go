package rules

import (
	"fmt"
	"strings"
)

// before says whether the kernel that judged is known to be older than another
// version: what came later is no advice for it.
func (c *Case) before(version string) bool {
	var major, minor, thanMajor, thanMinor int
	if _, err := fmt.Sscanf(c.Kernel, "%d.%d", &major, &minor); err != nil {
		return false
	}
	if _, err := fmt.Sscanf(version, "%d.%d", &thanMajor, &thanMinor); err != nil {
		return false
	}
	return major < thanMajor || major == thanMajor && minor < thanMinor
}

// linux names the kernel that judged.
func (c *Case) linux() string {
	if c.Kernel == "" {
		return "this kernel"
	}
	return "Linux " + c.Kernel
}

// loopForms names the forms of loops that do not cost the verifier each pass,
// those that the kernel has.
func (c *Case) loopForms() string {
	var forms []string
	linux := "since Linux "
	for _, f := range [...]struct{ name, since string }{{"bpf_for", "6.4"}, {"bpf_loop", "5.17"}, {"can_loop", "6.9"}} {
		if f.name != "bpf_loop" && c.rust() {
			continue // macros of C
		}
		if !c.before(f.since) {
			forms = append(forms, fmt.Sprintf("`%s` (%s%s)", f.name, linux, f.since))
			linux = ""
		}
	}
	if n := len(forms) - 1; n > 0 {
		forms = []string{strings.Join(forms[:n], ", ") + " or " + forms[n]}
	}
	return strings.Join(forms, "")
}
