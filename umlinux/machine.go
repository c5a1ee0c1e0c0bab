package umlinux

import (
	"context"
	"errors"
	"time"
)

// Machine is a guest that is booted when it is first needed, and anew after it
// died. It is used by one goroutine at a time.
type Machine struct {
	Config Config // with Memory 0, Grow gives the next guest more
	guest  *Guest
	memory int // what Grow decided
}

// Do is Guest.Do in the current guest.
func (m *Machine) Do(ctx context.Context, calls []Call, timeout time.Duration) ([]Reply, error) {
	if m.guest == nil {
		c := m.Config
		if m.memory > 0 {
			c.Memory = m.memory
		}
		g, err := Boot(ctx, c)
		if err != nil {
			return nil, err
		}
		m.guest = g
	}
	replies, err := m.guest.Do(ctx, calls, timeout)
	var dead *DeadError
	if err != nil {
		m.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		} else if !errors.As(err, &dead) {
			err = &DeadError{Cause: Exited, Detail: err.Error()}
		}
	}
	return replies, err
}

// Grow ends the guest; the next one has twice the memory. It returns false, and
// does nothing, when the memory is fixed or as large as it may get.
func (m *Machine) Grow() bool {
	next := 2 * max(m.memory, DefaultMemory)
	if m.Config.Memory != 0 || next > MaxMemory {
		return false
	}
	m.Close()
	m.memory = next
	return true
}

// Grown says whether Grow has given the guest more memory.
func (m *Machine) Grown() bool { return m.memory > 0 }

// Alive says whether there is a guest and it has not ended.
func (m *Machine) Alive() bool { return m.guest != nil && m.guest.alive() }

// Resident is how much memory the guest takes of the host's, in bytes; 0 if there
// is no guest. It never becomes less while the guest lives.
func (m *Machine) Resident() int {
	if m.guest == nil {
		return 0
	}
	return m.guest.resident()
}

// Close ends the guest, if there is one.
func (m *Machine) Close() {
	if m.guest != nil {
		m.guest.Close()
		m.guest = nil
	}
}
