package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/bpfdiag/bpfdiag/internal/live"
	"github.com/bpfdiag/bpfdiag/lsp"
	"github.com/spf13/cobra"
)

func newLSPCommand() *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:   "lsp",
		Short: "Show an editor what the verifier says while a program is written",
		Long: `Lsp is a language server: an editor starts it and talks to it over its standard
input and output. When a C file is saved, and while it is typed, it is compiled
(with the command of compile_commands.json, of .bpfdiag.toml, or a default) and
verified in a kernel that stays up; the diagnostics appear where the compiler's do,
with their fixes. docs/editors.md has the configuration for editors.

With --listen it waits for editors at a local socket, each of which has a
session of its own.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b := live.New(c.Context(), pages)
			defer b.Close()
			if listen != "" {
				return listenLSP(c.Context(), listen, b)
			}
			return lsp.Serve(c.Context(), stdio{}, b, version, runtime.NumCPU())
		},
	}
	fl := c.Flags()
	fl.StringVar(&listen, "listen", "", "wait for editors at the local socket with this `path`")
	// Editors' libraries add it, and it is what happens anyway.
	fl.Bool("stdio", true, "talk over standard input and output")
	_ = fl.MarkHidden("stdio")
	return c
}

// stdio is an editor at the other end of the standard streams.
type stdio struct{}

func (stdio) Read(p []byte) (int, error)  { return os.Stdin.Read(p) }
func (stdio) Write(p []byte) (int, error) { return os.Stdout.Write(p) }
func (stdio) Close() error                { return errors.Join(os.Stdin.Close(), os.Stdout.Close()) }

// listenLSP serves editors at a local socket until ctx ends. Only the user may
// connect.
func listenLSP(ctx context.Context, path string, b lsp.Backend) error {
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return fmt.Errorf("--listen %s: another server is there", path)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return fmt.Errorf("--listen %s: there is a file that is no socket", path)
		}
		os.Remove(path) // left by a server that was killed
	}
	l, err := listenPrivately(path)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("--listen %s: %w", path, err)
		}
		sessions.Go(func() {
			if err := lsp.Serve(ctx, conn, b, version, runtime.NumCPU()); err != nil {
				fmt.Fprintf(os.Stderr, "bpfdiag: %v\n", err)
			}
		})
	}
}

// listenPrivately makes the socket in a folder that nobody else can enter, and
// moves it to its place when its permissions are right.
func listenPrivately(path string) (net.Listener, error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".bpfdiag-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "s")
	l, err := net.Listen("unix", made)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	err = os.Chmod(made, 0o600)
	if err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return &placedListener{l, path}, nil
}

// placedListener removes its socket when it is closed.
type placedListener struct {
	net.Listener
	path string
}

func (l *placedListener) Close() error {
	os.Remove(l.path)
	return l.Listener.Close()
}
