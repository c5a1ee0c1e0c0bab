// Package signatures says how the kernel declares helpers and kfuncs, and which
// programs may call a helper: facts of the kernel that no log has.
package signatures

import (
	_ "embed"
	"strings"
	"sync"
)

// A Function is a helper or kfunc.
type Function struct {
	Name        string
	Declaration string // in C, without the semicolon
	Params      []Param
	Sleeps      bool // of a kfunc: KF_SLEEPABLE
	// Types are the program types that a kfunc is registered for in Linux 7.3
	// ("sched_cls"); "unspec" is all. Empty of helpers, and when unknown.
	Types []string
}

// Param is a parameter. A helper's type is what C passes, not all that the
// verifier accepts.
type Param struct {
	Name, Type string // "key", "const void *"
}

//go:embed functions.txt
var functionsText string

// functions are those of functions.txt by name.
var functions = sync.OnceValue(func() map[string]Function {
	all := map[string]Function{}
	for line := range strings.Lines(functionsText) {
		if f, ok := parse(strings.TrimSpace(line)); ok {
			all[f.Name] = f
		}
	}
	return all
})

// Find returns the function of that name. ok is false if Linux 7.3 has none.
func Find(name string) (f Function, ok bool) {
	f, ok = functions()[name]
	return f, ok
}

// parse reads a declaration: "sleeps [tracing xdp] int f(char *a, ...)".
func parse(line string) (f Function, ok bool) {
	if strings.HasPrefix(line, "#") {
		return f, false
	}
	line, f.Sleeps = strings.CutPrefix(line, "sleeps ")
	if rest, ok := strings.CutPrefix(line, "["); ok {
		list, rest, _ := strings.Cut(rest, "] ")
		f.Types, line = strings.Fields(list), rest
	}
	f.Declaration = line
	head, rest, ok := strings.Cut(line, "(")
	args, closed := strings.CutSuffix(rest, ")")
	if !ok || !closed {
		return f, false
	}
	_, f.Name = split(head)
	depth, begin := 0, 0
	for i, r := range args + "," {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			if p, ok := param(strings.TrimSpace(args[begin:i])); ok {
				f.Params = append(f.Params, p)
			}
			begin = i + 1
		}
	}
	return f, true
}

func param(decl string) (p Param, ok bool) {
	if decl == "" || decl == "void" || decl == "..." {
		return p, false
	}
	if result, rest, ok := strings.Cut(decl, "("); ok { // bool (less)(struct bpf_rb_node *a)
		name, args, _ := strings.Cut(rest, ")")
		return Param{Name: strings.TrimLeft(name, "*"), Type: result + "(*)" + args}, true
	}
	p.Type, p.Name = split(decl)
	// What follows the two underscores tells the verifier of kfuncs what the
	// argument is (is_kfunc_arg_*). The size of `buffer` is `buffer__sz`.
	if name, suffix, _ := strings.Cut(p.Name, "__"); !strings.HasPrefix(suffix, "sz") {
		p.Name = name
	}
	return p, true
}

// split takes a declared name off its type: "struct sk_buff *skb".
func split(decl string) (typ, name string) {
	i := strings.LastIndexAny(decl, " *") + 1
	return strings.ReplaceAll(strings.TrimSpace(decl[:i]), "* *", "**"), decl[i:]
}
