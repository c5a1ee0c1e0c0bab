package rules

import (
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
)

// isRust says whether a file is Rust's.
func isRust(file string) bool { return strings.HasSuffix(file, ".rs") }

// rust says whether the program was written in Rust.
func (c *Case) rust() bool {
	if fn, _, ok := c.function(0); ok {
		if u, ok := c.debug().Unit(fn); ok {
			return u.Rust
		}
	}
	p, ok := c.place(0)
	return ok && isRust(p.File)
}

// cOnly is what nobody writes in Rust, and what points at the place of an edit.
var cOnly = lazyregexp.New("__noinline|__always_inline|__builtin_|\\bSEC\\(|`static`|`volatile`|\\bsizeof\\b|\\bcan_loop\\b|\\bbpf_for\\b|BPF_CORE_READ|\\bthis check\\b|\\bsay so\\b")

// statement is the code at the end of advice that would be an edit if its place
// were known: `if (!p) return 0;`.
var statement = lazyregexp.New(":? `[^`]*(?:;|\\*\\))[^`]*`")

// keepRust takes what is C out of the helps for a program in Rust: rules write
// edits in C. Of a help that had edits the advice stays, and of advice the parts
// that can be followed.
func keepRust(d *diag.Diagnostic, rust bool) {
	const or = "; or "
	for i := range d.Helps {
		h := &d.Helps[i]
		of := func(e diag.Edit) bool { return isRust(e.File) }
		if !rust && !slices.ContainsFunc(h.Edits, of) {
			continue
		}
		if len(h.Edits) > 0 {
			h.Edits, h.Applicability = nil, diag.Placeholder
		}
		parts := slices.DeleteFunc(strings.Split(h.Text, or), cOnly.MatchString)
		h.Text = statement.ReplaceAllString(strings.Join(parts, or), "")
	}
	d.Helps = slices.DeleteFunc(d.Helps, func(h diag.Help) bool { return h.Text == "" })
}
