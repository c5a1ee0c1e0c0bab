package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

var _ = rule("BPF0540", licenceMissing)

// licenceMissing: a helper, kfunc, structure or program type is for programs under a
// licence that the kernel takes for compatible with the GPL
// (license_is_gpl_compatible in include/linux/license.h).
func licenceMissing(c *Case, d *diag.Diagnostic) {
	text := c.match.Text
	k := c.callTarget("")
	switch {
	case strings.Contains(text, "GPL-restricted function"):
		d.Message = k.String() + " is for programs under a GPL-compatible licence"
		primary(d, "for GPL-compatible programs only")
		c.markCall(d, k.Name)
	case strings.Contains(text, "kernel function"):
		d.Message = "kernel functions are for programs under a GPL-compatible licence"
		if name := c.calledName(); name != "" {
			d.Message = "the kernel function " + quote(name) + " is for programs under a GPL-compatible licence"
		}
		primary(d, "a kernel function")
	case strings.HasPrefix(text, "Cannot access kernel"):
		d.Message = "kernel structures are read by programs under a GPL-compatible licence only"
		if len(c.match.Fields) > 0 {
			d.Message = fmt.Sprintf("`struct %s` is read by programs under a GPL-compatible licence only", c.match.Fields[0])
		}
		primary(d, "reads the kernel's structure directly")
	case strings.HasPrefix(text, "LSM"):
		d.Message = "LSM programs need a GPL-compatible licence"
	default:
		d.Message = "struct_ops programs need a GPL-compatible licence"
	}
	if l, ok := c.programLine("SEC(\"license\")", true); ok && c.Object != nil && c.Object.License != "" {
		for i := range d.Labels { // which licence it is decides, not where the first such call is
			d.Labels[i].Primary = false
		}
		l.Text, l.Primary = "declared to be under "+quote(c.Object.License), true
		d.Labels = append(d.Labels, l)
	} else if c.Object != nil {
		if c.Object.License == "" {
			d.Notes = append(d.Notes, "the object declares no licence")
		} else {
			d.Notes = append(d.Notes, "the object's licence is "+quote(c.Object.License))
		}
	}
	d.Notes = append(d.Notes, "the kernel takes these for compatible: `GPL`, `GPL v2`, `GPL and additional rights`, `Dual BSD/GPL`, `Dual MIT/GPL`, `Dual MPL/GPL`")
	h := diag.Help{Text: "if the program may be under such a licence, declare it: `char LICENSE[] SEC(\"license\") = \"GPL\";`", Applicability: diag.Placeholder, Edits: c.licenceEdit()}
	d.Helps = append(d.Helps, h)
}
