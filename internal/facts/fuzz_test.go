package facts_test

import (
	"context"
	"testing"

	"github.com/bpfdiag/bpfdiag/internal/facts"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// FuzzRead: any log can be read with any program of an object, and asked about each line.
func FuzzRead(f *testing.F) {
	t := &testing.T{}
	objects := recordedObjects(t)
	for i, r := range objects {
		for _, fn := range r.object.Programs() {
			f.Add(uint8(i), r.logs[fn.Name])
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, log string) {
		if len(log) > 1<<16 {
			return
		}
		r := &objects[int(which)%len(objects)]
		for _, fn := range r.object.Programs()[:1] {
			p, err := facts.Read(context.Background(), log, facts.Case{Name: fn.Name, Object: r.object, Locate: loader.LayoutOf(r.object, fn).Find})
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range p.Files() {
				for _, n := range p.Lines(file) {
					for _, x := range p.Line(file, n) {
						if x.Text() == "" {
							t.Errorf("%s:%d: %s has no text", file, n, x.Name)
						}
					}
				}
			}
		}
	})
}
