package stat

import (
	"strconv"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// Record is a program's row.
type Record struct {
	File    string // base name of the object
	Program string
	Code    string     // of the diagnostic, why it failed
	Work    *diag.Work // where the verifier's instructions went, if somebody asked
	// Numbers by column; types are those of enum bpf_prog_type and bpf_attach_type.
	Numbers [numbers]int64
}

// Set sets a number.
func (r *Record) Set(c Column, n int) { r.Numbers[c] = int64(n) }

// text is what a column of text has. ok is false for a number.
func (r *Record) text(c Column) (text string, ok bool) {
	switch c {
	case FileName:
		return r.File, true
	case ProgName:
		return r.Program, true
	case Code:
		return r.Code, true
	case Verdict:
		if r.Numbers[Verdict] != 0 {
			return "success", true
		}
		return "failure", true
	case ProgType:
		return loader.ProgramType(r.Numbers[c]).String(), true
	case AttachType:
		return loader.AttachType(r.Numbers[c]).String(), true
	}
	return "", false
}

// Cell is how a column is printed.
func (r *Record) Cell(c Column) string {
	if text, ok := r.text(c); ok {
		return text
	}
	return strconv.FormatInt(r.Numbers[c], 10)
}
