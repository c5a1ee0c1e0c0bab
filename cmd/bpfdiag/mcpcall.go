package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// mcpAnswer is what a tool says: text to read, and the same as data.
type mcpAnswer struct {
	text string
	data any
}

// mcpCall is one call of a tool.
type mcpCall struct {
	request *mcp.CallToolRequest
	mu      sync.Mutex
	stage   string
	said    int // notifications of progress
}

// addTool adds a tool. What f returns as an error is the tool's: the agent reads it.
func addTool[In any](s *mcpServer, server *mcp.Server, t *mcp.Tool, f func(context.Context, *mcpCall, In) (mcpAnswer, error)) {
	mcp.AddTool(server, t, func(ctx context.Context, r *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		stop := context.AfterFunc(s.ctx, func() { cancel(context.Cause(s.ctx)) })
		defer stop()
		c := &mcpCall{request: r}
		defer c.ticks(ctx)()
		a, err := f(ctx, c, in)
		switch {
		case ctx.Err() != nil:
			return nil, nil, context.Cause(ctx)
		case err != nil:
			return nil, nil, forTool(err)
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: a.text}}}, a.data, nil
	})
}

// forTool is an error in terms of tools' arguments.
func forTool(err error) error {
	var small *diag.BoundError
	if errors.As(err, &small) {
		return fmt.Errorf("max_bytes: %d is too small for this answer; %d is enough to say what is left out", small.Max, small.Least)
	}
	text := err.Error()
	for _, f := range []string{"kernel", "jit", "program", "compile", "max-bytes", "max-steps", "source-root"} {
		text = strings.ReplaceAll(text, "--"+f, strings.ReplaceAll(f, "-", "_"))
	}
	return errors.New(text)
}

// at says what is being done, for clients that want to know.
func (c *mcpCall) at(ctx context.Context, stage string) {
	c.mu.Lock()
	c.stage = stage
	c.mu.Unlock()
	c.notify(ctx, stage)
}

// ticks tells the client every second that the call goes on, until stop is called.
func (c *mcpCall) ticks(ctx context.Context) (stop func()) {
	if c.request.Params.GetProgressToken() == nil {
		return func() {}
	}
	return everySecond(func(seconds int) {
		if ctx.Err() != nil {
			return
		}
		c.mu.Lock()
		stage := c.stage
		c.mu.Unlock()
		c.notify(ctx, fmt.Sprintf("%s, %d s", cmp.Or(stage, "at work"), seconds))
	})
}

func (c *mcpCall) notify(ctx context.Context, message string) {
	token := c.request.Params.GetProgressToken()
	if token == nil {
		return
	}
	c.mu.Lock()
	c.said++
	n := c.said
	c.mu.Unlock()
	// A client that does not listen any more is no reason to end.
	_ = c.request.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Message: message, Progress: float64(n)})
}

// locate is the absolute path of a file: relative ones start from the roots that the
// client names, then from the working folder; where there is none in any of them, it is
// the first of these.
func (c *mcpCall) locate(ctx context.Context, path string) (string, error) {
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	dirs := append(c.roots(ctx), dir)
	for _, d := range dirs {
		if _, err := os.Stat(filepath.Join(d, path)); err == nil {
			return filepath.Join(d, path), nil
		}
	}
	return filepath.Join(dirs[0], path), nil
}

// existing is locate for a file that has to be there.
func (c *mcpCall) existing(ctx context.Context, path string) (string, error) {
	found, err := c.locate(ctx, path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(found); err != nil {
		return "", fmt.Errorf("%s: %w; give an absolute path, or one relative to the project", found, errors.Unwrap(err))
	}
	return found, nil
}

// onlyCompiles is the error of a command that does more than compile: clients let agents
// call tools that only read unasked, so these run no program of the agent's.
func onlyCompiles(command string) error {
	if command == "" {
		return nil
	}
	if err := compile.OnlyCompiles(command); err != nil {
		return fmt.Errorf("compile: %w; .bpfdiag.toml can have other commands", err)
	}
	return nil
}

// roots are the folders that the client works in, if it says so.
func (c *mcpCall) roots(ctx context.Context) []string {
	p := c.request.Session.InitializeParams()
	//lint:ignore SA1019 most clients have it
	if p == nil || p.Capabilities == nil || p.Capabilities.RootsV2 == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	all, err := c.request.Session.ListRoots(ctx, nil) //lint:ignore SA1019 most clients have it
	if err != nil {
		return nil
	}
	var dirs []string
	for _, r := range all.Roots {
		if u, err := url.Parse(r.URI); err == nil && u.Scheme == "file" && filepath.IsAbs(u.Path) {
			dirs = append(dirs, filepath.FromSlash(u.Path))
		}
	}
	return dirs
}

// most is how large an answer may be.
func most(bytes int) (int, error) {
	switch {
	case bytes == 0:
		return mostJSON, nil
	case bytes < leastJSON:
		return 0, fmt.Errorf("max_bytes %d: it is %d or more; without it, %d", bytes, leastJSON, mostJSON)
	}
	return bytes, nil
}

// moreMCP is how to get what was left out.
const moreMCP = "call again with a larger max_bytes, or ask about one program"

// bounded is a text of at most max bytes that says that it is cut.
func bounded(text string, max int) string {
	note := "… cut here; " + moreMCP + "\n"
	if part, whole := cutLines(text, max); whole {
		return part
	}
	part, _ := cutLines(text, max-len(note))
	return part + note
}

// writeCompact writes data as the protocol does.
func writeCompact(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = io.Copy(w, bytes.NewReader(b))
	}
	return err
}

// readsOnly are the hints of tools that change nothing.
func readsOnly(title string) *mcp.ToolAnnotations {
	no := false
	return &mcp.ToolAnnotations{Title: title, ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &no, OpenWorldHint: &no}
}
