package umlinux

import (
	"context"
	"errors"
	"time"
)

// Machine is a guest that is booted when it is first needed, and anew after it
// died. It is used by one goroutine at a time.
type Machine struct {
	Config Config
	guest  *Guest
}

// Do is Guest.Do in the current guest.
func (m *Machine) Do(ctx context.Context, calls []Call, timeout time.Duration) ([]Reply, error) {
	if m.guest == nil {
		g, err := Boot(ctx, m.Config)
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

// Close ends the guest, if there is one.
func (m *Machine) Close() {
	if m.guest != nil {
		m.guest.Close()
		m.guest = nil
	}
}
