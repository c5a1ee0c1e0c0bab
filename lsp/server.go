package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// maxRequests is how many requests are answered at a time.
const maxRequests = 256

// errUnclean is the end of a session by a client that did not ask for it.
var errUnclean = errors.New("the client ended the session without a request for shutdown")

// phase is how far a session is.
type phase int

const (
	phaseNew phase = iota
	phaseRunning
	phaseShutdown
)

// Server is one session with one client.
type Server struct {
	backend Backend
	version string // of the program
	conn    *jsonrpc2.Conn
	ctx     context.Context // ends with the session
	end     context.CancelCauseFunc
	work    sync.WaitGroup // everything that was started
	working sync.Mutex     // held while something is started
	ended   bool           // nothing more is started

	mu         sync.Mutex
	phase      phase
	client     ClientCapabilities
	encoding   encoding
	initial    Settings                      // before the client was asked
	settings   Settings                      // where no folder has its own
	scoped     map[string]Settings           // of folders, by canonical path
	folders    map[string]context.CancelFunc // paths, and what ends the watching of each
	files      map[string]*file              // by canonical path
	documents  map[DocumentURI]*file         // those that are open, as the client names them
	units      map[string]*unit              // by name
	requests   map[string]context.CancelFunc
	progresses map[string]func() // what cancels them, by token
	said       map[string]bool   // messages that were shown
	reports    map[*file]string  // what was published last of a file
	changed    chan struct{}     // closed when what is published changes
	refreshing map[string]bool   // refreshes that the client has not answered
	slots      chan struct{}     // of what compiles and verifies side by side
	folder     string            // for what is shown as a file; made when first needed
}

// Serve talks to one client until it is gone, ctx ends, or it says exit. The
// error says what was wrong with that end, nil if it was in order.
func Serve(ctx context.Context, conn io.ReadWriteCloser, b Backend, version string, jobs int) error {
	s := newServer(b, version, jobs)
	s.ctx, s.end = context.WithCancelCause(ctx)
	defer s.end(nil)
	handler := handlerFunc(s.handle)
	s.mu.Lock() // until there is a connection, nothing is handled
	s.conn = jsonrpc2.NewConn(s.ctx, newStream(conn), handler, jsonrpc2.SetLogger(silent{}))
	s.mu.Unlock()
	select {
	case <-s.conn.DisconnectNotify():
	case <-s.ctx.Done():
		s.conn.Close()
	}
	s.end(io.EOF)
	s.working.Lock()
	s.ended = true
	s.working.Unlock()
	s.work.Wait()
	if s.folder != "" {
		os.RemoveAll(s.folder)
	}
	if err := context.Cause(s.ctx); errors.Is(err, errUnclean) {
		return err
	}
	return nil
}

func newServer(b Backend, version string, jobs int) *Server {
	return &Server{
		backend: b, version: version, initial: DefaultSettings(), settings: DefaultSettings(), encoding: utf16Encoding, folders: map[string]context.CancelFunc{},
		files: map[string]*file{}, documents: map[DocumentURI]*file{}, units: map[string]*unit{},
		requests: map[string]context.CancelFunc{}, progresses: map[string]func(){},
		said: map[string]bool{}, reports: map[*file]string{}, changed: make(chan struct{}), refreshing: map[string]bool{},
		slots: make(chan struct{}, jobs),
	}
}

type handlerFunc func(*jsonrpc2.Request)

func (f handlerFunc) Handle(_ context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) { f(r) }

// silent is jsonrpc2's logger: what is wrong with a message is the client's to
// know, and stderr is shown to users.
type silent struct{}

func (silent) Printf(string, ...any) {}

// handle is called for each message, in their order.
func (s *Server) handle(r *jsonrpc2.Request) {
	params := json.RawMessage("null")
	if r.Params != nil {
		params = *r.Params
	}
	if r.Notif {
		s.notified(r.Method, params)
		return
	}
	ctx, err := s.begin(r)
	if err != nil {
		s.conn.ReplyWithError(s.ctx, r.ID, err)
		return
	}
	answer := func() {
		result, err := s.answer(ctx, r.Method, params)
		s.finish(r, result, err)
	}
	// These decide what the next message may be.
	if r.Method == "initialize" || r.Method == "shutdown" {
		answer()
		return
	}
	s.start(answer)
}

// start runs something beside the reading of messages. Its panic is a bug, which
// should not cost the user the session.
func (s *Server) start(f func()) {
	s.working.Lock()
	defer s.working.Unlock()
	if s.ended {
		return
	}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		defer s.caught()
		f()
	}()
}

func (s *Server) caught() {
	if r := recover(); r != nil {
		s.log(messageError, fmt.Sprintf("bpfdiag: internal error: %v\n%s", r, debug.Stack()))
	}
}

// notified handles a notification.
func (s *Server) notified(method string, params json.RawMessage) {
	defer s.caught()
	if method == "exit" {
		s.exit()
		return
	}
	s.mu.Lock()
	running := s.phase == phaseRunning
	s.mu.Unlock()
	h := notifications[method]
	if h == nil || !running {
		return
	}
	if err := h(s, params); err != nil {
		s.log(messageWarning, fmt.Sprintf("%s: %v", method, err))
	}
}

// begin registers a request, or says why it is not to be answered.
func (s *Server) begin(r *jsonrpc2.Request) (context.Context, *jsonrpc2.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.ID.String()
	switch {
	case s.phase == phaseShutdown:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the server was shut down"}
	case s.phase == phaseNew && r.Method != "initialize":
		return nil, &jsonrpc2.Error{Code: codeServerNotInitialized, Message: "the server waits for `initialize`"}
	case s.phase == phaseRunning && r.Method == "initialize":
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the server is initialized"}
	case requests[r.Method] == nil:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: fmt.Sprintf("there is no method %.100q", r.Method)}
	case s.requests[id] != nil:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "a request with this id is being answered"}
	case len(s.requests) >= maxRequests:
		return nil, &jsonrpc2.Error{Code: codeServerCancelled, Message: "too many requests wait for an answer"}
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.requests[id] = cancel
	return ctx, nil
}

// Error codes of the protocol.
const (
	codeServerNotInitialized = -32002
	codeServerCancelled      = -32802
	codeRequestFailed        = -32803
	codeRequestCancelled     = -32800
)

func (s *Server) answer(ctx context.Context, method string, params json.RawMessage) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, fmt.Errorf("internal error: %v\n%s", r, debug.Stack())
		}
	}()
	return requests[method](s, ctx, params)
}

func (s *Server) finish(r *jsonrpc2.Request, result any, err error) {
	s.mu.Lock()
	s.requests[r.ID.String()]()
	delete(s.requests, r.ID.String())
	s.mu.Unlock()
	var rpc *jsonrpc2.Error
	switch {
	case err == nil:
		s.conn.Reply(s.ctx, r.ID, result)
	case errors.As(err, &rpc):
		s.conn.ReplyWithError(s.ctx, r.ID, rpc)
	case errors.Is(err, context.Canceled):
		s.conn.ReplyWithError(s.ctx, r.ID, &jsonrpc2.Error{Code: codeRequestCancelled, Message: "cancelled"})
	default:
		s.conn.ReplyWithError(s.ctx, r.ID, &jsonrpc2.Error{Code: codeRequestFailed, Message: err.Error()})
	}
}

// notify sends a notification.
func (s *Server) notify(method string, params any) { s.conn.Notify(s.ctx, method, params) }

// call sends a request and waits for the client's answer, but not for ever. It must not
// be called while a message is handled, for then none is read.
func (s *Server) call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	return s.conn.Call(ctx, method, params, result)
}

// log writes to the client's log.
func (s *Server) log(kind int, message string) {
	s.notify("window/logMessage", ShowMessageParams{kind, message})
}

// sayOnce shows the user a message, if it was not shown before.
func (s *Server) sayOnce(kind int, message string) {
	s.mu.Lock()
	said := s.said[message] || len(s.said) > 100
	s.said[message] = true
	s.mu.Unlock()
	if said {
		s.log(kind, message)
		return
	}
	s.notify("window/showMessage", ShowMessageParams{kind, message})
}
