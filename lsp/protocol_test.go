package lsp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
)

// rawClient sends what it likes.
type rawClient struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
	log  bytes.Buffer // everything that was read
	done chan error
}

func beginRaw(t testing.TB) *rawClient {
	theirs, ours := net.Pipe()
	c := &rawClient{t: t, conn: ours, in: bufio.NewReader(ours), done: make(chan error, 1)}
	go func() { c.done <- Serve(context.Background(), theirs, &fake{}, "test", 1) }()
	t.Cleanup(func() { c.conn.Close() })
	return c
}

func (c *rawClient) send(body string) { c.conn.Write([]byte(frame(body))) }

// answer reads until the answer to a request.
func (c *rawClient) answer(id string) message {
	c.t.Helper()
	for {
		body, err := readFrame(c.in)
		if err != nil {
			c.t.Fatalf("no answer to %s: %v", id, err)
		}
		c.log.Write(body)
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			c.t.Fatal(err)
		}
		if m.Method == "" && string(m.ID) == `"`+id+`"` {
			return m
		}
	}
}

const (
	initializeMessage = `{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"capabilities":{}}}`
	openMessage       = `{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///x/a.c","languageId":"c","version":1,"text":"BUG1\n"}}}`
)

// TestOrder: what comes too early, too late or twice is an error of its own, and
// the session goes on.
func TestOrder(t *testing.T) {
	c := beginRaw(t)
	expect := func(id, method string, code int) {
		t.Helper()
		c.send(`{"jsonrpc":"2.0","id":"` + id + `","method":"` + method + `","params":{"capabilities":{}}}`)
		m := c.answer(id)
		if code == 0 && m.Error != nil || code != 0 && (m.Error == nil || m.Error.Code != code) {
			t.Errorf("%s: %+v, want code %d", method, m.Error, code)
		}
	}
	expect("1", "textDocument/hover", -32002)
	c.send(openMessage) // too early: dropped
	c.send(initializeMessage)
	c.answer("i")
	expect("2", "initialize", -32600)
	expect("3", "no/such", -32601)
	c.send(`{"jsonrpc":"2.0","method":"$/no/such"}`)
	c.send(`{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"file:///x/a.c"}}}`)
	c.send(openMessage)
	c.send(openMessage)
	c.send(`{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"file:///x/a.c"}}}`)
	c.send(`{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"file:///x/a.c"}}}`)
	c.send(`{"jsonrpc":"2.0","method":"textDocument/didChange","params":[]}`)
	c.send(`{"jsonrpc":"2.0","id":"4","method":"textDocument/hover","params":"x"}`)
	if m := c.answer("4"); m.Error == nil || m.Error.Code != -32602 {
		t.Errorf("parameters of the wrong type: %+v", m.Error)
	}
	expect("5", "shutdown", 0)
	expect("6", "shutdown", -32600)
	expect("7", "textDocument/hover", -32600)
	c.send(`{"jsonrpc":"2.0","method":"exit"}`)
	if err := <-c.done; err != nil {
		t.Errorf("the end: %v", err)
	}
}

// TestEnds: a session ends in order only after shutdown; a client that is gone
// is no error.
func TestEnds(t *testing.T) {
	c := beginRaw(t)
	c.send(initializeMessage)
	c.answer("i")
	c.send(`{"jsonrpc":"2.0","method":"exit"}`)
	if err := <-c.done; !errors.Is(err, errUnclean) {
		t.Errorf("exit without shutdown: %v", err)
	}
	c = beginRaw(t)
	c.send(initializeMessage)
	c.answer("i")
	c.conn.Close()
	if err := <-c.done; err != nil {
		t.Errorf("the client is gone: %v", err)
	}
	c = beginRaw(t)
	c.conn.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	if err := <-c.done; err != nil {
		t.Errorf("nonsense: %v", err)
	}
}

// TestLateEdits: an edit whose version is not the next one is left out, because
// it was made in another text.
func TestLateEdits(t *testing.T) {
	c := begin(t, &fake{}, everything)
	uri := c.open("a.c", "BUG1\n")
	c.expect(uri, "BUG1")
	c.edit(uri, at(0, 0, 0), "x ")
	c.version--
	c.edit(uri, at(0, 0, 0), "x ") // the same again
	c.version -= 2
	c.edit(uri, at(0, 0, 6), "") // an old one
	c.version++
	p := c.expect(uri, "BUG1")
	c.edit(uri, at(0, 0, 0), "BUG2 ")
	p = c.expect(uri, "BUG2", "BUG1")
	if p.Diagnostics[1].Range.Start.Character != 7 {
		t.Errorf("%+v", p.Diagnostics)
	}
}

// TestTooManyRequests: what a client may have going on is bounded.
func TestTooManyRequests(t *testing.T) {
	hold := make(chan struct{})
	b := &fake{pause: func(ctx context.Context) {
		select {
		case <-hold:
		case <-ctx.Done():
		}
	}}
	c := begin(t, b, everything)
	uri := c.open("a.c", "BUG1\n")
	refused := make(chan error, 2*maxRequests)
	for range 2 * maxRequests {
		go func() {
			refused <- c.conn.Call(context.Background(), "workspace/executeCommand",
				map[string]any{"command": commandVerify, "arguments": []any{uri}}, nil)
		}()
	}
	n := 0
	for range maxRequests { // the first half of the answers are refusals
		if err := <-refused; err != nil && strings.Contains(err.Error(), "too many") {
			n++
		}
	}
	close(hold)
	for range maxRequests {
		if err := <-refused; err != nil && strings.Contains(err.Error(), "too many") {
			n++
		}
	}
	if n == 0 || n > maxRequests {
		t.Errorf("%d of %d requests were refused", n, 2*maxRequests)
	}
}
