package loader

import (
	"errors"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// placed says where a program refers to what its error is about. The error may
// be kept for other programs, so it is a copy that gets the place.
func placed(err error, fn *object.Function, insn int) error {
	var e *loaderror.Error
	if !errors.As(err, &e) {
		return &loaderror.Error{Function: fn, Insn: insn, Err: err}
	}
	at := *e
	at.Function, at.Insn = fn, insn
	return &at
}

// functionError is what is wrong with a function of the object.
func functionError(fn *object.Function) error {
	e := &loaderror.Error{Err: fn.Err}
	var reloc *object.RelocError
	if errors.As(fn.Err, &reloc) {
		e.Function, e.Insn, e.Name = fn, reloc.Insn, reloc.Symbol
		if reloc.Undefined {
			e.Cause = loaderror.Symbol
		}
	}
	return e
}

// mapDefinitionError is what is wrong with the definition of a map, nil if nothing is.
func mapDefinitionError(m *object.Map) error {
	if m.Err == nil {
		return nil
	}
	return &loaderror.Error{Cause: loaderror.MapDefinition, Name: m.Name, Err: m.Err}
}
