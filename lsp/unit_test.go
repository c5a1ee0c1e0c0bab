package lsp

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestBackEndErrors: what a compiler's back end refuses is shown beside what was known
// of the last text that compiled, and goes when the text compiles, or is refused for another
// reason.
func TestBackEndErrors(t *testing.T) {
	c := begin(t, &fake{}, everything)
	uri := c.open("a.c", "BUG1\nx\n")
	c.expect(uri, "BUG1")
	c.edit(uri, at(1, 0, 1), "BACKEND")
	p := c.expect(uri, "BUG1", "BACKEND")
	if d := p.Diagnostics[1]; d.Code != "BPF0620" || d.Range != *at(1, 0, 7) {
		t.Errorf("%+v", d)
	}
	c.edit(uri, at(0, 0, 0), "\n")
	c.expect(uri, "BUG1", "BACKEND")
	c.edit(uri, at(1, 0, 0), "NOCOMPILE ")
	c.expect(uri, "BUG1")
	c.edit(uri, nil, "y\nBACKEND\n")
	c.expect(uri, "BACKEND")
	c.edit(uri, nil, "BUG2\n")
	c.expect(uri, "BUG2")
}

// TestNotReady: whoever asks for the verdicts on a file does not wait until kernels that
// may be for others are up.
func TestNotReady(t *testing.T) {
	c := begin(t, &fake{boot: func(ctx context.Context) { <-ctx.Done() }}, everything)
	uri := c.open("a.c", "ACCEPTED\n")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var verdicts []string
	err := c.conn.Call(ctx, "workspace/executeCommand", map[string]any{"command": commandVerify, "arguments": []any{uri}}, &verdicts)
	if err != nil || len(verdicts) != 1 {
		t.Errorf("%q, %v", verdicts, err)
	}
}

// TestReady: a kernel is asked for where there is something to verify, and not in
// other projects.
func TestReady(t *testing.T) {
	b := &fake{}
	c := begin(t, b, everything)
	uri := c.open("a.txt", "BUG1\n")
	c.request("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": uri}}, nil)
	asked := func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.asked
	}
	if n := asked(); n != 0 {
		t.Errorf("asked %d times for a kernel in a folder without programs", n)
	}
	c.expect(c.open("a.c", "BUG1\n"), "BUG1")
	for end := time.Now().Add(20 * time.Second); asked() == 0; time.Sleep(time.Millisecond) { // beside the verdict
		if time.Now().After(end) {
			t.Fatal("a kernel is not made ready")
		}
	}
}

// TestFolderSettings: each folder has its own settings, and those of the session
// where it says nothing.
func TestFolderSettings(t *testing.T) {
	c := begin(t, &fake{}, `{"workspace": {"configuration": true}, "textDocument": {"publishDiagnostics": {}}}`)
	folders := map[string]DocumentURI{}
	for _, name := range []string{"one", "two"} {
		path := filepath.Join(c.folder, name)
		if err := os.Mkdir(path, 0o777); err != nil {
			t.Fatal(err)
		}
		folders[name] = uriOf(path)
	}
	c.mu.Lock()
	c.scoped = map[DocumentURI]any{
		"":             map[string]any{"kernels": []string{"1"}},
		folders["two"]: map[string]any{"kernels": []string{"2"}, "codeLens": false},
	}
	c.mu.Unlock()
	c.notify("workspace/didChangeWorkspaceFolders", map[string]any{"event": map[string]any{
		"added": []WorkspaceFolder{{URI: folders["one"]}, {URI: folders["two"]}}}})
	c.notify("workspace/didChangeConfiguration", map[string]any{"settings": nil})
	for name, want := range map[string]struct {
		kernel string
		lenses bool
	}{"one": {"1.1", true}, "two": {"2.1", false}} {
		uri := c.open(filepath.Join(name, "a.c"), "BUG1 ACCEPTED\n")
		var data DiagnosticData
		c.wait("the verdict of Linux "+want.kernel, func() bool {
			p, _ := c.last(uri)
			if len(p.Diagnostics) > 0 {
				data = *p.Diagnostics[0].Data
			}
			return data.Kernel == want.kernel
		})
		var lenses []json.RawMessage
		c.request("textDocument/codeLens", map[string]any{"textDocument": map[string]any{"uri": uri}}, &lenses)
		if len(lenses) > 0 != want.lenses {
			t.Errorf("%s has %d lenses", name, len(lenses))
		}
	}
}
