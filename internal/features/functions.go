package features

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/rules/signatures"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/cilium/ebpf/btf"
)

// Codes of instructions (include/uapi/linux/bpf.h).
const (
	movImm = 0xb7
	exit   = 0x95
)

// Complaints that say that a program of this kind must not call the function,
// whatever it passes, and those that say that it must be able to sleep.
var (
	notAllowed = lazyregexp.New(`^(unknown func|program of this type cannot use helper|invalid func|helper call is not allowed|` +
		`calling kernel function|cannot find address for kernel function|kernel function .* not allowed|JIT does not support)`)
	mustSleep = lazyregexp.New(`^(helper call might sleep|sleepable helper|program must be sleepable|kernel func(tion)? .*sleepable)`)
)

// functions asks for each program which functions it may call.
func (a *asker) functions() error {
	if !a.question.All && len(a.question.Names) == 0 {
		return nil
	}
	helpers, kfuncs, err := kernelFunctions(a.kernel)
	if err != nil {
		return err
	}
	unwanted := func(f Function) bool { return !a.question.asks(f.Name) }
	a.out.Helpers, a.out.Kfuncs = slices.DeleteFunc(helpers, unwanted), slices.DeleteFunc(kfuncs, unwanted)
	for i := range a.out.Programs {
		p := &a.out.Programs[i]
		if p.Error != "" {
			continue
		}
		for j := range a.out.Helpers {
			a.mayCall(i, &a.out.Helpers[j], &p.Helpers)
		}
		for j := range a.out.Kfuncs {
			a.mayCall(i, &a.out.Kfuncs[j], &p.Kfuncs)
		}
	}
	return nil
}

// mayCall asks whether a program may call a function and adds it to list if so.
func (a *asker) mayCall(program int, f *Function, list *[]string) {
	a.ask(a.callOf(program, f, "GPL"), func(an answer) {
		switch {
		case an.dead != nil || an.errno && an.message == "" || notAllowed.MatchString(an.message):
		case mustSleep.MatchString(an.message):
			f.addFlag("sleepable")
		default:
			*list = append(*list, f.Name)
		}
	})
}

// callOf is the load of a program that does nothing but call a function.
func (a *asker) callOf(program int, f *Function, licence string) umlinux.Call {
	call := object.Insn{Code: object.CodeCall, Imm: int32(f.ID)}
	if f.Kind == Kfunc {
		call.SetSrc(object.PseudoKfun)
	}
	p := loader.Probe{Hook: a.hooks[program], License: licence, Insns: []object.Insn{call, {Code: movImm}, {Code: exit}}}
	return p.Call()
}

// licences asks which helpers are for programs under the GPL alone. (All kfuncs are.)
func (a *asker) licences() error {
	for i := range a.out.Helpers {
		f := &a.out.Helpers[i]
		program := slices.IndexFunc(a.out.Programs, func(p Program) bool { return slices.Contains(p.Helpers, f.Name) })
		if program < 0 {
			continue
		}
		a.ask(a.callOf(program, f, "Proprietary"), func(an answer) {
			if strings.HasPrefix(an.message, "cannot call GPL") {
				f.addFlag("gpl")
			}
		})
	}
	return nil
}

func (f *Function) addFlag(flag string) {
	if !slices.Contains(f.Flags, flag) {
		f.Flags = append(f.Flags, flag)
	}
}

// kernelFunctions lists the helpers and kfuncs that a kernel has at all.
func kernelFunctions(k *loader.Kernel) (helpers, kfuncs []Function, err error) {
	flags, err := kfuncFlags(k.Path)
	if err != nil {
		return nil, nil, err
	}
	err = k.Types(func(spec *btf.Spec) error {
		var ids *btf.Enum
		if err := spec.TypeByName("bpf_func_id", &ids); err != nil {
			return fmt.Errorf("the kernel's numbers of helpers: %w", err)
		}
		for _, v := range ids.Values {
			name, ok := strings.CutPrefix(v.Name, "BPF_FUNC_")
			if !ok || v.Value == 0 {
				continue // __BPF_FUNC_MAX_ID, unspec
			}
			f := Function{Name: "bpf_" + name, Kind: Helper, ID: uint32(v.Value)}
			if s, ok := signatures.Find(f.Name); ok {
				f.Declaration = s.Declaration
			}
			helpers = append(helpers, f)
		}
		for id, bits := range flags {
			t, err := spec.TypeByID(btf.TypeID(id))
			fn, ok := t.(*btf.Func)
			if err != nil || !ok {
				continue
			}
			kfuncs = append(kfuncs, Function{Name: fn.Name, Kind: Kfunc, ID: id, Flags: flagNames(bits), Declaration: declaration(fn)})
		}
		return nil
	})
	slices.SortFunc(helpers, func(a, b Function) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(kfuncs, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return helpers, kfuncs, err
}
