//go:build !linux

package main

import (
	"context"
	"io"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/spf13/cobra"
)

func runServe(*cobra.Command, serveFlags) error { return umlinux.Supported() }

func theServer() (check.Remote, error) { return nil, nil }

func leaveServer(context.Context, io.Writer, ...*check.Checker) {}
