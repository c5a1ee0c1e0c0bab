package main

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
)

// BenchmarkBigLog does what `bpfdiag log` does with a log of a million
// instructions: BPFDIAG_BIG_LOG names it, or it is in ../shared beside the repository.
func BenchmarkBigLog(b *testing.B) {
	beside, _ := filepath.Glob(root("..", "shared", "corpus", "logs", "big", "*.log"))
	path := cmp.Or(os.Getenv("BPFDIAG_BIG_LOG"), cmp.Or(beside...))
	if path == "" {
		b.Skip("BPFDIAG_BIG_LOG names no log")
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		sources := diag.NewSources()
		r := &logReader{sources: sources}
		o, err := r.file(path, nil)
		if err != nil {
			b.Fatal(err)
		}
		check.Finish(&o, sources)
		out := newReporter(io.Discard, outputFlags{format: "text"}, diag.Kernel{}, sources)
		if err := out.object(o); err != nil {
			b.Fatal(err)
		}
		if len(o.Programs) != 1 || len(o.Programs[0].Diagnostics) != 1 {
			b.Fatal("no diagnostic")
		}
	}
}
