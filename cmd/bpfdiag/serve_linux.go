package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/serve"
	"github.com/spf13/cobra"
)

func runServe(c *cobra.Command, f serveFlags) error {
	place, err := serve.Here()
	if err != nil {
		return err
	}
	switch {
	case f.stop:
		if err := place.Stop(); err != nil && !serve.NotRunning(err) {
			return err
		}
		return nil
	case f.status:
		return printServer(c.OutOrStdout(), place, f.format)
	}
	ctx, cancel := context.WithCancelCause(c.Context())
	defer cancel(nil)
	pools := serve.NewPools(ctx)
	s := &serve.Server{Place: place, Version: version, Idle: f.idle, Guests: pools}
	if f.kernel != "" {
		q, err := check.QuestionFor(f.kernel, f.jit)
		if err != nil {
			return err
		}
		s.Ready = func() {
			go func() {
				if err := pools.Warm(ctx, q); err != nil {
					cancel(err)
				}
			}()
		}
	}
	err = s.Run(ctx)
	if errors.Is(err, serve.ErrRunning) {
		return fmt.Errorf("there is one already: `bpfdiag serve --status` tells of it, `bpfdiag serve --stop` ends it")
	}
	return err
}

// printServer tells about the server.
func printServer(w io.Writer, place *serve.Place, format string) error {
	s, err := place.Status()
	switch {
	case serve.NotRunning(err):
		if format == "json" {
			fmt.Fprintln(w, "null")
		} else {
			fmt.Fprintln(w, "no server is running")
		}
		return exitCode(1)
	case err != nil:
		return err
	case format == "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(s)
	}
	_, err = fmt.Fprintf(w, "process %d, bpfdiag %s, for %v in %s\n%s verified, %d at work\n%s without work, %d MB\nleaves after %v without a question\n",
		s.PID, s.Version, time.Since(s.Since).Round(time.Second), place.Dir, plural(s.Answered, "object"), s.Working,
		plural(s.Guests, "guest"), s.Resident>>20, s.Idle)
	return err
}

// theServer is what checks objects in this process's place, nil if that is not wanted
// or not possible.
func theServer() (check.Remote, error) {
	wish, err := wishedServer()
	if err != nil || wish == serveNot {
		return nil, err
	}
	place, err := serve.Here()
	if err != nil {
		return nil, nil // as it is where there is no folder for results
	}
	return &serve.Client{Place: place, Need: wish == serveMust}, nil
}

// leaveServer starts a server for the next time where these checkers have found none,
// and says why the one that was demanded was of no use. It does nothing when ctx has
// ended: whoever is interrupted leaves nothing behind.
func leaveServer(ctx context.Context, errOut io.Writer, cks ...*check.Checker) {
	if ctx.Err() != nil {
		return
	}
	for _, ck := range cks {
		c, ok := ck.Remote.(*serve.Client)
		switch {
		case !ok:
		case c.Need:
			if err := c.Trouble(); err != nil {
				fmt.Fprintf(errOut, "bpfdiag: no server was used: %v\n", err)
				return // once for all kernels
			}
		case c.Missed() != nil && os.Getenv("CI") == "":
			_ = c.Place.StartFor(c.Missed()) // never needed
			return
		}
	}
}
