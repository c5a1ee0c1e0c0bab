package verifierlog

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

// TestPathCorpus reads the path of logs that are too many or not ours to check
// in (BPFDIAG_LOGS, as TestCorpus) and holds it against what the logs say
// themselves: steps must follow from one another, and a value that is printed
// again must be what was put together until then.
func TestPathCorpus(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("BPFDIAG_LOGS"))
	if len(dirs) == 0 {
		dirs = []string{"../../shared/corpus/logs"}
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if _, err := os.Stat(dir); err != nil {
				t.Skip("no logs: ", err)
			}
			sum := pathTally{differ: map[string]int{}, example: map[string]string{}}
			err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
				if err == nil && strings.HasSuffix(p, ".log") {
					sum.log(t, p)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			sum.report(t)
		})
	}
}

type pathTally struct {
	logs, steps, gaps, unsourced int
	compared, wrong              int
	differ                       map[string]int
	example                      map[string]string
	slowest                      time.Duration
	slow                         string
}

func (s *pathTally) log(t *testing.T, path string) {
	f, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: %v", path, r)
			panic(r)
		}
	}()
	begin := time.Now()
	p, err := ReadPath(f)
	if err != nil {
		t.Error(err)
		return
	}
	s.logs++
	s.steps += p.Len()
	for i := range p.recs {
		if p.recs[i].flags&recGap != 0 {
			s.gaps++
			s.note("gap", fmt.Sprintf("%s:%d", path, p.recs[i].line))
		}
		if p.sources.id(p.recs[i].insn) == 0 {
			s.unsourced++
		}
	}
	if p.Len() > 0 {
		var m machine
		p.beginning(&m)
		m.watch = func(step int, l Loc, have *cell, printed *Value) { s.compare(path, p, &m, step, l, have, printed) }
		p.run(&m, p.Len(), nil)
	}
	if d := time.Since(begin); d > s.slowest {
		s.slowest, s.slow = d, path
	}
	p.prepare()
}

// compare holds a printed value against what is known. What the step itself
// changed is not compared.
func (s *pathTally) compare(path string, p *Path, m *machine, step int, l Loc, have *cell, printed *Value) {
	if !have.known || step < p.Begin {
		return
	}
	rec := &p.recs[step]
	in := decode(int(rec.insn), rec.opcode, []byte(p.disasm(step)))
	s.compared++
	if in.Op == OpJump && s.narrows(p, m, step, &in, l, have) {
		return
	}
	if sameKnowledge(&have.v, printed) || int(have.def) == step {
		return
	}
	if l.Reg < 0 && int(have.def) != step && writesStack(rec.opcode) {
		return
	}
	if printed = unpoisoned(printed, &have.v); sameKnowledge(&have.v, printed) {
		return
	}
	if have.v.Base == StackBytes && printed.Base == Scalar {
		return // written, and now said what
	}
	if in.Op == OpCall && have.v.Base == Scalar && printed.Base == Scalar && !printed.Const {
		return // widened where a loop begins anew (widen_imprecise_scalars)
	}
	s.wrong++
	s.note(fmt.Sprintf("%s %v: %v -> %v", in.Op, l.Reg >= 0, have.v.Base, printed.Base),
		fmt.Sprintf("%s:%d %s %s: have %s def %d", path, rec.line, p.disasm(step), l, fields(have.v), have.def))
}

// unpoisoned is v with the bytes that the kernel forgot because nothing reads
// them ('p', Linux 7.0 and later) as they were.
func unpoisoned(v, was *Value) *Value {
	b := []byte(v.Bytes)
	for i := range b {
		if b[i] == 'p' && i < len(was.Bytes) {
			b[i] = was.Bytes[i]
		}
	}
	u := *v
	u.Bytes = string(b)
	return &u
}

func (p *Path) disasm(i int) string {
	sc := NewScanner(nil)
	rec := &p.recs[i]
	sc.Reset(p.section(rec.offset, rec.offset+1024))
	sc.Scan()
	return string(sc.Node().Text)
}

func (s *pathTally) note(kind, example string) {
	s.differ[kind]++
	if s.example[kind] == "" {
		s.example[kind] = example
	}
}

func (s *pathTally) report(t *testing.T) {
	t.Logf("%d logs, %d steps, %d gaps, %d without source; %d values printed again, %d differ (%.3f %%); slowest %v %s",
		s.logs, s.steps, s.gaps, s.unsourced, s.compared, s.wrong, 100*float64(s.wrong)/float64(max(s.compared, 1)), s.slowest, s.slow)
	if s.wrong*200 > s.compared {
		t.Error("more than 0.5 % of the values differ")
	}
	if s.gaps*1000 > s.steps {
		t.Error("more than 0.1 % of the steps do not follow from the one before")
	}
	var kinds []string
	for k := range s.differ {
		kinds = append(kinds, k)
	}
	sort.Slice(kinds, func(i, j int) bool { return s.differ[kinds[i]] > s.differ[kinds[j]] })
	for _, k := range kinds[:min(len(kinds), 40)] {
		t.Logf("%6d %s\n\t%s", s.differ[k], k, s.example[k])
	}
}

// narrows says whether the jump may tell something about l: it compares it, or
// a copy.
func (s *pathTally) narrows(p *Path, m *machine, step int, in *Insn, l Loc, have *cell) bool {
	if l.Reg >= 0 && (l.Reg == in.Dst || l.Reg == in.Src) && l.Frame == int(p.recs[step].frame) {
		return true
	}
	for _, v := range m.before {
		if v.Base == Packet && have.v.Base == Packet || v.Base == PacketMeta && have.v.Base == PacketMeta || v.ID != 0 && v.ID == have.v.ID {
			return true
		}
	}
	return false
}
