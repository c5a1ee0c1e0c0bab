package serve

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/check"
)

// protocol counts changes to the messages.
const protocol = 1

const (
	maxJSON = 64 << 20
	maxData = 256 << 20 // an object
)

// request is what a client says.
type request struct {
	Op       op
	Question *check.Question `json:",omitempty"` // of opAnswer, with the object's bytes
}

type op string

const (
	opAnswer op = "answer"
	opStatus op = "status"
	opStop   op = "stop"
)

// reply is what the server says.
type reply struct {
	Kind   kind
	ID     string        `json:",omitempty"` // of a hello: the server's Place
	Answer *check.Answer `json:",omitempty"`
	Why    string        `json:",omitempty"` // there is no answer
	Status *Status       `json:",omitempty"`
}

type kind string

const (
	kindHello   kind = "hello"
	kindWorking kind = "working"
	kindAnswer  kind = "answer"
	kindNone    kind = "none"
	kindStatus  kind = "status"
	kindStopped kind = "stopped"
)

// Status is what a server says about itself.
type Status struct {
	PID      int           `json:"pid"`
	Version  string        `json:"version"`
	Since    time.Time     `json:"since"`
	Idle     time.Duration `json:"idle_ns"`  // it leaves after
	Answered int           `json:"answered"` // objects that were verified
	Working  int           `json:"working"`  // and are being verified
	Guests   int           `json:"guests"`   // that are up without work
	Resident int           `json:"resident"` // bytes of the host's memory that these take
}

// send writes a message. It is one write, since each wakes the other end.
func send(w io.Writer, message any, data []byte) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(text) > maxJSON || len(data) > maxData {
		return fmt.Errorf("a message of %d and %d bytes is too long", len(text), len(data))
	}
	buf := make([]byte, 8, 8+len(text)+len(data))
	binary.BigEndian.PutUint32(buf, uint32(len(text)))
	binary.BigEndian.PutUint32(buf[4:], uint32(len(data)))
	_, err = w.Write(append(append(buf, text...), data...))
	return err
}

// receive reads a message.
func receive(r io.Reader, message any) (data []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n, size := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[4:])
	if n > maxJSON || size > maxData {
		return nil, fmt.Errorf("a message of %d and %d bytes is too long", n, size)
	}
	buf := make([]byte, n+size)
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, err
	}
	return buf[n:], json.Unmarshal(buf[:n], message)
}
