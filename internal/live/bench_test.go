package live

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/lsp"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/sourcegraph/jsonrpc2"
)

// timed tells how long the compiler takes.
type timed struct {
	*Backend
	compiled chan time.Duration
}

func (b *timed) Build(ctx context.Context, s lsp.Settings, u lsp.Unit, texts map[string]string) (lsp.Built, error) {
	start := time.Now()
	built, err := b.Backend.Build(ctx, s, u, texts)
	b.compiled <- time.Since(start)
	return built, err
}

// BenchmarkSave times what is between the saving of a file and its diagnostics, the
// compiler apart, as median; and the first time.
func BenchmarkSave(b *testing.B) {
	var not kernel.NotBuiltError
	if _, err := kernel.Find(kernel.Default); errors.As(err, &not) {
		b.Skip(not.Error())
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "broken", "kprobe_no_null_check.bpf.c"))
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "a.bpf.c")
	if err := os.WriteFile(path, text, 0o666); err != nil {
		b.Fatal(err)
	}
	backend := &timed{New(b.Context(), func(string) (p diag.Page, ok bool) { return }), make(chan time.Duration, 1)}
	defer backend.Close()
	theirs, ours := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- lsp.Serve(b.Context(), theirs, backend, "", 1) }()
	published := make(chan time.Time, 1)
	conn := jsonrpc2.NewConn(b.Context(), jsonrpc2.NewBufferedStream(ours, jsonrpc2.VSCodeObjectCodec{}),
		jsonrpc2.HandlerWithError(func(_ context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) (any, error) {
			if r.Method == "textDocument/publishDiagnostics" {
				published <- time.Now()
			}
			return nil, nil
		}))
	send := func(method string, params string) {
		if err := conn.Notify(b.Context(), method, json.RawMessage(params)); err != nil {
			b.Fatal(err)
		}
	}
	wait := func(start time.Time) time.Duration {
		compile := <-backend.compiled
		return (<-published).Sub(start) - compile
	}
	if err := conn.Call(b.Context(), "initialize", json.RawMessage(`{"capabilities":{}}`), nil); err != nil {
		b.Fatal(err)
	}
	send("initialized", "{}")
	uri, _ := json.Marshal("file://" + path)
	content, _ := json.Marshal(string(text))
	start := time.Now()
	send("textDocument/didOpen", `{"textDocument":{"languageId":"c","version":1,"uri":`+string(uri)+`,"text":`+string(content)+`}}`)
	first := wait(start)
	var all []time.Duration
	for b.Loop() {
		start := time.Now()
		send("textDocument/didSave", `{"textDocument":{"uri":`+string(uri)+`}}`)
		all = append(all, wait(start))
	}
	slices.Sort(all)
	b.ReportMetric(float64(first.Microseconds())/1000, "ms/first")
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "ms/save")
	conn.Close()
	<-served
}
