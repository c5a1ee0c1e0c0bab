package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/internal/stat"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// verify makes the rows of objects. What says what goes on.
func (s *statistics) verify(ctx context.Context, what string, paths []string) error {
	f := &s.flags
	flags := checkFlags{kernel: f.kernel, jit: f.jit, logLevel: f.logLevel, timeout: f.timeout, jobs: f.jobs, memory: f.memory, noCache: f.noCache}
	flags.format, flags.color = "json", "never" // with all that there is to know
	flags.raw, flags.quiet = f.verbose || f.topLines > 0, f.quiet
	if err := flags.check(); err != nil {
		return err
	}
	sources := diag.NewSources()
	ck, err := openChecker(flags, sources, s.errOut)
	if err != nil {
		return err
	}
	defer leaveServer(ctx, s.errOut, ck)
	if len(s.presets) > 0 {
		ck.Options.Prepare = func(o *object.Object) error { return o.Preset(s.presets) }
		ck.Options.Prepared = fmt.Sprintf("%q", s.presetTexts)
	}
	ck.Options.Work = f.hotFlags.any()
	ck.Options.Brief, ck.Options.Explain = !f.verbose, f.verbose || s.showsCode()
	if f.testStates {
		ck.Options.Flags |= testStateFreq
	}
	if f.invariants {
		ck.Options.Flags |= testRegInvariants
	}
	if names := s.filters.Names(); names != "" {
		ck.Options.Select = func(path, program string) bool { return s.filters.Has(filepath.Base(path), program) }
		ck.Options.Selected = names
	}
	s.text = diag.Text{Sources: sources, Pages: pages}
	if !f.quiet && slices.ContainsFunc(s.columns, func(c stat.Field) bool { return c.Column == stat.MemPeak }) {
		fmt.Fprintln(s.errOut, "bpfdiag: mem_peak is not measured: a guest has no cgroups")
	}
	t, k := tool(), ck.Kernel()
	s.about.Tool, s.about.Kernel = &t, &k
	if s.lines && s.columns == nil {
		s.columns = s.defaults()
	}

	var objects []string
	for _, path := range paths {
		switch {
		case !s.filters.MayHave(filepath.Base(path)):
			s.skip("Skipping '%s' due to filters...\n", path)
		case !isObject(path):
			s.foreign++
			s.skip("Skipping '%s' as it's not a BPF object file...\n", path)
		default:
			objects = append(objects, path)
		}
	}
	return shownRun{what: what, quiet: f.quiet}.run(ctx, ck, objects, s.object)
}

func (s *statistics) skip(format, path string) {
	s.skipped++
	if s.flags.verbose {
		fmt.Fprintf(s.out, format, path)
	}
}

// object takes the rows of an object that was verified.
func (s *statistics) object(o diag.Object) error {
	name := filepath.Base(o.Path)
	if !s.flags.quiet && s.flags.format == "table" && !s.announced {
		fmt.Fprintf(s.out, "Processing '%s'...\n", name)
	}
	if o.Error != "" {
		s.skipped++
		s.unusable = true
		_, err := fmt.Fprintf(s.errOut, "bpfdiag: %s: %s\n", o.Path, o.Error)
		return err
	}
	s.files++
	s.left += o.LeftOut
	var rows []stat.Record
	for _, p := range o.Programs {
		s.progs++
		r := recordOf(name, &p)
		rows = append(rows, r)
		if p.Accident && p.Verdict == diag.Error {
			s.unusable = true
			fmt.Fprintf(s.errOut, "bpfdiag: %s: %s: %s\n", o.Path, p.Name, p.Error)
		}
		if s.flags.verbose {
			s.printLog(o.Path, &p, &r)
		}
		if s.flags.topLines > 0 {
			s.printTopLines(&p)
		}
	}
	if !s.lines || s.flags.failOn != nil {
		s.rows = append(s.rows, rows...)
	}
	if s.lines {
		return s.write(s.table(s.shown(rows)))
	}
	return nil
}

// recordOf is a program's row. What never came to the verifier has zeros for what
// it counts, as with veristat.
func recordOf(file string, p *diag.Program) stat.Record {
	r := stat.Record{File: file, Program: p.Name, Work: p.Work}
	if p.Verdict == diag.Accepted {
		r.Set(stat.Verdict, 1)
	}
	if len(p.Diagnostics) > 0 {
		r.Code = p.Diagnostics[0].Code
	}
	if t, ok := loader.ParseProgramType(p.Type); ok {
		r.Set(stat.ProgType, int(t))
	}
	r.Set(stat.AttachType, attachNumber(p))
	r.Set(stat.MemPeak, -1) // veristat's word where it has no cgroup to count in, as in a guest
	r.Set(stat.ProgSize, p.ProgSize)
	n := p.Stats
	if n == nil {
		return r
	}
	depth := 0
	for part := range strings.SplitSeq(n.StackDepth, "+") {
		bytes, _ := strconv.Atoi(part)
		depth += bytes
	}
	r.Set(stat.Duration, n.DurationUS)
	r.Set(stat.TotalInsns, n.Insns)
	r.Set(stat.TotalStates, n.TotalStates)
	r.Set(stat.PeakStates, n.PeakStates)
	r.Set(stat.MaxStatesPerInsn, n.MaxStatesPerInsn)
	r.Set(stat.MarkRead, n.MarkRead)
	r.Set(stat.ProgSize, n.ProgSize)
	r.Set(stat.StackDepth, depth)
	r.Set(stat.MaxStackDepth, n.StackMax)
	return r
}

// attachNumber is the attach type that libbpf has for a program, which is what
// veristat prints: with struct_ops the member's index, with USDT none, because its
// link's is set for the load alone (libbpf_prepare_prog_load).
func attachNumber(p *diag.Program) int {
	t, ok := loader.ParseAttachType(p.AttachType)
	if !ok || strings.HasPrefix(p.Section, "usdt") {
		return p.Member
	}
	return int(t)
}

// printLog prints a program's log as veristat does, and what is wrong with it.
func (s *statistics) printLog(path string, p *diag.Program, r *stat.Record) {
	log := p.Log
	if n := s.flags.logSize; n > 0 && len(log) > n {
		if s.flags.logFixed {
			log = log[:n]
		} else {
			log = log[len(log)-n:]
		}
	}
	fmt.Fprintf(s.out, "PROCESSING %s/%s, DURATION US: %d, VERDICT: %s, VERIFIER LOG:\n%s\n",
		path, p.Name, r.Numbers[stat.Duration], r.Cell(stat.Verdict), log)
	for _, d := range p.Diagnostics {
		fmt.Fprintln(s.out, s.text.Render(d))
	}
}

// printTopLines prints the source lines that are most often in a program's log.
func (s *statistics) printTopLines(p *diag.Program) {
	lines := stat.SourceLines(p.Log)
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(s.out, "Top source lines (%s):\n", p.Name)
	for _, l := range lines[:min(len(lines), s.flags.topLines)] {
		if l.Place != "" {
			fmt.Fprintf(s.out, "%5d: (%s)\t%s\n", l.Count, l.Place, l.Text)
		} else {
			fmt.Fprintf(s.out, "%5d: %s\n", l.Count, l.Text)
		}
	}
	fmt.Fprintln(s.out)
}

// isObject says whether a file looks like an object of BPF programs; one that
// cannot be read does, so that the error is told.
func isObject(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return true
	}
	defer file.Close()
	var head [20]byte
	if _, err := io.ReadFull(file, head[:]); err != nil {
		return false
	}
	const relocatable, bpf = 1, 247
	kind, machine := head[16], int(head[18])|int(head[19])<<8
	return strings.HasPrefix(string(head[:]), "\x7fELF\x02") && kind == relocatable && (machine == 0 || machine == bpf)
}
