package check

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// program turns a loader's result into the document's form, and judges: the
// verifier rejected what it complains about, and nothing else.
func (ck *Checker) program(r *loader.Result, work profile, cache *rules.Cache) diag.Program {
	p := diag.Program{Name: r.Name, Section: r.Section, Type: r.Type.String(), Member: r.Member, Notes: r.Notes}
	if r.HasAttach {
		p.AttachType = r.Attach.String()
	}
	if ck.Options.KeepLogs {
		p.Log = r.Log
	}
	sum := verifierlog.Summarize(r.Log)
	if p.Stats = StatsOf(&sum, len(r.Log)+int(r.LogCut)); p.Stats != nil {
		p.Stats.ProgSize = r.Insns
		// Durations aside, output is a function of input, and the log's length
		// depends on how many digits the duration has.
		p.Stats.LogBytes -= len(strconv.Itoa(p.Stats.DurationUS))
	}
	if p.Stats == nil {
		p.ProgSize = r.Insns
	}
	c := ck.rulesCase(r, &p, &sum, cache)
	p.Work = work.work(c)
	err := failure(r, &sum)
	p.Accident = r.PathLost || isAccident(r.Errno) || isAccident(err)
	switch {
	case err != nil:
		p.Verdict, p.Error = diag.Error, err.Error()
		if ck.Options.Explain || !ck.Options.Brief {
			p.Diagnostics = []diag.Diagnostic{ck.diagnoseLoad(c, r, &p, err)}
		}
	case r.Errno == 0:
		p.Verdict = diag.Accepted
	default:
		p.Verdict = diag.Rejected
		if ck.Options.Explain {
			p.Diagnostics = []diag.Diagnostic{ck.explain(c)}
		}
	}
	return p
}

// rulesCase is what rules have to know of a program.
func (ck *Checker) rulesCase(r *loader.Result, p *diag.Program, sum *verifierlog.Summary, cache *rules.Cache) rules.Case {
	c := rules.Case{
		Program: rules.Program{Name: p.Name, Section: p.Section, Type: p.Type, Attach: p.AttachType},
		Kernel:  ck.kernel.Release, Log: r.Log, Object: r.Object(), Locate: r.Layout().Find, Summary: sum,
		Sources: ck.Sources, Dirs: []string{filepath.Dir(r.Object().Path)}, Cache: cache,
	}
	c.Cut = cut(r)
	return c
}

// cut says what is missing of a log, "" if it is whole.
func cut(r *loader.Result) string {
	switch {
	case r.LogCut > 0:
		return fmt.Sprintf("the log is longer than its buffer: the first %.1f MB are left out", float64(max(r.LogCut, 1e5))/1e6)
	case r.EndCut:
		return "the log is longer than its buffer: its middle is left out"
	}
	return ""
}

// StatsOf are the numbers at the end of a log of n bytes, nil if it has none.
func StatsOf(sum *verifierlog.Summary, n int) *diag.Stats {
	s := &sum.Stats
	if !s.Known {
		return nil
	}
	return &diag.Stats{
		Insns: s.Insns, TotalStates: s.TotalStates, PeakStates: s.PeakStates,
		MaxStatesPerInsn: s.MaxStatesPerInsn, MarkRead: s.MarkRead, StackDepth: s.StackDepth, StackMax: s.StackMax, DurationUS: s.TimeMicros,
		LogBytes: n,
	}
}
