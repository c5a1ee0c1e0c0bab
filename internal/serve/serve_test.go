//go:build linux

package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"golang.org/x/sys/unix"
)

// echo answers with what it was asked. What begins with "wait" ends when the client is gone.
type echo struct {
	waiting  chan bool // gets a word when somebody begins to wait
	canceled chan bool // and one when that was in vain
}

func newEcho() *echo { return &echo{make(chan bool, 10), make(chan bool, 10)} }

func (e *echo) Answer(ctx context.Context, q *check.Question, object []byte) (*check.Answer, error) {
	switch {
	case bytes.HasPrefix(object, []byte("wait")):
		e.waiting <- true
		<-ctx.Done()
		e.canceled <- true
		return nil, ctx.Err()
	case len(object) == 0:
		return nil, errors.New("there is nothing to check")
	}
	text, err := json.Marshal(q.Path + ": " + string(object))
	return &check.Answer{Entry: text}, err
}

func (*echo) Idle() (int, int) { return 2, 1 << 20 }

// newPlace is a place in a new folder.
func newPlace(t *testing.T) *Place {
	t.Helper()
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	p, err := Here()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// start runs a server, and returns how it is ended and what it returns.
func start(t *testing.T, s *Server) (end context.CancelFunc, ended chan error) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	ready := make(chan bool, 1)
	ended = make(chan error, 1)
	s.Ready = func() { ready <- true }
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(end)
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	return end, ended
}

func ask(t *testing.T, c *Client, object string) (string, bool) {
	t.Helper()
	a, ok := c.Ask(t.Context(), &check.Question{Path: "a.o"}, []byte(object))
	if !ok {
		return "", false
	}
	var text string
	if err := json.Unmarshal(a.Entry, &text); err != nil {
		t.Fatal(err)
	}
	return text, true
}

// TestAnswers: several clients at once, each with several questions, get their own answers.
func TestAnswers(t *testing.T) {
	p := newPlace(t)
	start(t, &Server{Place: p, Version: "1", Idle: time.Hour, Guests: newEcho()})
	var all sync.WaitGroup
	for i := range 4 {
		c := &Client{Place: p}
		for j := range 4 {
			all.Go(func() {
				object := strings.Repeat(fmt.Sprint(i, j), 10_000)
				if got, ok := ask(t, c, object); !ok || got != "a.o: "+object {
					t.Errorf("%d %d: %t, %d bytes; %v", i, j, ok, len(got), c.Trouble())
				}
			})
		}
	}
	all.Wait()
	s, err := p.Status()
	if err != nil || s.Answered != 16 || s.Working != 0 || s.PID != os.Getpid() || s.Version != "1" || s.Guests != 2 {
		t.Errorf("%v, %+v", err, s)
	}
	c := &Client{Place: p}
	if _, ok := ask(t, c, ""); ok {
		t.Error("an answer where there is none")
	}
	if _, ok := ask(t, c, "x"); !ok {
		t.Errorf("no answer after that: %v", c.Trouble())
	}
}

// TestNobody: where no server is, it is known at once, also where one was killed.
func TestNobody(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, p *Place){
		"no folder": func(*testing.T, *Place) {},
		"a folder": func(t *testing.T, p *Place) {
			if err := os.Mkdir(p.Dir, 0o700); err != nil {
				t.Fatal(err)
			}
		},
		"a socket that was left": leaveSocket,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			prepare(t, p)
			c := &Client{Place: p}
			if _, ok := ask(t, c, "x"); ok || c.Missed() == nil {
				t.Errorf("answered: %t; missed: %v", ok, c.Missed())
			}
			if _, err := p.Status(); !NotRunning(err) {
				t.Error(err)
			}
			start(t, &Server{Place: p, Idle: time.Hour, Guests: newEcho()})
			if _, ok := ask(t, &Client{Place: p}, "x"); !ok {
				t.Error("no answer from a server that was started then")
			}
		})
	}
}

// leaveSocket leaves the socket of a server that was killed, and one of another executable's.
func leaveSocket(t *testing.T, p *Place) {
	t.Helper()
	if err := os.Mkdir(p.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{p.ID + ending, "old" + ending} {
		listenAt(t, filepath.Join(p.Dir, name)).Close()
	}
}

func listenAt(t *testing.T, path string) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	return l
}

// TestStaleSockets: a server takes away what killed ones have left, and nothing when
// it ends but its own socket.
func TestStaleSockets(t *testing.T) {
	p := newPlace(t)
	leaveSocket(t, p)
	end, ended := start(t, &Server{Place: p, Idle: time.Hour, Guests: newEcho()})
	sockets := func() []string {
		names, _ := filepath.Glob(filepath.Join(p.Dir, "*"+ending))
		return names
	}
	if got, want := sockets(), []string{filepath.Join(p.Dir, p.ID+ending)}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	other := filepath.Join(p.Dir, "other"+ending)
	defer listenAt(t, other).Close()
	end()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := sockets(); !slices.Equal(got, []string{other}) {
		t.Errorf("%v", got)
	}
}

// TestLongPath: a socket's address has 107 bytes, a folder's path has more.
func TestLongPath(t *testing.T) {
	p := newPlace(t)
	p.Dir = filepath.Join(t.TempDir(), strings.Repeat("long", 50), "bpfdiag")
	start(t, &Server{Place: p, Idle: time.Hour, Guests: newEcho()})
	if _, ok := ask(t, &Client{Place: p}, "x"); !ok {
		t.Error("no answer")
	}
}

// TestTwoServers: of many that start at once, one serves.
func TestTwoServers(t *testing.T) {
	p := newPlace(t)
	leaveSocket(t, p)
	ctx, end := context.WithCancel(t.Context())
	results := make(chan error)
	for range 10 {
		go func() { results <- (&Server{Place: p, Idle: time.Hour, Guests: newEcho()}).Run(ctx) }()
	}
	for range 9 {
		if err := <-results; !errors.Is(err, ErrRunning) {
			t.Error(err)
		}
	}
	if _, ok := ask(t, &Client{Place: p}, "x"); !ok {
		t.Error("no answer of the one that is left")
	}
	end()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestClientGone: when a client is killed, or gives up, its work ends.
func TestClientGone(t *testing.T) {
	p, guests := newPlace(t), newEcho()
	start(t, &Server{Place: p, Idle: time.Hour, Guests: guests})
	ctx, cancel := context.WithCancel(t.Context())
	c := &Client{Place: p}
	go func() { <-guests.waiting; cancel() }()
	if _, ok := c.Ask(ctx, &check.Question{}, []byte("wait")); ok {
		t.Error("an answer after all")
	}
	<-guests.canceled
	if c.Trouble() != nil {
		t.Errorf("the server is blamed: %v", c.Trouble())
	}

	// At any point of what a client sends.
	whole := new(bytes.Buffer)
	if err := send(whole, request{Op: opAnswer, Question: &check.Question{Path: "a.o"}}, []byte("wait")); err != nil {
		t.Fatal(err)
	}
	for n := range whole.Len() + 1 {
		conn, err := p.connect()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(whole.Bytes()[:n]); err != nil {
			t.Fatal(err)
		}
		if n == whole.Len() {
			<-guests.waiting
		}
		conn.Close()
	}
	<-guests.canceled
	if _, ok := ask(t, &Client{Place: p}, "x"); !ok {
		t.Error("the server has suffered")
	}
	for range 100 {
		if s, err := p.Status(); err == nil && s.Working == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("it is still at work")
}

// TestNonsense: a client that speaks something else is no trouble for others.
func TestNonsense(t *testing.T) {
	p := newPlace(t)
	start(t, &Server{Place: p, Idle: time.Hour, Guests: newEcho()})
	for _, words := range []string{"GET / HTTP/1.0\r\n\r\n", "\xff\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x00\x02\x00\x00\x00\x00{}",
		"\x00\x00\x00\x0f\x00\x00\x00\x00{\"Op\":\"answer\"}", "\x00\x00\x00\x03\x00\x00\x00\x01[1]x"} {
		conn, err := p.connect()
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		var hello reply
		if _, err := receive(conn, &hello); err != nil || hello.Kind != kindHello {
			t.Fatal(err, hello)
		}
		if _, err := conn.Write([]byte(words)); err != nil {
			t.Fatal(err)
		}
		if _, err := receive(conn, &hello); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q: %v, %+v", words, err, hello)
		}
		conn.Close()
	}
	if _, ok := ask(t, &Client{Place: p}, "x"); !ok {
		t.Error("no answer")
	}
}

// TestBadServers: a client waits neither for long nor for ever, believes nobody who
// is not its server, and asks a bad one no second time.
func TestBadServers(t *testing.T) {
	hello := func(id string) func(c *net.UnixConn) {
		return func(c *net.UnixConn) { _ = send(c, reply{Kind: kindHello, ID: id}, nil) }
	}
	for name, behave := range map[string]func(p *Place, c *net.UnixConn){
		"hangs":        func(_ *Place, c *net.UnixConn) { time.Sleep(patience) },
		"ends at once": func(*Place, *net.UnixConn) {},
		"is another": func(_ *Place, c *net.UnixConn) {
			hello("other")(c)
			_ = send(c, reply{Kind: kindAnswer, Answer: &check.Answer{}}, nil)
		},
		"ends after hello":    func(p *Place, c *net.UnixConn) { hello(p.ID)(c) },
		"ends while it works": func(p *Place, c *net.UnixConn) { hello(p.ID)(c); _ = send(c, reply{Kind: kindWorking}, nil) },
		"ends in an answer":   func(p *Place, c *net.UnixConn) { hello(p.ID)(c); c.Write([]byte{0, 0, 1, 0, 0, 0, 0, 0, '{'}) },
		"has no answer":       func(p *Place, c *net.UnixConn) { hello(p.ID)(c); _ = send(c, reply{Kind: kindAnswer}, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			if err := os.Mkdir(p.Dir, 0o700); err != nil {
				t.Fatal(err)
			}
			l := listenAt(t, filepath.Join(p.Dir, p.ID+ending))
			defer l.Close()
			accepted := make(chan bool, 10)
			go func() {
				for {
					c, err := l.AcceptUnix()
					if err != nil {
						return
					}
					accepted <- true
					behave(p, c)
					c.Close()
				}
			}()
			c := &Client{Place: p}
			for range 3 {
				if _, ok := ask(t, c, "x"); ok {
					t.Error("an answer")
				}
			}
			if n := len(accepted); name != "has no answer" && n != 1 {
				t.Errorf("it was asked %d times", n)
			}
			if c.Missed() != nil {
				t.Error("another is going to be started")
			}
		})
	}
}

// TestIdle: a server leaves when nobody asks, not while it works or is asked now and then.
func TestIdle(t *testing.T) {
	p, guests := newPlace(t), newEcho()
	_, ended := start(t, &Server{Place: p, Idle: 400 * time.Millisecond, Guests: guests})
	ctx, cancel := context.WithCancel(t.Context())
	go (&Client{Place: p}).Ask(ctx, &check.Question{}, []byte("wait"))
	<-guests.waiting
	select {
	case err := <-ended:
		t.Fatalf("it leaves while it works: %v", err)
	case <-time.After(time.Second):
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := p.Status(); !NotRunning(err) {
		t.Error(err)
	}
}

// TestStop: a server that is asked to stop has left when Stop returns.
func TestStop(t *testing.T) {
	p := newPlace(t)
	_, ended := start(t, &Server{Place: p, Idle: time.Hour, Guests: newEcho()})
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := p.Stop(); !NotRunning(err) {
		t.Error(err)
	}
}

// TestOthersFolder: nothing is asked or served in a folder that is not the user's
// alone, or that is none, and nobody else is talked to.
func TestOthersFolder(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, p *Place) error{
		"another user's":   func(t *testing.T, p *Place) error { p.uid++; return os.Mkdir(p.Dir, 0o700) },
		"the group's, too": func(t *testing.T, p *Place) error { return errors.Join(os.Mkdir(p.Dir, 0o700), os.Chmod(p.Dir, 0o770)) },
		"everybody's":      func(t *testing.T, p *Place) error { return errors.Join(os.Mkdir(p.Dir, 0o700), os.Chmod(p.Dir, 0o777)) },
		"a link":           func(t *testing.T, p *Place) error { return os.Symlink(t.TempDir(), p.Dir) },
		"a file":           func(t *testing.T, p *Place) error { return os.WriteFile(p.Dir, nil, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			if err := prepare(t, p); err != nil {
				t.Fatal(err)
			}
			c := &Client{Place: p}
			if _, ok := ask(t, c, "x"); ok || c.Missed() != nil || c.Trouble() == nil {
				t.Errorf("answered: %t, missed: %v, trouble: %v", ok, c.Missed(), c.Trouble())
			}
			if err := (&Server{Place: p, Idle: time.Hour, Guests: newEcho()}).Run(t.Context()); err == nil || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it serves: %v", err)
			}
		})
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[1])
	file := os.NewFile(uintptr(fds[0]), "")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := samePeer(conn.(*net.UnixConn), os.Geteuid()); err != nil {
		t.Error(err)
	}
	if err := samePeer(conn.(*net.UnixConn), os.Geteuid()+1); err == nil {
		t.Error("a process of another user is talked to")
	}
}

// FuzzReceive: whatever comes, it is a message or an error.
func FuzzReceive(f *testing.F) {
	for _, m := range []any{request{Op: opStatus}, reply{Kind: kindAnswer, Answer: &check.Answer{Entry: json.RawMessage("{}")}}} {
		var b bytes.Buffer
		if err := send(&b, m, []byte("data")); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// Lengths that nobody has sent cost memory only.
		if len(data) >= 8 && (data[0]|data[1]|data[4]|data[5]) != 0 {
			return
		}
		var r request
		if _, err := receive(bytes.NewReader(data), &r); err == nil && len(data) < 8 {
			t.Error("a message without a head")
		}
	})
}
