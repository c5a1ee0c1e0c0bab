package features

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// Query is what somebody wants to know. Without names it is an overview.
type Query struct {
	// Types are sections or program types: what may such programs do? With
	// Names too: may such programs use these?
	Types []string
	// Names are helpers, kfuncs, types of maps, or sections and program types.
	Names []string
}

// Source is a kernel to ask, and a guest with it.
type Source struct {
	Name    diag.Kernel
	Kernel  *loader.Kernel
	Machine loader.Machine
	Memory  Memory // nil for none
}

// Report is what kernels answered.
type Report struct {
	Kernels []diag.Kernel
	// Names are the functions, types of maps and structures that were asked for;
	// empty for a question about programs.
	Names    []string
	Overview bool
	some     bool // not all programs were asked about
	answers  []*Kernel
}

// NotFoundError says that no kernel knows what was asked for.
type NotFoundError struct {
	Name    string
	Kernels []diag.Kernel
	Similar []string
}

func (e *NotFoundError) Error() string {
	var releases []string
	for _, k := range e.Kernels {
		releases = append(releases, k.Release)
	}
	s := fmt.Sprintf("%q is no helper, kfunc, map type, program type or section of Linux %s", e.Name, strings.Join(releases, ", "))
	if len(e.Similar) > 0 {
		s += "; did you mean " + strings.Join(e.Similar, ", ") + "?"
	}
	return s
}

// Run asks each kernel, side by side.
func Run(ctx context.Context, sources []Source, q Query) (*Report, error) {
	r := &Report{answers: make([]*Kernel, len(sources))}
	var known vocabulary
	for _, s := range sources {
		r.Kernels = append(r.Kernels, s.Name)
		words, err := recall(s.Memory, "words", func() (vocabulary, bool, error) { return wordsOf(s.Kernel) })
		if err != nil {
			return nil, err
		}
		known.add(words)
	}
	question, err := r.plan(q, &known)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(sources))
	var wg sync.WaitGroup
	for i, s := range sources {
		wg.Go(func() {
			r.answers[i], errs[i] = recall(s.Memory, question.key(), func() (*Kernel, bool, error) {
				return Ask(ctx, s.Machine, s.Kernel, question)
			})
			if errs[i] == nil {
				r.answers[i].JIT = s.Name.JIT
			}
		})
	}
	wg.Wait()
	return r, cmp.Or(errs...)
}

// Any says that programs may use something of what was asked for, or that
// there are such programs.
func (r *Report) Any() bool {
	for _, k := range r.answers {
		for _, p := range k.Programs {
			if p.Error == "" && (len(r.Names) == 0 || len(p.Helpers)+len(p.Kfuncs)+len(p.Maps)+len(p.Values) > 0) {
				return true
			}
		}
	}
	return false
}

// vocabulary is what kernels have names for.
type vocabulary struct {
	Sections  []string
	Functions map[string]bool
	Maps      map[string]bool
}

// wordsOf reads a kernel's types, which takes longer than a few questions.
func wordsOf(k *loader.Kernel) (v vocabulary, keep bool, err error) {
	v.Functions, v.Maps = map[string]bool{}, map[string]bool{}
	if v.Sections, err = Sections(k); err != nil {
		return v, false, err
	}
	helpers, kfuncs, err := kernelFunctions(k)
	if err != nil {
		return v, false, err
	}
	for _, f := range append(helpers, kfuncs...) {
		v.Functions[f.Name] = true
	}
	maps, err := mapNames(k)
	for _, m := range maps {
		v.Maps[m] = true
	}
	return v, err == nil, err
}

// add adds another kernel's names.
func (v *vocabulary) add(o vocabulary) {
	if v.Functions == nil {
		v.Functions, v.Maps = map[string]bool{}, map[string]bool{}
	}
	for _, s := range o.Sections {
		if !slices.Contains(v.Sections, s) {
			v.Sections = append(v.Sections, s)
		}
	}
	maps.Copy(v.Functions, o.Functions)
	maps.Copy(v.Maps, o.Maps)
}

// plan makes a question for kernels of a query.
func (r *Report) plan(q Query, known *vocabulary) (Question, error) {
	var sections []string
	for _, t := range q.Types {
		found := Match(t, known.Sections)
		if found == nil {
			return Question{}, r.notFound(t, known)
		}
		sections = append(sections, found...)
	}
	for _, n := range q.Names {
		name := functionName(n, known)
		found := Match(n, known.Sections)
		switch {
		case known.Functions[name] || known.Maps[name]:
			r.Names = append(r.Names, name)
		case found != nil:
			sections = append(sections, found...)
		default:
			return Question{}, r.notFound(n, known)
		}
	}
	r.Overview = len(sections) == 0 && len(r.Names) == 0
	out := Question{Sections: sections, Names: r.Names, Limits: r.Overview, Context: len(r.Names) == 0}
	out.All = len(r.Names) == 0 && !r.Overview
	r.some = len(sections) > 0
	if !r.some {
		out.Sections = known.Sections
	}
	return out, nil
}

// functionName is a name as the kernel has it: "BPF_FUNC_loop" and "loop" are
// "bpf_loop", "BPF_MAP_TYPE_HASH" is "hash".
func functionName(n string, known *vocabulary) string {
	n = strings.TrimSuffix(strings.TrimSpace(n), "()")
	if t, ok := strings.CutPrefix(n, "BPF_MAP_TYPE_"); ok {
		return strings.ToLower(t)
	}
	if t, ok := strings.CutPrefix(n, "BPF_FUNC_"); ok {
		return "bpf_" + t
	}
	if !known.Functions[n] && !known.Maps[n] && known.Functions["bpf_"+n] {
		return "bpf_" + n
	}
	return n
}

func (r *Report) notFound(name string, known *vocabulary) error {
	var names []string
	for n := range known.Functions {
		names = append(names, n)
	}
	for n := range known.Maps {
		names = append(names, n)
	}
	slices.Sort(names)
	return &NotFoundError{Name: name, Kernels: r.Kernels, Similar: loader.Similar(name, append(names, loader.Sections()...))}
}
