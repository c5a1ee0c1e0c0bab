package verifierlog

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzPath asks everything of any input: no panic, and every answer within the
// path.
func FuzzPath(f *testing.F) {
	files, _ := filepath.Glob("testdata/path/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, l := range a.Files {
			if filepath.Ext(l.Name) == ".log" && len(l.Data) < 8<<10 {
				f.Add(l.Data)
			}
		}
	}
	nodes, _ := filepath.Glob("testdata/nodes/*.txtar")
	for _, file := range nodes {
		if text, err := os.ReadFile(file); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		p, err := ReadPath(bytes.NewReader(log))
		if err != nil {
			t.Fatal(err)
		}
		exercise(t, p)
		if _, err := ReadProfile(bytes.NewReader(log)); err != nil {
			t.Fatal(err)
		}
	})
}

// exercise asks a path about its last steps, and about some that it does not
// have.
func exercise(t *testing.T, p *Path) {
	within := func(i int) {
		if i < noStep || i >= p.Len() {
			t.Fatalf("step %d of %d", i, p.Len())
		}
	}
	steps := 0
	for _, r := range p.Folded() {
		if r.From > r.First || r.First > r.Last || r.From != steps || r.Times < 1 {
			t.Fatalf("run %+v behind step %d", r, steps)
		}
		steps = r.Last + 1
	}
	if steps != p.Len() {
		t.Fatalf("%d steps of %d in runs", steps, p.Len())
	}
	for _, r := range p.Resources() {
		within(r.Acquired)
		within(r.Released)
	}
	for _, i := range []int{p.Len() - 1, p.Len() - 2, p.Begin, p.Len() / 2, -1, p.Len()} {
		s := p.Step(i)
		p.Open(i)
		p.Changing(i)
		p.Taken(i)
		p.Callsite(i, s.Frame)
		for _, l := range append(p.Places(i), Reg(s.Frame, s.Dst), Reg(s.Frame, s.Src), Slot(0, -8), Loc{Frame: 99, Reg: 99}) {
			p.Before(i, l)
			p.After(i, l)
			p.Same(i, l)
			for _, k := range p.Chain(i, l) {
				within(k.Step)
			}
			for _, c := range p.Checks(i, l) {
				within(c.Step)
			}
			if loss, ok := p.Lost(i, l); ok {
				within(loss.Step)
			}
		}
	}
}
