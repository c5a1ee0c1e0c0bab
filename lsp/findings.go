package lsp

import (
	"slices"

	"github.com/bpfdiag/bpfdiag/diag"
)

// newResult puts verdicts into the files of today. What several kernels say alike
// is said once. Server.mu is held.
func (s *Server) newResult(u *unit, verdicts []Verdict, then map[string]snapshot) *result {
	r := &result{unit: u, files: map[*file]bool{}}
	p := &placer{s: s, r: r, then: then, seen: map[string]*file{}}
	for i := range verdicts {
		v := &verdicts[i]
		for _, prog := range v.Object.Programs {
			r.program(p, v, prog)
		}
		if v.Object.Error != "" {
			r.add(p, verdicts, i, "", diag.Diagnostic{Severity: diag.SeverityError, Message: v.Object.Error})
		}
		for _, prog := range v.Object.Programs {
			if prog.Verdict == diag.Error && len(prog.Diagnostics) == 0 {
				r.add(p, verdicts, i, prog.Name, diag.Diagnostic{Severity: diag.SeverityError,
					Message: "`" + prog.Name + "` was not verified: " + prog.Error})
			}
			for _, d := range prog.Diagnostics {
				if d.SameAs == "" {
					r.add(p, verdicts, i, prog.Name, d)
				}
			}
		}
	}
	return r
}

// newRefusal puts what a compiler's back end says into the files of today. Server.mu is
// held.
func (s *Server) newRefusal(u *unit, list []diag.Diagnostic, then map[string]snapshot) *result {
	r := &result{unit: u, files: map[*file]bool{}}
	p := &placer{s: s, r: r, then: then, seen: map[string]*file{}}
	for _, d := range list {
		r.put(p, &finding{diag: d, object: u.Name})
	}
	return r
}

// program adds a kernel's verdict on a program.
func (r *result) program(p *placer, v *Verdict, prog diag.Program) {
	prog.Log = "" // it may have megabytes
	i := slices.IndexFunc(r.programs, func(o *program) bool { return o.name == prog.Name })
	if i < 0 {
		i = len(r.programs)
		o := &program{name: prog.Name}
		if d, ok := v.Programs[prog.Name]; ok {
			o.at = p.declaration(d, prog.Name)
		}
		r.programs = append(r.programs, o)
	}
	r.programs[i].verdicts = append(r.programs[i].verdicts, programVerdict{v.Kernel, v.Asked, prog})
}

// add adds a diagnostic of the i-th kernel, or that kernel to one that says the
// same.
func (r *result) add(p *placer, verdicts []Verdict, i int, program string, d diag.Diagnostic) {
	kernel := verdicts[i].Kernel.Release
	for _, f := range r.findings {
		if f.program == program && sameFinding(&f.diag, &d) {
			if !slices.Contains(f.kernels, kernel) {
				f.kernels = append(f.kernels, kernel)
			}
			return
		}
	}
	f := &finding{diag: d, object: r.unit.Name, program: program, kernel: kernel, kernels: []string{kernel}}
	for _, v := range verdicts {
		for _, prog := range v.Object.Programs {
			if prog.Name == program && prog.Verdict == diag.Accepted {
				f.accepted = append(f.accepted, v.Kernel.Release)
			}
		}
	}
	r.put(p, f)
}

// put adds a finding, and finds its places.
func (r *result) put(p *placer, f *finding) {
	d, stale := &f.diag, false
	for k := range d.Labels {
		pl := p.label(&d.Labels[k])
		f.labels = append(f.labels, pl)
		if d.Labels[k].Primary {
			f.primary = pl
			stale = pl != nil && pl.gone
			f.calls = r.calls(p, &d.Labels[k])
		}
	}
	if !stale {
		f.primary = r.own(p.s, f.primary, f.calls)
	}
	if f.primary == nil && !stale {
		f.primary = r.fallback(p, f.program)
	}
	f.fixes = p.fixes(d.Helps)
	r.findings = append(r.findings, f)
}

// calls are the places that an inlined function was called from.
func (r *result) calls(p *placer, l *diag.Label) []call {
	var all []call
	for _, c := range l.InlinedFrom {
		if pl := p.label(&diag.Label{File: c.File, Line: c.Line, Column: c.Column}); pl != nil {
			all = append(all, call{pl, "inlined into `" + c.Function + "` here"})
		}
	}
	return all
}

// own is where a diagnostic is shown whose place is in a file that is not the
// user's: at the nearest call in one that is.
func (r *result) own(s *Server, primary *place, calls []call) *place {
	if primary == nil || s.mine(primary.file, r.unit) {
		return primary
	}
	for _, c := range calls {
		if s.mine(c.place.file, r.unit) {
			return c.place
		}
	}
	return primary
}

// mine says whether a file is one that the user works on.
func (s *Server) mine(f *file, u *unit) bool {
	if f.open || f.path == canonical(u.Source) {
		return true
	}
	return s.inFolder(f.path)
}

// fallback is the place of a diagnostic that has none in a source: the program's
// declaration, or the file's first line.
func (r *result) fallback(p *placer, name string) *place {
	for _, o := range r.programs {
		if o.at != nil && (o.name == name || name == "") {
			return o.at
		}
	}
	f, then := p.file(r.unit.Source)
	if f == nil {
		return nil
	}
	start, end := then.text.line(0)
	return p.place(f, then, start, end, false)
}

// sameFinding compares what two kernels say of a program.
func sameFinding(a, b *diag.Diagnostic) bool {
	if a.Code != b.Code || a.Message != b.Message || len(a.Labels) == 0 != (len(b.Labels) == 0) {
		return false
	}
	la, lb := primaryLabel(a), primaryLabel(b)
	if la == nil || lb == nil {
		return la == lb
	}
	return la.File == lb.File && la.Line == lb.Line && la.Column == lb.Column
}

func primaryLabel(d *diag.Diagnostic) *diag.Label {
	for i := range d.Labels {
		if d.Labels[i].Primary {
			return &d.Labels[i]
		}
	}
	return nil
}
