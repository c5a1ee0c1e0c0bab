package diag

import "slices"

// MergeCauses finds the programs of an object that fail for one reason (often
// the same line of a function that several of them inline): the first one's
// diagnostic then tells the others in AlsoIn, theirs names the first in SameAs.
// Labels have to be located before.
func MergeCauses(o *Object) {
	type found struct {
		program string
		d       *Diagnostic
	}
	var causes []found
	for i := range o.Programs {
		p := &o.Programs[i]
		for j := range p.Diagnostics {
			d := &p.Diagnostics[j]
			k := slices.IndexFunc(causes, func(c found) bool { return c.program != p.Name && sameCause(c.d, d) })
			if k < 0 {
				causes = append(causes, found{p.Name, d})
				continue
			}
			d.SameAs = causes[k].program
			if !slices.Contains(causes[k].d.AlsoIn, p.Name) {
				causes[k].d.AlsoIn = append(causes[k].d.AlsoIn, p.Name)
			}
		}
	}
}

// sameCause compares what failed, not in which program. A headline may name
// the program; at one place of the source the kernel's words are enough.
func sameCause(a, b *Diagnostic) bool {
	if a.Code != b.Code {
		return false
	}
	la, lb := a.primary(), b.primary()
	if la == nil || lb == nil {
		return la == nil && lb == nil && a.Message == b.Message && a.KernelMessage == b.KernelMessage && a.Function == b.Function
	}
	return la.File == lb.File && la.Line == lb.Line && la.Column == lb.Column &&
		(a.Message == b.Message || a.KernelMessage == b.KernelMessage)
}
