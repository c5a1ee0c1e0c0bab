//go:build linux

package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/check"
)

const (
	// patience is how long the other end may take for what costs it no time.
	patience = 5 * time.Second
	// silence is how long a server may say nothing. One that works says so every second.
	silence = 10 * time.Second
)

// Client asks the server of a place. It is a check.Remote.
type Client struct {
	Place *Place
	// Need has the client start a server, and wait for it, before it asks for the
	// first time.
	Need bool

	needOnce sync.Once
	off      atomic.Bool // nothing is expected of the server any more
	missed   atomic.Pointer[check.Question]
	mu       sync.Mutex
	trouble  error
	idle     []*connection
}

type connection struct {
	*net.UnixConn
	greeted bool
}

// Ask has the server check an object.
func (c *Client) Ask(ctx context.Context, q *check.Question, object []byte) (*check.Answer, bool) {
	if c.Need {
		c.needOnce.Do(func() { c.need(ctx, q) })
	}
	if c.off.Load() || ctx.Err() != nil {
		return nil, false
	}
	conn, err := c.take()
	if err != nil {
		if nobody(err) {
			c.missed.CompareAndSwap(nil, q)
		}
		c.giveUp(err)
		return nil, false
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	r, err := conn.ask(c.Place.ID, request{Op: opAnswer, Question: q}, object)
	if !stop() || err != nil {
		conn.Close()
		if ctx.Err() == nil {
			c.giveUp(err)
		}
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, conn)
	return r.Answer, r.Kind == kindAnswer && r.Answer != nil
}

// giveUp leaves it at that: a hundred objects do not wait for the same server.
func (c *Client) giveUp(err error) {
	c.off.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trouble == nil {
		c.trouble = err
	}
}

// Trouble is why the server was not asked, or not until the end; nil if nothing is
// known to be wrong.
func (c *Client) Trouble() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

// Missed returns a question that no server was there to answer, nil if there is none.
func (c *Client) Missed() *check.Question { return c.missed.Load() }

func (c *Client) take() (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.idle); n > 0 {
		conn := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return conn, nil
	}
	return c.Place.connect()
}

func (p *Place) connect() (*connection, error) {
	dir, err := p.open(false)
	if err != nil {
		return nil, err
	}
	defer dir.close()
	conn, err := dir.dial(p.ID + ending)
	if err != nil {
		return nil, err
	}
	return &connection{UnixConn: conn}, nil
}

// ask sends a request and waits for what it asks for. Whoever has accepted the
// connection has little time to say hello: a server that is stopped does not.
func (c *connection) ask(id string, r request, object []byte) (reply, error) {
	_ = c.SetDeadline(time.Now().Add(patience))
	if err := send(c, r, object); err != nil {
		return reply{}, err
	}
	if !c.greeted {
		var hello reply
		if _, err := receive(c, &hello); err != nil {
			return reply{}, fmt.Errorf("the server does not say hello: %w", err)
		}
		if hello.Kind != kindHello || hello.ID != id {
			return reply{}, errors.New("the server is another bpfdiag's")
		}
		c.greeted = true
	}
	for {
		_ = c.SetDeadline(time.Now().Add(silence))
		var out reply
		if _, err := receive(c, &out); err != nil {
			return reply{}, fmt.Errorf("the server does not answer: %w", err)
		}
		if out.Kind != kindWorking {
			return out, nil
		}
	}
}

// need starts a server and waits until it can be asked.
func (c *Client) need(ctx context.Context, q *check.Question) {
	err := c.Place.Await(ctx, q)
	if err != nil {
		c.giveUp(err)
	}
}

// Status asks the server about itself. The error says so if there is none: see NotRunning.
func (p *Place) Status() (*Status, error) {
	r, err := p.tell(request{Op: opStatus})
	if err == nil && r.Status == nil {
		err = errors.New("the server says nothing about itself")
	}
	return r.Status, err
}

// Stop ends the server, and waits until it has left.
func (p *Place) Stop() error {
	conn, err := p.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ask(p.ID, request{Op: opStop}, nil); err != nil {
		return err
	}
	for range 200 {
		conn, err := p.connect()
		if nobody(err) {
			return nil
		}
		if err == nil {
			conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the server does not leave")
}

// NotRunning says whether an error means that there is no server.
func NotRunning(err error) bool { return nobody(err) }

func (p *Place) tell(r request) (reply, error) {
	conn, err := p.connect()
	if err != nil {
		return reply{}, err
	}
	defer conn.Close()
	return conn.ask(p.ID, r, nil)
}
