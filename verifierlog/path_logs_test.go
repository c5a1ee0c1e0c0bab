package verifierlog

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestPathLogs asks the logs in testdata/path. Each archive is a program of
// testdata/path/src: "queries" is asked of every "KERNEL.log" in it, and
// "KERNEL.answers" is what comes out. -update writes the answers anew,
//
//	go test ./verifierlog -run TestPathLogs -update -record 'bpfdiag'
//
// also the logs: it compiles the programs (CLANG, or clang) and has them checked
// by every kernel that an archive names; -record is the command, with what
// must stand in front of it. An archive that has only "queries" gets them all.
func TestPathLogs(t *testing.T) {
	files, err := filepath.Glob("testdata/path/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files: ", err)
	}
	objects := ""
	if *recordWith != "" {
		objects = compilePrograms(t)
	}
	asked := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if objects != "" {
				recordLogs(t, a, objects, strings.TrimSuffix(filepath.Base(file), ".txtar"))
			}
			asked += askLogs(t, a)
			if *update && !t.Failed() {
				if err := os.WriteFile(file, txtar.Format(a), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if !testing.Short() && asked < 40 {
		t.Errorf("only %d logs", asked)
	}
}

// askLogs asks each log of an archive, and puts the answers into it when they
// are to be updated. It gives the number of logs.
func askLogs(t *testing.T, a *txtar.Archive) int {
	text := map[string]string{}
	for _, f := range a.Files {
		text[f.Name] = string(f.Data)
	}
	files := a.Files[:1:1]
	n := 0
	for _, f := range a.Files {
		kernel, ok := strings.CutSuffix(f.Name, ".log")
		if !ok {
			continue
		}
		n++
		got := answers(t, f.Data, text["queries"])
		files = append(files, f, txtar.File{Name: kernel + ".answers", Data: []byte(got)})
		if want := text[kernel+".answers"]; !*update && got != want {
			t.Errorf("%s: answers differ; got:\n%s\nwant:\n%s", kernel, got, want)
		}
	}
	a.Files = files
	return n
}

func answers(t *testing.T, log []byte, queries string) string {
	p, err := ReadPath(bytes.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for q := range strings.Lines(queries) {
		if q = strings.TrimSpace(q); q == "" || q[0] == '#' {
			continue
		}
		fmt.Fprintf(&out, "> %s\n", q)
		if err := ask(&out, p, q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	if p.Err != nil {
		t.Error(p.Err)
	}
	return out.String()
}

// ask answers one query: a verb, a step, a place. A step is "last", a number,
// or text in quotes: the last step whose instruction, or whose source line
// behind a semicolon, has it.
func ask(out *strings.Builder, p *Path, query string) error {
	verb, rest, _ := strings.Cut(query, " ")
	switch verb {
	case "path":
		describeRuns(out, p, p.Folded(), "")
		fmt.Fprintf(out, "begin %d, %d steps", p.Begin, p.Len())
		if p.Func >= 0 {
			fmt.Fprintf(out, ", function %d %s", p.Func, p.Name)
		}
		fmt.Fprintln(out)
		return nil
	case "profile":
		return describeProfile(out, p)
	case "resources":
		for _, r := range p.Resources() {
			fmt.Fprintf(out, "%+v\n", r)
		}
		return nil
	}
	i, rest, err := stepOf(p, rest)
	if err != nil {
		return err
	}
	if i < 0 {
		fmt.Fprintln(out, "no such step")
		return nil
	}
	l := locOf(p, i, rest)
	switch verb {
	case "before", "after":
		v, ok := p.Before(i, l)
		if verb == "after" {
			v, ok = p.After(i, l)
		}
		fmt.Fprintf(out, "%s\n", show(v, ok))
	case "chain":
		for _, k := range p.Chain(i, l) {
			fmt.Fprintf(out, "%s = %s%s", k.Loc, k.Kind, step(p, k.Step))
			if len(k.From) > 0 {
				fmt.Fprintf(out, " from %v", k.From)
			}
			fmt.Fprintln(out)
		}
	case "checks":
		for _, c := range p.Checks(i, l) {
			describeCheck(out, p, &c)
		}
	case "lost":
		loss, ok := p.Lost(i, l)
		if !ok {
			fmt.Fprintln(out, "not lost")
			break
		}
		fmt.Fprintf(out, "%s was %s%s\n", loss.Loc, show(loss.Was, true), step(p, loss.Step))
	case "changing":
		for _, c := range p.Changing(i) {
			fmt.Fprintf(out, "%s: %s -> %s\n", c.Loc, show(c.Before, true), show(c.After, true))
		}
	case "same":
		fmt.Fprintln(out, p.Same(i, l))
	case "open":
		for _, r := range p.Open(i + 1) {
			fmt.Fprintf(out, "%s %d by %s%s\n", r.Kind, r.ID, r.Func, step(p, r.Acquired))
		}
	case "branches":
		for _, b := range p.Branches(p.Begin, i) {
			taken, _ := p.Taken(b)
			fmt.Fprintf(out, "taken %v%s\n", taken, step(p, b))
		}
	default:
		return fmt.Errorf("no such question")
	}
	return nil
}

func describeCheck(out *strings.Builder, p *Path, c *Check) {
	fmt.Fprintf(out, "%s %s: %s -> %s", c.Relation, c.Loc, show(c.Before, c.Known), show(c.After, c.AfterKnown))
	if c.HasSubject && c.Subject != c.Loc {
		fmt.Fprintf(out, "; in %s, narrowed %v", c.Subject, c.SubjectNarrowed)
	}
	fmt.Fprintf(out, "; taken %v%s", c.Taken, step(p, c.Step))
	if c.Times > 1 {
		fmt.Fprintf(out, ", %d times since %d", c.Times, c.First)
	}
	fmt.Fprintln(out)
}

func describeRuns(out *strings.Builder, p *Path, rs []Run, indent string) {
	for _, r := range rs {
		if r.Times > 1 {
			fmt.Fprintf(out, "%s%d times, %d to %d, the last:\n", indent, r.Times, r.From, r.Last)
			if r.Body != nil {
				describeRuns(out, p, r.Body, indent+"  ")
				continue
			}
		}
		for i := r.First; i <= r.Last; i++ {
			s := p.Step(i)
			more := ""
			if r.Times > 1 {
				more = "  "
			}
			fmt.Fprintf(out, "%s%s%d f%d: %d: %s", indent, more, i, s.Frame, s.Insn.Index, s.Text)
			if s.Gap {
				out.WriteString(" (gap)")
			}
			if s.Source.Text != "" {
				fmt.Fprintf(out, " ; %s", s.Source.Text)
			}
			fmt.Fprintln(out)
		}
	}
}

func describeProfile(out *strings.Builder, p *Path) error {
	prof, err := ReadProfile(wholeLog(p.r))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d visits, %d paths, %d pruned; %d processed\n", prof.Visits, prof.Paths, prof.Pruned, prof.Stats.Insns)
	for _, s := range prof.Sources[:min(3, len(prof.Sources))] {
		fmt.Fprintf(out, "%d visits of %d: %s\n", s.Visits, s.Insns, s.Text)
	}
	for _, j := range prof.Jumps {
		fmt.Fprintf(out, "jump %+v\n", j)
	}
	for _, l := range prof.Loops {
		fmt.Fprintf(out, "loop %+v\n", l)
	}
	return nil
}

func step(p *Path, i int) string {
	if i < 0 {
		return ""
	}
	s := p.Step(i)
	return fmt.Sprintf(" at %d (%d: %s)", i, s.Insn.Index, s.Text)
}

// show prints a value with what matters of it.
func show(v Value, ok bool) string {
	if !ok {
		return "unknown"
	}
	v.Reg, v.Slot, v.Start, v.End, v.Type = 0, 0, 0, 0, ""
	b := v.Bounds
	v.Bounds = Bounds{}
	s := strings.TrimSpace(v.Base.String() + " " + strings.TrimPrefix(fields(v), "Base="+v.Base.String()))
	if v.Base == Scalar && !v.Const || v.Base != Scalar && b.Printed != 0 {
		switch {
		case b.Smin > math.MinInt64 || b.Smax < math.MaxInt64:
			s += fmt.Sprintf(" %d..%d", b.Smin, b.Smax)
		case b.Umin > 0 || b.Umax < math.MaxUint64:
			s += fmt.Sprintf(" %d..%d unsigned", b.Umin, b.Umax)
		}
	}
	return s
}

func stepOf(p *Path, q string) (int, string, error) {
	if q == "" {
		return 0, "", fmt.Errorf("no step")
	}
	if q[0] != '"' {
		word, rest, _ := strings.Cut(q, " ")
		if word == "last" {
			return p.Len() - 1, rest, nil
		}
		i, err := strconv.Atoi(word)
		return i, rest, err
	}
	quoted, err := strconv.QuotedPrefix(q)
	if err != nil {
		return 0, "", err
	}
	text, _ := strconv.Unquote(quoted)
	for i := p.Len() - 1; i >= 0; i-- {
		s := p.Step(i)
		if source, ok := strings.CutPrefix(text, ";"); ok && strings.Contains(s.Source.Text, source) || strings.Contains(s.Text, text) {
			return i, strings.TrimSpace(q[len(quoted):]), nil
		}
	}
	return -1, "", nil
}

// locOf reads "r1", "fp-8", "frame0:r1"; without a frame, that of the step.
func locOf(p *Path, i int, s string) Loc {
	frame := p.Step(i).Frame
	if f, rest, ok := strings.Cut(s, ":"); ok {
		frame, _ = strconv.Atoi(strings.TrimPrefix(f, "frame"))
		s = rest
	}
	if off, ok := strings.CutPrefix(s, "fp"); ok {
		n, _ := strconv.Atoi(off)
		return Slot(frame, n)
	}
	n, _ := strconv.Atoi(strings.TrimPrefix(s, "r"))
	return Reg(frame, n)
}
