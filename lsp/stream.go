package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of what comes in and of what waits to go out.
const (
	maxHeaderLines = 32
	maxFrame       = 32 << 20 // a larger message is skipped; sources are smaller
	maxSkip        = 1 << 30  // one that claims to be larger is none
	maxQueue       = 64 << 20 // what a client that does not read may leave in memory
	flushTime      = time.Second
)

// stream is a connection as frames of JSON, for jsonrpc2. Writing never waits for the
// client: frames are queued, and a client that leaves too many unread is cut
// off.
type stream struct {
	conn io.ReadWriteCloser
	in   *bufio.Reader

	mu     sync.Mutex
	more   *sync.Cond
	queue  [][]byte
	queued int
	closed bool
	idle   chan struct{} // closed when the writer has ended
}

func newStream(conn io.ReadWriteCloser) *stream {
	s := &stream{conn: conn, in: bufio.NewReader(conn), idle: make(chan struct{})}
	s.more = sync.NewCond(&s.mu)
	go s.write()
	return s
}

// readFrame reads one message's bytes. io.EOF is the end between two messages.
func readFrame(r *bufio.Reader) ([]byte, error) {
	length := int64(-1)
	for n := 0; ; n++ {
		line, err := r.ReadSlice('\n')
		switch {
		case err == io.EOF && n == 0 && len(line) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF
		case err != nil || n == maxHeaderLines:
			return nil, errors.New("a message's header is too long")
		}
		header := strings.TrimRight(string(line), "\r\n")
		if header == "" && n == 0 {
			return nil, errors.New("a message begins with an empty line in place of its header")
		}
		if header == "" {
			break
		}
		name, value, ok := strings.Cut(header, ":")
		if !ok {
			return nil, fmt.Errorf("%.40q is no header of a message", header)
		}
		if strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			length, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			if err != nil || length < 0 || length > maxSkip {
				return nil, fmt.Errorf("a message's length is %.40q", value)
			}
		}
	}
	if length < 0 {
		return nil, errors.New("a message's header has no Content-Length")
	}
	if length > maxFrame {
		if _, err := io.CopyN(io.Discard, r, length); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, tooLargeError(length)
	}
	var body bytes.Buffer // grows with what comes, not with what is claimed
	if _, err := io.CopyN(&body, r, length); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return body.Bytes(), nil
}

// tooLargeError is a message that was skipped.
type tooLargeError int64

func (e tooLargeError) Error() string {
	return fmt.Sprintf("a message of %d bytes is too large; %d are read", int64(e), maxFrame)
}

// ReadObject reads the next message that is one. Others are answered with an error,
// as the protocol wants, and skipped; only where it is not known where the next
// message begins, the connection ends.
func (s *stream) ReadObject(v any) error {
	for {
		body, err := readFrame(s.in)
		var large tooLargeError
		if err != nil && !errors.As(err, &large) {
			return err
		}
		if err == nil {
			if err = json.Unmarshal(body, v); err == nil {
				return nil
			}
			reflect.ValueOf(v).Elem().SetZero() // half a message may be in it
		}
		code := -32700 // ParseError
		if json.Valid(body) {
			code = -32600 // InvalidRequest
		}
		answer, _ := json.Marshal(map[string]any{
			"jsonrpc": "2.0", "id": nil, "error": map[string]any{"code": code, "message": err.Error()},
		})
		if err := s.push(answer); err != nil {
			return err
		}
	}
}

// WriteObject queues a message.
func (s *stream) WriteObject(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.push(body)
}

func (s *stream) push(body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return io.ErrClosedPipe
	}
	if s.queued+len(body) > maxQueue {
		s.closed = true
		s.queue = nil
		s.more.Signal()
		go s.conn.Close() // so that the reading ends, and the server with it
		return errors.New("the client does not read")
	}
	s.queue = append(s.queue, fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(body)), body)
	s.queued += len(body)
	s.more.Signal()
	return nil
}

// write writes what is queued until the stream is closed and the queue is
// empty, or the client is gone.
func (s *stream) write() {
	defer close(s.idle)
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.closed {
			s.more.Wait()
		}
		frames := s.queue
		s.queue = nil
		s.mu.Unlock()
		if len(frames) == 0 {
			return
		}
		all := bytes.Join(frames, nil)
		_, err := s.conn.Write(all)
		s.mu.Lock()
		for i := 1; i < len(frames); i += 2 {
			s.queued -= len(frames[i])
		}
		if err != nil {
			s.closed, s.queue = true, nil
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Close writes what is left, as far as the client takes it within a second.
func (s *stream) Close() error {
	s.mu.Lock()
	s.closed = true
	s.more.Signal()
	s.mu.Unlock()
	select {
	case <-s.idle:
	case <-time.After(flushTime):
	}
	return s.conn.Close()
}
