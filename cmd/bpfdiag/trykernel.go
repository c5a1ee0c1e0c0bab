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
	m := &umlinux.Machine{Config: umlinux.Config{Kernel: img.Path}}
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
