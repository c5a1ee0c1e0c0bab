package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/rules/signatures"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// callTarget is the function whose call the verifier stopped at.
type callTarget struct {
	Name   string // `bpf_loop`; "" when the log does not say
	Params []signatures.Param
	Own    bool // a function of the program
}

// callTarget is the function that is called where the verifier gave up. name is
// what the message calls it, for logs without a path; "" if it does not.
func (c *Case) callTarget(name string) callTarget {
	k := callTarget{Name: name}
	kind := verifierlog.CallNone
	if c.last >= 0 {
		if s := c.Path.Step(c.last); s.Op == verifierlog.OpCall {
			kind = s.Call
			if k.Name == "" && kind != verifierlog.CallSubprog {
				k.Name = string(s.Func)
			}
			if kind == verifierlog.CallSubprog && s.Target >= 0 {
				if fn, i, ok := c.function(s.Target); ok && i == 0 {
					return c.ownFunction(fn)
				}
			}
		}
	}
	if kind == verifierlog.CallSubprog {
		// The name that the message has for it, behind the complaint itself.
		_, rest, _ := strings.Cut(c.Summary.Message, "Caller passes invalid args into func#")
		_, rest, _ = strings.Cut(rest, "('")
		k.Name, _, _ = strings.Cut(rest, "')")
		return k
	}
	k.Name, _, _ = strings.Cut(k.Name, "#")
	if strings.HasPrefix(k.Name, "unknown") || k.Name == "kernel-function" {
		k.Name = ""
	}
	if f, ok := signatures.Find(k.Name); ok {
		k.Params = f.Params
	} else if c.Object != nil && c.Object.BTF != nil && k.Name != "" {
		// A kfunc of a module: as the program declares it.
		if id := c.Object.BTF.Find(k.Name, object.KindFunc); id != 0 {
			k.Params = paramsOf(c.Object.BTF, id)
		}
	}
	return k
}

// paramsOf are the parameters of a function in BTF.
func paramsOf(b *object.BTF, fn uint32) (all []signatures.Param) {
	for _, m := range b.Members(b.Target(fn)) {
		all = append(all, signatures.Param{Name: m.Name, Type: spellType(b, m.Type)})
	}
	return all
}

// ownFunction is a function of the object, with the parameters that BTF has.
func (c *Case) ownFunction(fn *object.Function) callTarget {
	k := callTarget{Name: fn.Name, Own: true}
	b := c.Object.BTF
	if b == nil {
		return k
	}
	k.Params = paramsOf(b, c.Object.FuncType(fn))
	return k
}

// spellType spells what a parameter may be; "" for what is rarer.
func spellType(b *object.BTF, id uint32) string {
	id = b.Modified(id)
	if b.Kind(id) != object.KindPtr {
		return b.Describe(id)
	}
	to := b.Modified(b.Target(id))
	if b.Kind(to) == object.KindPtr || b.Kind(to) == object.KindFuncProto {
		return ""
	}
	if to == 0 {
		return "void *"
	}
	if b.Kind(to) == object.KindFwd && !b.IsUnionForward(to) {
		return "struct " + b.Name(to) + " *"
	}
	return b.Describe(to) + " *"
}

// function in a sentence.
func (k callTarget) String() string {
	if k.Name == "" {
		return "this function"
	}
	// bpf_obj_new is the macro around bpf_obj_new_impl, and its other name since Linux 7.0.
	return quote(strings.TrimSuffix(k.Name, "_impl"))
}

// parameter is what the function calls its n-th argument, from 1 on.
func (k callTarget) parameter(n int) string {
	if n >= 1 && n <= len(k.Params) && k.Params[n-1].Name != "" {
		return quote(k.Params[n-1].Name)
	}
	if n < 1 {
		return "an argument"
	}
	return "its " + ordinalWord(n) + " argument"
}

func (k callTarget) paramName(n int) string {
	if n >= 1 && n <= len(k.Params) {
		return k.Params[n-1].Name
	}
	return ""
}

func (k callTarget) paramType(n int) string {
	if n >= 1 && n <= len(k.Params) {
		return k.Params[n-1].Type
	}
	return ""
}

func ordinalWord(n int) string {
	if n >= 1 && n <= 5 {
		return [...]string{"first", "second", "third", "fourth", "fifth"}[n-1]
	}
	return fmt.Sprintf("%dth", n)
}
