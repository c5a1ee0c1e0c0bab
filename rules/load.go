package rules

import (
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/loaderror"
)

// Failure is why the verifier has not judged a program.
type Failure struct {
	*loaderror.Error
	// Insn is where in the program the error's Function and Insn are, so that
	// Case.Locate finds them; -1 if there is no such place.
	Insn int
	// Have and Lack are the releases of other kernels that have what is
	// missing, or lack it as well.
	Have, Lack []string
}

// DiagnoseLoad explains why a program was not verified. The case's log is the
// verifier's where it stopped at what the loader had put there, else empty.
func DiagnoseLoad(c Case, f Failure) diag.Diagnostic {
	c.prepare()
	d := diag.Diagnostic{Severity: diag.SeverityError, Message: f.Error.Error(), KernelMessage: c.Summary.Message}
	if c.Summary.First > 0 {
		d.LogLines = []int{c.Summary.First, c.Summary.Last}
	}
	if f.Insn >= 0 {
		d.Insn = new(f.Insn)
		l, ok := c.label(f.Insn, "")
		d.Function = l.Function
		if ok {
			l.Primary = true
			d.Labels = []diag.Label{l}
		}
	}
	id, explain := loadRule(&f)
	recode(&d, id)
	explain(&c, &f, &d)
	keepRust(&d, c.rust())
	return d
}

// loadRule is the code of a failure, and what explains it.
func loadRule(f *Failure) (code string, explain func(*Case, *Failure, *diag.Diagnostic)) {
	switch f.Cause {
	case loaderror.Missing:
		switch f.What {
		case loaderror.Field, loaderror.Enumerator:
			return "BPF0820", missingField
		case loaderror.Kfunc:
			if f.Weak {
				return "BPF0821", missingKfunc
			}
			return "BPF0901", missingKfunc
		case loaderror.KernelVariable, loaderror.KernelSymbol:
			return "BPF0825", missingSymbol
		case loaderror.Option:
			return "BPF0910", missingOption
		case loaderror.MapType:
			return "BPF0816", missingJumpTables
		}
		return "BPF0831", missingTarget
	case loaderror.Mismatch:
		if f.What == loaderror.Option {
			return "BPF0826", mismatchedOption
		}
		return "BPF0825", mismatchedSymbol
	case loaderror.Relocation:
		return "BPF0820", impossibleRelocation
	case loaderror.Symbol:
		return "BPF0826", undefinedSymbol
	case loaderror.Section:
		return "BPF0830", unknownSection
	case loaderror.Target:
		return "BPF0832", unnamedTarget
	case loaderror.MapDefinition:
		return "BPF0817", malformedMap
	case loaderror.MapCreation:
		return "BPF0816", refusedMap
	case loaderror.BTF:
		return btfCode(f.Log), refusedBTF
	case loaderror.ProgramType:
		return "BPF0911", refusedType
	case loaderror.Length:
		return "BPF0607", tooManyInsns
	case loaderror.Unexplained, loaderror.Unrunnable:
		return errnoCode(f), refusedSilently
	case loaderror.Guest:
		return guestCode(f.What), guestDied
	}
	return "BPF0840", malformedObject
}

// elsewhere says which of the kernels at hand have what is missing.
func (f *Failure) elsewhere(d *diag.Diagnostic) {
	switch {
	case len(f.Have) > 0:
		d.Notes = append(d.Notes, "Linux "+strings.Join(f.Have, ", ")+has(f.Have)+"it")
	case len(f.Lack) > 0:
		d.Notes = append(d.Notes, "Linux "+strings.Join(f.Lack, ", ")+lacks(f.Lack)+"it, too")
	}
}

func has(list []string) string {
	if len(list) == 1 {
		return " has "
	}
	return " have "
}

func lacks(list []string) string {
	if len(list) == 1 {
		return " lacks "
	}
	return " lack "
}

// sentences appends what is a fact, without the empty ones.
func sentences(d *diag.Diagnostic, notes ...string) {
	for _, n := range notes {
		if n != "" {
			d.Notes = append(d.Notes, n)
		}
	}
}

// quoted lists names in backticks.
func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quote(n)
	}
	return strings.Join(out, ", ")
}
