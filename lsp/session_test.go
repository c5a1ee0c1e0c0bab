package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/sourcegraph/jsonrpc2"
)

// fake is a backend without a compiler and a kernel. Its findings are the words
// BUG1, BUG2, ... of a text, each with what led to it (the word FROM1 before it)
// and an edit that puts a line in front of it. A text with NOCOMPILE does not
// compile, with BACKEND the compiler's back end refuses it, and one with ACCEPTED has a program of that name.
type fake struct {
	mu     sync.Mutex
	pause  func(ctx context.Context) // before each verdict
	ready  error
	boot   func(ctx context.Context) // before it is ready
	builds int
	asked  int  // whether it is ready
	gone   bool // objects that something else builds are not there
	prove  func(context.Context, diag.Object) (diag.Object, error)
}

func (b *fake) Ready(ctx context.Context, _ Settings, _ []Unit) error {
	if b.boot != nil {
		b.boot(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	return b.ready
}

func (b *fake) Units(_ context.Context, _ Settings, path, _ string) ([]Unit, error) {
	if !strings.HasSuffix(path, ".c") {
		return nil, nil
	}
	return []Unit{{Name: path + ".o", Source: path}}, nil
}

func (b *fake) Objects(_ context.Context, _ Settings, folder string) ([]Unit, error) {
	if _, err := os.Stat(filepath.Join(folder, "built.o")); err != nil {
		return nil, nil
	}
	return []Unit{{Name: "built.o", Object: filepath.Join(folder, "built.o")}}, nil
}

func (b *fake) Watch(ctx context.Context, _ string, _ func(string)) { <-ctx.Done() }

type fakeObject struct{ path, text string }

func (b *fake) Build(ctx context.Context, _ Settings, u Unit, texts map[string]string) (Built, error) {
	b.mu.Lock()
	b.builds++
	gone := b.gone
	b.mu.Unlock()
	path := u.Source
	if u.Object != "" {
		if gone {
			return Built{}, &os.PathError{Op: "open", Path: u.Object, Err: os.ErrNotExist}
		}
		path = strings.TrimSuffix(u.Object, ".o") + ".c"
	}
	text, open := texts[path]
	if !open {
		disk, err := os.ReadFile(path)
		if err != nil {
			return Built{}, err
		}
		text = string(disk)
	}
	if strings.Contains(text, "NOCOMPILE") {
		return Built{}, &CompileError{Output: "error: NOCOMPILE"}
	}
	for n, line := range strings.Split(text, "\n") {
		if i := strings.Index(line, "BACKEND"); i >= 0 {
			return Built{}, &CompileError{Output: "error: BACKEND", Diagnostics: []diag.Diagnostic{{Code: "BPF0620", Severity: diag.SeverityError,
				Message: "BACKEND", Labels: []diag.Label{{File: path, Line: n + 1, Column: i + 1, EndLine: n + 1, EndColumn: i + 1 + len("BACKEND"), Primary: true}}}}}
		}
	}
	return Built{Unit: u, Files: []string{path}, Of: fakeObject{path, text}}, nil
}

var bug = regexp.MustCompile(`\b(BUG|FROM)[0-9]+\b`)

func (b *fake) Verify(ctx context.Context, s Settings, built Built, kernel string) (Verdict, error) {
	if b.pause != nil {
		b.pause(ctx)
	}
	if err := ctx.Err(); err != nil {
		return Verdict{}, err
	}
	o := built.Of.(fakeObject)
	v := Verdict{Kernel: diag.Kernel{Series: kernel, Release: kernel + ".1"}, Object: diag.Object{Path: built.Unit.Name}, Programs: map[string]Declaration{}}
	p := diag.Program{Name: "prog", Verdict: diag.Rejected}
	from := map[string]diag.Label{}
	for n, line := range strings.Split(o.text, "\n") {
		if strings.Contains(line, "ACCEPTED") {
			v.Programs["ACCEPTED"] = Declaration{o.path, n + 1}
			v.Object.Programs = append(v.Object.Programs, diag.Program{Name: "ACCEPTED", Verdict: diag.Accepted,
				Stats: &diag.Stats{Insns: 1204, TotalStates: 38, StackDepth: "112"}})
		}
		for _, at := range bug.FindAllStringIndex(line, -1) {
			word := line[at[0]:at[1]]
			l := diag.Label{File: o.path, Line: n + 1, Column: at[0] + 1, EndLine: n + 1, EndColumn: at[1] + 1, Source: line, Text: "here: " + word}
			if number, ok := strings.CutPrefix(word, "FROM"); ok {
				from[number] = l
				continue
			}
			d := diag.Diagnostic{Code: "BPF0101", Severity: diag.SeverityError, Message: word}
			if f, ok := from[strings.TrimPrefix(word, "BUG")]; ok {
				d.Labels = append(d.Labels, f)
			}
			l.Primary = true
			d.Labels = append(d.Labels, l)
			d.Helps = []diag.Help{{Text: "check it", Applicability: diag.Safe, Edits: []diag.Edit{{File: o.path,
				Start: diag.Position{Line: n + 1, Column: 1}, End: diag.Position{Line: n + 1, Column: 1}, Replacement: "/* checked " + word[3:] + " */\n"}}}}
			p.Diagnostics = append(p.Diagnostics, d)
		}
	}
	if len(p.Diagnostics) > 0 {
		v.Object.Programs = append(v.Object.Programs, p)
	}
	return v, nil
}

// Prove tries what prove says, and nothing without one.
func (b *fake) Prove(ctx context.Context, _ Settings, _ Built, v Verdict) (diag.Object, error) {
	if b.prove == nil {
		return v.Object, nil
	}
	return b.prove(ctx, v.Object)
}

// Facts knows of each word KNOWN that it is 0 to 9, and of nothing else.
func (b *fake) Facts(_ context.Context, _ Settings, built Built, _ string, _ []string) ([]FactLine, error) {
	o := built.Of.(fakeObject)
	var all []FactLine
	for n, line := range strings.Split(o.text, "\n") {
		if strings.Contains(line, "KNOWN") {
			all = append(all, FactLine{File: o.path, Line: n + 1, Program: "ACCEPTED", Facts: []Fact{{Name: "KNOWN", Type: "int", Text: "0 to 9", Range: "0 to 9"}}})
		}
	}
	return all, nil
}

func (b *fake) Log(context.Context, Settings, Built, string, string) (string, error) {
	return "0: (b7) r0 = 0\n", nil
}

func (b *fake) Page(code string) (diag.Page, bool) {
	return diag.Page{Markdown: "# " + code}, code == "BPF0101"
}

// client is the other end of a session, as an editor is.
type client struct {
	t       *testing.T
	conn    *jsonrpc2.Conn
	folder  string
	backend *fake

	mu        sync.Mutex
	more      *sync.Cond
	published []PublishDiagnosticsParams
	messages  []string
	refreshed int
	scoped    map[DocumentURI]any // settings of folders
	created   func()              // called where a progress is created, before the answer
	progress  []string            // begin, end
	done      chan error
	version   int32
}

// everything is what a client can that can everything but pull.
const everything = `{"textDocument": {"publishDiagnostics": {"relatedInformation": true, "codeDescriptionSupport": true}},
	"workspace": {"workspaceEdit": {"documentChanges": true}, "textDocumentContent": {}}}`

// begin starts a session in a new folder.
func begin(t *testing.T, b *fake, capabilities string) *client {
	t.Helper()
	theirs, ours := net.Pipe()
	c := &client{t: t, folder: canonical(t.TempDir()), backend: b, done: make(chan error, 1)}
	c.more = sync.NewCond(&c.mu)
	go func() { c.done <- Serve(context.Background(), theirs, b, "test", 2) }()
	c.conn = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(ours, jsonrpc2.VSCodeObjectCodec{}),
		jsonrpc2.HandlerWithError(c.handle), jsonrpc2.SetLogger(silent{}))
	t.Cleanup(func() {
		c.conn.Close()
		<-c.done
	})
	c.request("initialize", map[string]any{"capabilities": json.RawMessage(capabilities),
		"workspaceFolders": []WorkspaceFolder{{URI: uriOf(c.folder)}}, "initializationOptions": map[string]any{"delay": 1}}, nil)
	c.notify("initialized", struct{}{})
	return c
}

// handle is what the client does with the server's messages. The order of what is
// published matters, so it is kept by version.
func (c *client) handle(_ context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.more.Broadcast()
	switch r.Method {
	case "textDocument/publishDiagnostics":
		var p PublishDiagnosticsParams
		json.Unmarshal(*r.Params, &p)
		c.published = append(c.published, p)
	case "window/showMessage":
		var p ShowMessageParams
		json.Unmarshal(*r.Params, &p)
		c.messages = append(c.messages, p.Message)
	case "workspace/configuration":
		var p ConfigurationParams
		json.Unmarshal(*r.Params, &p)
		answers := []any{}
		for _, item := range p.Items {
			answers = append(answers, c.scoped[item.ScopeURI])
		}
		return answers, nil
	case "workspace/diagnostic/refresh":
		c.refreshed++
	case "window/workDoneProgress/create":
		if c.created != nil {
			c.created()
		}
	case "$/progress":
		var p ProgressParams
		json.Unmarshal(*r.Params, &p)
		c.progress = append(c.progress, p.Value.Kind)
	}
	return nil, nil
}

func (c *client) request(method string, params, result any) {
	c.t.Helper()
	if err := c.conn.Call(context.Background(), method, params, result); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	if err := c.conn.Notify(context.Background(), method, params); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

// wait waits until something holds of what the client was told.
func (c *client) wait(what string, holds func() bool) {
	c.t.Helper()
	late := time.AfterFunc(20*time.Second, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.more.Broadcast()
	})
	defer late.Stop()
	start := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !holds() {
		if time.Since(start) >= 20*time.Second {
			c.t.Fatalf("%s does not come; published: %+v", what, c.published)
		}
		c.more.Wait()
	}
}

// last is what was published last of a file.
func (c *client) last(uri DocumentURI) (p PublishDiagnosticsParams, ok bool) {
	for i := len(c.published) - 1; i >= 0; i-- {
		if c.published[i].URI == uri {
			return c.published[i], true
		}
	}
	return p, false
}

// open writes a file, and opens it.
func (c *client) open(name, text string) DocumentURI {
	c.t.Helper()
	path := filepath.Join(c.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		c.t.Fatal(err)
	}
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": uriOf(path), "languageId": "c", "version": 1, "text": text}})
	c.version = 1
	return uriOf(path)
}

// edit changes a file; without a range, the whole of it.
func (c *client) edit(uri DocumentURI, r *Range, text string) {
	c.t.Helper()
	c.version++
	c.notify("textDocument/didChange", DidChangeParams{VersionedTextDocumentIdentifier{uri, c.version}, []ContentChange{{r, text}}})
}

// expect waits until the errors of a file are those with these messages.
func (c *client) expect(uri DocumentURI, messages ...string) PublishDiagnosticsParams {
	c.t.Helper()
	var last PublishDiagnosticsParams
	c.wait(fmt.Sprintf("%q of %s", messages, filepath.Base(uri)), func() bool {
		p, ok := c.last(uri)
		last = p
		var all []string
		for _, d := range p.Diagnostics {
			if d.Severity == severityError {
				all = append(all, firstLine(d.Message))
			}
		}
		return (ok || len(messages) == 0) && strings.Join(all, " ") == strings.Join(messages, " ")
	})
	return last
}

func at(line, from, to uint32) *Range { return &Range{Position{line, from}, Position{line, to}} }
