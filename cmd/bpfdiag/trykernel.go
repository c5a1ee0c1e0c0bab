package main

import (
	"context"
	"fmt"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// tryKernel boots a kernel that was just built and has it verify the smallest
// program. An image can be whole and of no use all the same: with malformed BTF
// it would reject every program.
func tryKernel(ctx context.Context, img kernel.Image) error {
	config, err := guestConfig(img)
	if err != nil {
		return err
	}
	m := &umlinux.Machine{Config: config}
	defer m.Close()
	replies, err := m.Do(ctx, []umlinux.Call{loader.Smallest()}, time.Minute)
	if err != nil {
		return err
	}
	if r := replies[0]; r.Errno != 0 {
		return fmt.Errorf("kernel %s is of no use: it refuses the smallest program (%w)\n%s", img.Name, r.Errno, r.Log)
	}
	return nil
}

// guestConfig is what every guest with that kernel starts from.
func guestConfig(img kernel.Image) (umlinux.Config, error) {
	init, err := kernel.GuestInit()
	return umlinux.Config{Kernel: img.Path, Init: init}, err
}
