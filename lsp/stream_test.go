package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func frame(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

func TestReadFrame(t *testing.T) {
	for name, c := range map[string]struct{ in, body, err string }{
		"one":             {frame("{}"), "{}", ""},
		"two headers":     {"Content-Type: application/vscode-jsonrpc\r\ncontent-length:2\r\n\r\n{}", "{}", ""},
		"only newlines":   {"Content-Length: 2\n\n{}", "{}", ""},
		"nothing":         {"", "", "EOF"},
		"half a header":   {"Content-Le", "", "unexpected EOF"},
		"half a body":     {"Content-Length: 9\r\n\r\n{}", "", "unexpected EOF"},
		"no length":       {"Content-Type: x\r\n\r\n{}", "", "no Content-Length"},
		"no header":       {"\r\n{}", "", "empty line"},
		"no colon":        {"hello\r\n\r\n", "", "no header"},
		"negative":        {"Content-Length: -1\r\n\r\n", "", "length"},
		"absurd":          {"Content-Length: 99999999999999999999\r\n\r\n", "", "length"},
		"very large":      {"Content-Length: 9999999999\r\n\r\n", "", "length"},
		"endless line":    {strings.Repeat("x", 1<<20), "", "too long"},
		"endless headers": {strings.Repeat("A: b\r\n", 1000), "", "too long"},
	} {
		body, err := readFrame(bufio.NewReader(strings.NewReader(c.in)))
		if c.err == "" && (err != nil || string(body) != c.body) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %q, %v", name, body, err)
		}
	}
}

// TestReadFrameSkips: a message that is too large is skipped, and the next one is
// read.
func TestReadFrameSkips(t *testing.T) {
	in := io.MultiReader(strings.NewReader(fmt.Sprintf("Content-Length: %d\r\n\r\n", maxFrame+1)),
		io.LimitReader(zeros{}, maxFrame+1), strings.NewReader(frame("{}")))
	r := bufio.NewReader(in)
	var large tooLargeError
	if _, err := readFrame(r); !errors.As(err, &large) {
		t.Fatal(err)
	}
	if body, err := readFrame(r); err != nil || string(body) != "{}" {
		t.Errorf("%q, %v", body, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// pipe is a connection whose writes are kept.
type pipe struct {
	io.Reader
	bytes.Buffer
	block chan struct{} // writes wait for it, if it is not nil
}

func (p *pipe) Read(b []byte) (int, error) { return p.Reader.Read(b) }
func (p *pipe) Close() error               { return nil }
func (p *pipe) Write(b []byte) (int, error) {
	if p.block != nil {
		<-p.block
	}
	return p.Buffer.Write(b)
}

// TestReadObjectAnswersNonsense: what is no message is answered with an error,
// and the next one is read.
func TestReadObjectAnswersNonsense(t *testing.T) {
	conn := &pipe{Reader: strings.NewReader(frame("{") + frame(`[1]`) + frame(`{"a": 1}`))}
	s := newStream(conn)
	var got struct{ A int }
	if err := s.ReadObject(&got); err != nil || got.A != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	s.Close()
	for _, want := range []string{"-32700", "-32600", `"id":null`} {
		if !strings.Contains(conn.Buffer.String(), want) {
			t.Errorf("%s lacks %s", conn.Buffer.String(), want)
		}
	}
}

// TestClientThatNeverReads: what it leaves unread is bounded, and writing never waits.
func TestClientThatNeverReads(t *testing.T) {
	conn := &pipe{Reader: zeros{}, block: make(chan struct{})}
	defer close(conn.block)
	s := newStream(conn)
	message := strings.Repeat("x", 1<<20)
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = s.WriteObject(message)
	}
	if err == nil || n > maxQueue>>20+2 {
		t.Errorf("%d MiB wait for the client", n)
	}
}

// FuzzFrames: whatever a client sends, reading ends, and without more memory
// than was sent.
func FuzzFrames(f *testing.F) {
	f.Add([]byte(frame(`{"jsonrpc":"2.0","id":1,"method":"shutdown"}`)))
	f.Add([]byte("Content-Length: 5\r\n\r\n{}"))
	f.Add([]byte(frame("{") + frame("{}")))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(bytes.NewReader(in))
		for {
			body, err := readFrame(r)
			if err != nil {
				var large tooLargeError
				if errors.As(err, &large) {
					continue
				}
				return
			}
			if cap(body) > 4*len(in)+1024 {
				t.Fatalf("%d bytes for %d", cap(body), len(in))
			}
		}
	})
}

// FuzzMessages: no message makes the server panic, and it still answers afterwards.
func FuzzMessages(f *testing.F) {
	for _, m := range []string{
		`{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///a.c","version":2},"contentChanges":[{"range":{"start":{"line":0,"character":4294967295},"end":{"line":4294967295,"character":0}},"text":"x"}]}}`,
		`{"jsonrpc":"2.0","id":7,"method":"textDocument/codeAction","params":{"textDocument":{"uri":"file:///a.c"},"range":{},"context":{}}}`,
		`{"jsonrpc":"2.0","id":"x","method":"workspace/executeCommand","params":{"command":"bpfdiag.showLog","arguments":[{"object":"a"}]}}`,
		`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":null}}`,
		`{"jsonrpc":"2.0","id":null,"method":"shutdown"}`,
		`{"jsonrpc":"2.0","id":1,"result":null}`,
		`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///%00","version":-1,"text":"BUG1"}}}`,
		`{"jsonrpc":"2.0","id":3,"method":"workspace/textDocumentContent","params":{"uri":"bpfdiag:/log/x?object=%zz"}}`,
		`[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]`,
		`null`,
	} {
		f.Add([]byte(m))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		c := beginRaw(t)
		c.send(`{"jsonrpc":"2.0","id":"first","method":"initialize","params":{"capabilities":{}}}`)
		c.send(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///a.c","languageId":"c","version":1,"text":"FROM1\nBUG1 😀\n"}}}`)
		c.send(string(message))
		c.send(`{"jsonrpc":"2.0","id":"last","method":"no/such"}`)
		c.answer("last")
		if log := c.log.String(); strings.Contains(log, "internal error") {
			t.Fatal(log)
		}
	})
}

// message is what a raw client reads.
type message struct {
	ID     json.RawMessage
	Method string
	Error  *struct {
		Code    int
		Message string
	}
	Result json.RawMessage
}
