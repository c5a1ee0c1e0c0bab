//go:build linux

package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"golang.org/x/sys/unix"
)

const (
	heartbeat = time.Second
	// exeLook is how often the server looks whether it was upgraded, beside when
	// somebody connects.
	exeLook = time.Minute
)

// ErrRunning is the error of a server where there is one.
var ErrRunning = errors.New("a server is running")

// errLeave ends a server that is no longer needed.
var errLeave = errors.New("the server leaves")

// Server answers the questions of clients at a place.
type Server struct {
	Place   *Place
	Version string
	Idle    time.Duration // it leaves when nothing was asked for so long
	Guests  Guests
	Ready   func() // is called when clients can connect; may be nil

	since time.Time
	slots chan bool // of those who work
	leave context.CancelCauseFunc
	exe   unix.Stat_t

	mu       sync.Mutex
	working  int
	answered int
	last     time.Time // when it was last asked, or has answered
	outdated bool      // another executable is in the place of its own
}

// Guests answer questions. They may be asked by several goroutines.
type Guests interface {
	Answer(ctx context.Context, q *check.Question, object []byte) (*check.Answer, error)
	Idle() (guests, resident int)
}

// Run serves until ctx ends, a client asks it to stop, it has had nothing to do for
// long, or its executable is replaced. The error is ErrRunning if there is a server.
func (s *Server) Run(ctx context.Context) error {
	dir, err := s.Place.open(true)
	if err != nil {
		return err
	}
	defer dir.close()
	if err := unix.Stat("/proc/self/exe", &s.exe); err != nil {
		return err
	}
	listener, err := s.listen(dir)
	if err != nil {
		return err
	}
	ctx, s.leave = context.WithCancelCause(ctx)
	defer s.leave(nil)
	s.since, s.last = time.Now(), time.Now()
	s.slots = make(chan bool, runtime.NumCPU())
	if s.Ready != nil {
		s.Ready()
	}
	var clients sync.WaitGroup
	defer clients.Wait()
	closed := make(chan bool)
	context.AfterFunc(ctx, func() { defer close(closed); s.close(dir, listener) })
	go s.watch(ctx)
	for {
		c, err := listener.AcceptUnix()
		if err != nil {
			s.leave(err)
			<-closed
			if err = context.Cause(ctx); errors.Is(err, errLeave) {
				return nil
			}
			return err
		}
		s.lookAtExe()
		if samePeer(c, s.Place.uid) != nil {
			c.Close()
			continue
		}
		clients.Go(func() {
			end := context.AfterFunc(ctx, func() { c.Close() })
			defer end()
			defer c.Close()
			s.serve(ctx, c)
		})
	}
}

func (s *Server) name() string { return s.Place.ID + ending }

// listen takes the place, unless somebody has it, and has the other servers of the
// user look whether they are outdated.
func (s *Server) listen(dir *folder) (*net.UnixListener, error) {
	unlock, err := dir.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, name := range dir.sockets() {
		c, err := dir.dial(name)
		switch {
		case err == nil:
			c.Close()
			if name == s.name() {
				return nil, ErrRunning
			}
		case nobody(err): // it was killed
			_ = os.Remove(dir.path(name))
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir.path(s.name()), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("socket in %s: %w", s.Place.Dir, err)
	}
	l.SetUnlinkOnClose(false)
	return l, os.Chmod(dir.path(s.name()), 0o600) // as its folder
}

// close leaves the place. It has the lock, so that it removes no other's socket.
func (s *Server) close(dir *folder, l *net.UnixListener) {
	if unlock, err := dir.lock(); err == nil {
		defer unlock()
		_ = os.Remove(dir.path(s.name()))
	}
	l.Close()
}

// watch ends the server when it is not needed any more.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(min(max(s.Idle/8, 10*time.Millisecond), exeLook))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.lookAtExe()
			s.mu.Lock()
			if s.working == 0 && time.Since(s.last) >= s.Idle {
				s.leave(errLeave)
			}
			s.mu.Unlock()
		}
	}
}

// lookAtExe has the server leave, as soon as it has no work, when its executable is
// not what is at that path any more.
func (s *Server) lookAtExe() {
	var now unix.Stat_t
	path, err := os.Executable()
	if err == nil {
		err = unix.Stat(path, &now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outdated = s.outdated || err != nil || exeID(&now) != exeID(&s.exe); s.outdated && s.working == 0 {
		s.leave(errLeave)
	}
}

// begin counts those who work, and returns what to do in the end.
func (s *Server) begin() (end func(answered bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.working++
	return func(answered bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.working--
		s.last = time.Now()
		if answered {
			s.answered++
		}
		if s.outdated && s.working == 0 {
			s.leave(errLeave)
		}
	}
}

func (s *Server) status() *Status {
	guests, resident := s.Guests.Idle()
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Status{PID: os.Getpid(), Version: s.Version, Since: s.since, Idle: s.Idle, Answered: s.answered, Working: s.working, Guests: guests, Resident: resident}
}

// asked is a request with its data.
type asked struct {
	request
	data []byte
}

// serve answers one client until it is gone.
func (s *Server) serve(ctx context.Context, c *net.UnixConn) {
	// Reading goes on while the server works: the end of a client is heard there.
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	requests := make(chan asked)
	go func() {
		defer gone()
		for {
			var r asked
			var err error
			if r.data, err = receive(c, &r.request); err != nil {
				return
			}
			select {
			case requests <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	say := func(r reply) bool {
		_ = c.SetWriteDeadline(time.Now().Add(patience))
		return send(c, r, nil) == nil
	}
	if !say(reply{Kind: kindHello, ID: s.Place.ID}) {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-requests:
			if !s.reply(ctx, r, say) {
				return
			}
		}
	}
}

// reply answers a request, and returns whether the client is worth another.
func (s *Server) reply(ctx context.Context, r asked, say func(reply) bool) bool {
	switch {
	case r.Op == opAnswer && r.Question != nil:
		return s.answer(ctx, r, say)
	case r.Op == opStatus:
		return say(reply{Kind: kindStatus, Status: s.status()})
	case r.Op == opStop:
		say(reply{Kind: kindStopped})
		s.leave(errLeave)
		return false
	}
	return false
}

// answer verifies, and says every second that it is at it.
func (s *Server) answer(ctx context.Context, r asked, say func(reply) bool) (ok bool) {
	end := s.begin()
	done := make(chan reply, 1)
	go func() {
		select {
		case s.slots <- true:
			defer func() { <-s.slots }()
		case <-ctx.Done():
			done <- reply{Kind: kindNone}
			return
		}
		a, err := s.Guests.Answer(ctx, r.Question, r.data)
		if err != nil {
			done <- reply{Kind: kindNone, Why: err.Error()}
			return
		}
		done <- reply{Kind: kindAnswer, Answer: a}
	}()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			say(reply{Kind: kindWorking}) // a client that does not hear it is seen by serve
		case out := <-done:
			end(out.Kind == kindAnswer)
			return say(out)
		}
	}
}
