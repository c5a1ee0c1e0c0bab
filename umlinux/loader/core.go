package loader

import (
	"encoding/binary"
	"fmt"

	"github.com/bpfdiag/bpfdiag/internal/loaderror"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// relocated is a function's code with its CO-RE relocations applied.
type relocated struct {
	code []object.Insn
	err  error
}

// coreCode returns a function's code for this kernel
// (bpf_object__relocate_core). What cannot be relocated becomes an invalid
// call, as with libbpf: an error only if the verifier gets there.
func (l *load) coreCode(fn *object.Function) ([]object.Insn, error) {
	if r, ok := l.core[fn]; ok {
		return r.code, r.err
	}
	r := relocated{code: append([]object.Insn(nil), fn.Insns...)}
	r.err = l.applyCORE(fn, r.code)
	l.core[fn] = r
	return r.code, r.err
}

func (l *load) applyCORE(fn *object.Function, code []object.Insn) error {
	relos := l.obj.CORERelocations(fn)
	if len(relos) == 0 {
		if l.obj.HasCORE() && l.obj.ExtErr != nil {
			return l.obj.ExtErr
		}
		return nil
	}
	l.kernel.mu.Lock()
	defer l.kernel.mu.Unlock()
	spec, err := l.kernel.load()
	if err != nil {
		return err
	}
	local, err := l.obj.Spec()
	if err != nil {
		return err
	}
	list := make([]*btf.CORERelocation, len(relos))
	for i, r := range relos {
		list[i] = r.Relo
	}
	targets := []*btf.Spec{spec}
	fixups, err := btf.CORERelocate(list, targets, binary.LittleEndian, local.TypeID)
	if err != nil {
		// One relocation spoilt them all. Alone, each tells its own error.
		fixups = make([]btf.COREFixup, len(list))
		for i := range list {
			f, err := btf.CORERelocate(list[i:i+1], targets, binary.LittleEndian, local.TypeID)
			if err != nil {
				return relocationError(fn, relos[i], err)
			}
			fixups[i] = f[0]
		}
	}
	for i, r := range relos {
		original := code[r.Insn]
		if err := applyFixup(code[r.Insn:], fixups[i]); err != nil {
			return relocationError(fn, r, err)
		}
		failed := code[r.Insn].Imm == btf.COREBadRelocationSentinel && code[r.Insn].Code == object.CodeCall
		if failed && !r.Field {
			// ID and size of a type that does not exist are 0
			// (bpf_core_calc_type_relo); cilium/ebpf makes them failures.
			original.Imm = 0
			code[r.Insn] = original
			if original.Code == object.CodeLdImm {
				code[r.Insn+1] = object.Insn{}
			}
			continue
		}
		if failed {
			l.failedCORE[place{fn, r.Insn}] = r.Name
		}
	}
	return nil
}

// relocationError says that a relocation cannot be made, whatever the kernel has.
func relocationError(fn *object.Function, r object.CORERelocation, err error) error {
	return &loaderror.Error{Cause: loaderror.Relocation, Name: r.Name, Function: fn, Insn: r.Insn,
		Err: fmt.Errorf("CO-RE relocation of instruction %d of %s: %w", r.Insn, fn.Name, err)}
}

// place is an instruction of a function.
type place struct {
	fn   *object.Function
	insn int
}

// applyFixup changes the first instruction of code.
func applyFixup(code []object.Insn, f btf.COREFixup) error {
	in := asm.Instruction{
		OpCode:   asm.OpCode(code[0].Code),
		Dst:      asm.Register(code[0].Regs & 0xf),
		Src:      asm.Register(code[0].Regs >> 4),
		Offset:   code[0].Off,
		Constant: int64(code[0].Imm),
	}
	wide := code[0].Code == object.CodeLdImm
	if wide {
		if len(code) < 2 {
			return fmt.Errorf("the 64-bit load lacks its second half")
		}
		in.Constant = int64(uint64(uint32(code[0].Imm)) | uint64(uint32(code[1].Imm))<<32)
	}
	if err := f.Apply(&in); err != nil {
		return err
	}
	// LoadImm to R10 and a helper call are how cilium/ebpf marks a failure.
	poisoned := in.OpCode != asm.OpCode(code[0].Code) || wide && in.Dst == asm.R10
	switch {
	case poisoned: // bpf_core_poison_insn: every slot an invalid call
		bad := object.Insn{Code: object.CodeCall, Imm: btf.COREBadRelocationSentinel}
		code[0] = bad
		if wide {
			code[1] = bad
		}
	case wide:
		code[0].Imm, code[1].Imm = int32(in.Constant), int32(in.Constant>>32)
	default:
		code[0].Off, code[0].Imm = in.Offset, int32(in.Constant)
	}
	return nil
}
