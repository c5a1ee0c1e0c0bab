package fix

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
)

// Options say how targets are mended.
type Options struct {
	Verify  Verify
	Finder  *compile.Finder
	Compile string // the command, {source} and {output} in it; empty where it is to be found
	Steps   int    // edits for one program at most; 0 means DefaultSteps
	Choose  Choose // asks a person; nil makes the best edits
}

// Result is what became of all targets.
type Result struct {
	Targets []Report `json:"targets"`
	Changes []Change `json:"changes"` // of files, by path
}

// Report is what became of one target.
type Report struct {
	Path        string    `json:"path"`             // as it was given
	Source      string    `json:"source,omitempty"` // that was compiled
	Command     []string  `json:"command,omitempty"`
	CommandFrom string    `json:"command_from,omitempty"` // the file that says it, or "default"
	Error       string    `json:"error,omitempty"`        // why nothing could be tried
	Notes       []string  `json:"notes,omitempty"`
	Programs    []Program `json:"programs,omitempty"`
	Steps       []Step    `json:"steps,omitempty"`
}

// Program is one of a target's programs.
type Program struct {
	Name   string       `json:"name"`
	Before diag.Verdict `json:"before"`
	// Verdict is the one with all the changes made.
	Verdict diag.Verdict `json:"verdict"`
	Error   string       `json:"error,omitempty"` // why it never reached the verifier
	// Diagnostic is what is still wrong with it, and Refused the helps that were tried for that.
	Diagnostic *diag.Diagnostic `json:"diagnostic,omitempty"`
	Refused    []Refusal        `json:"refused,omitempty"`
}

// Change is a file with all edits made.
type Change struct {
	Path string `json:"path"` // absolute
	Old  string `json:"-"`
	New  string `json:"-"`
	Diff string `json:"diff"` // unified
}

// Run looks for edits that make the programs of sources and objects accepted. It
// writes nothing: Write does, with the changes. What is wrong with one target is in its
// report; an error ends the whole run.
func Run(ctx context.Context, o Options, paths []string) (Result, error) {
	if o.Finder == nil {
		o.Finder = new(compile.Finder)
	}
	if o.Steps == 0 {
		o.Steps = DefaultSteps
	}
	r := run{options: o, texts: map[string]string{}}
	for _, path := range paths {
		if err := r.target(ctx, path); err != nil {
			return Result{}, err
		}
	}
	if err := r.again(ctx); err != nil {
		return Result{}, err
	}
	return r.result()
}

// run is one call of Run.
type run struct {
	options Options
	texts   map[string]string // by absolute path: what the targets before have made of it
	files   originals
	targets []*target
	quit    bool
}

// target is a source, or an object and its source.
type target struct {
	report Report
	prover *Prover
	end    *Version // nil where nothing could be tried
}

func (r *run) target(ctx context.Context, path string) error {
	t := &target{report: Report{Path: path}}
	r.targets = append(r.targets, t)
	base, err := r.begin(ctx, t)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		t.report.Error = err.Error()
		return nil
	}
	t.end = base
	// An edit can add programs; they have to be accepted, too.
	seen := map[string]bool{}
	for p := t.end.unseen(seen); p != nil; p = t.end.unseen(seen) {
		seen[p.Name] = true
		t.report.Programs = append(t.report.Programs, Program{Name: p.Name, Before: p.Verdict})
		if r.quit || p.Verdict == diag.Accepted || p.Verdict == diag.Skipped {
			continue
		}
		s := search{path: path, prover: t.prover, steps: r.options.Steps, choose: r.options.Choose}
		way, err := s.program(ctx, t.end, p.Name)
		if r.quit = errors.Is(err, ErrQuit); err != nil && !r.quit {
			return err
		}
		t.report.Steps = append(t.report.Steps, way.steps...)
		t.end = way.end
	}
	maps.Copy(r.texts, t.end.Texts)
	return nil
}

// unseen is the first program whose name is not among those seen.
func (v *Version) unseen(seen map[string]bool) *diag.Program {
	for i := range v.Object.Programs {
		if p := &v.Object.Programs[i]; !seen[p.Name] {
			return p
		}
	}
	return nil
}

// begin finds out how a target is compiled, and has it judged as it is.
func (r *run) begin(ctx context.Context, t *target) (*Version, error) {
	g, err := Find(r.options.Finder, t.report.Path, r.options.Compile)
	if err != nil {
		return nil, err
	}
	t.report.Source, t.report.Command, t.report.CommandFrom = g.Command.Source, g.Command.Args, g.Command.From
	t.report.Notes = g.Notes
	t.prover = &Prover{Command: g.Command, Object: g.Object, Verify: r.options.Verify, files: &r.files}
	// The source is compiled from the text that is edited, whatever happens to the
	// file meanwhile.
	texts := maps.Clone(r.texts)
	if _, ok := texts[g.Command.Source]; !ok {
		if texts[g.Command.Source], err = r.files.read(g.Command.Source); err != nil {
			return nil, err
		}
	}
	base, err := t.prover.Base(ctx, texts)
	if err != nil {
		return nil, err
	}
	if g.Object == "" {
		return base, nil
	}
	return base, r.compare(ctx, t, g, base)
}

// Base is the version that edits are made in: the sources as they are.
func (p *Prover) Base(ctx context.Context, texts map[string]string) (*Version, error) {
	v, err := p.Version(ctx, texts)
	switch {
	case err != nil:
		return nil, err
	case v.Said != "":
		return nil, fmt.Errorf("it does not compile as it is:\n%s", v.Said)
	case v.Object.Error != "":
		return nil, fmt.Errorf("what the compiler makes is no eBPF object: %s", v.Object.Error)
	case len(v.Object.Programs) == 0:
		return nil, errors.New("it has no program")
	}
	return v, nil
}

// again judges those targets once more that were made before a file of theirs
// was changed for another one.
func (r *run) again(ctx context.Context) error {
	for _, t := range r.targets {
		if t.end == nil {
			continue
		}
		texts := maps.Clone(t.end.Texts)
		for _, f := range t.end.Files {
			if text, ok := r.texts[f]; ok {
				texts[f] = text
			}
		}
		end, err := t.prover.Version(ctx, texts)
		if err != nil {
			return err
		}
		if end.Said != "" {
			return fmt.Errorf("%s does not compile any more with what was changed for other files:\n%s", t.report.Path, end.Said)
		}
		t.end = end
		for i := range t.report.Programs {
			p := &t.report.Programs[i]
			is := end.Program(p.Name)
			if is == nil {
				p.Verdict, p.Error = diag.Error, "the object has no such program any more"
				continue
			}
			p.Verdict, p.Error = is.Verdict, is.Error
			if d := failure(is); d != nil {
				// What was refused is not to be offered once more.
				rest := *d
				if p.Refused, err = t.prover.ProveOne(ctx, end, p.Name, &rest); err != nil {
					return err
				}
				p.Diagnostic = &rest
			}
		}
	}
	return nil
}

// result tells what was changed, and how.
func (r *run) result() (Result, error) {
	var out Result
	for _, t := range r.targets {
		out.Targets = append(out.Targets, t.report)
	}
	for _, path := range slices.Sorted(maps.Keys(r.texts)) {
		old, err := r.files.read(path)
		if err != nil {
			return out, err
		}
		if c := (Change{Path: path, Old: old, New: r.texts[path]}); c.Old != c.New {
			c.Diff = diffOf(c)
			out.Changes = append(out.Changes, c)
		}
	}
	return out, nil
}
