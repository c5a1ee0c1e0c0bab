//go:build !linux

package main

import (
	"context"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// host has nothing to look at where no guest can run: examine stops before.
func (*diagnosis) host(context.Context, []kernel.Image) {}
