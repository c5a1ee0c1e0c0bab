package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
)

// bigLog is the log of a million instructions: BPFDIAG_BIG_LOG names it, or it is
// in ../shared beside the repository.
func bigLog(t testing.TB) string {
	beside, _ := filepath.Glob(root("..", "shared", "corpus", "logs", "big", "*.log"))
	path := cmp.Or(os.Getenv("BPFDIAG_BIG_LOG"), cmp.Or(beside...))
	if path == "" {
		t.Skip("BPFDIAG_BIG_LOG names no log")
	}
	return path
}

// BenchmarkBigLog does what `bpfdiag log` does with it.
func BenchmarkBigLog(b *testing.B) {
	path := bigLog(b)
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

// TestBigLogJSON: what is said of a log of a million instructions fits into what a
// language model reads at once.
func TestBigLogJSON(t *testing.T) {
	path := bigLog(t)
	var out bytes.Buffer
	sources := diag.NewSources()
	o, err := (&logReader{sources: sources}).file(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	check.Finish(&o, sources)
	r := newReporter(&out, outputFlags{format: "json", most: mostJSON}, diag.Kernel{}, sources)
	if err := r.end(diag.Document{Objects: []diag.Object{o}}); err != nil {
		t.Fatal(err)
	}
	var doc diag.Document
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil || out.Len() > 16000 {
		t.Fatalf("%d bytes: %v", out.Len(), err)
	}
	if d := doc.Objects[0].Programs[0].Diagnostics[0]; d.Message == "" || len(d.Labels) == 0 {
		t.Errorf("%+v", d)
	}
	t.Logf("%d bytes, left out: %+v", out.Len(), doc.LeftOut)
}
