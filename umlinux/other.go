//go:build !linux

package umlinux

import (
	"context"
	"time"
)

// Guest exists on Linux only; see Supported.
type Guest struct{ Release string }

// Boot fails.
func Boot(context.Context, Config) (*Guest, error) { return nil, Supported() }

// Do fails.
func (*Guest) Do(context.Context, []Call, time.Duration) ([]Reply, error) { return nil, Supported() }

// Close does nothing.
func (*Guest) Close() {}

func (*Guest) alive() bool { return false }

func (*Guest) resident() int { return 0 }
