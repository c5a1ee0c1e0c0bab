package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"
)

const (
	// mcpInput bounds one message of the client's: a log that is pasted whole is large.
	mcpInput = 128 << 20
	// mcpGrace is how long what was asked goes on when the client has ended its
	// input: it may be `bpfdiag mcp <requests`, which wants the answers.
	mcpGrace = 3 * time.Second
)

// mcpInstructions are what every agent reads, so they are few.
const mcpInstructions = `bpfdiag runs the eBPF verifier of real Linux kernels on this machine, without root. Work in a loop: ` +
	`check a source or object; read code, message and labels of what is rejected; change the source (or call fix, which tries edits and ` +
	`has the verifier accept them before it offers them); check again until everything is accepted. "rejected" is the verifier's word on the ` +
	`program. "error" is not: the program asks for what this kernel lacks, or the machine could not answer. explain has a page for each ` +
	`code, features says what a program type may call in a kernel, log explains a verifier log from elsewhere. Do not silence the verifier by ` +
	`deleting the access that it refuses: add the check that is missing.`

func newMCPCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "mcp",
		Short: "Answer coding agents: a server of the Model Context Protocol",
		Long: `Mcp is a server of the Model Context Protocol: an agent starts it and talks to it
over its standard input and output. Its tools are check, explain, fix, log, kernels
and features; they are the commands of the same names, with text for reading and
bounded JSON. Kernels stay up between calls.

Paths are relative to the roots that the client names, or to the working folder.
Nothing is written but by the tool fix, when it is called with apply.

docs/agents/SKILL.md has the configuration for agents, and how to work with it.`,
		Example: `  claude mcp add bpfdiag -- bpfdiag mcp
  codex mcp add bpfdiag -- bpfdiag mcp`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return serveMCP(c.Context(), os.Stdin, os.Stdout) },
	}
}

// serveMCP serves a client until its input ends or ctx does.
func serveMCP(ctx context.Context, in io.ReadCloser, out io.WriteCloser) error {
	work, end := context.WithCancelCause(ctx)
	defer end(nil)
	s := &mcpServer{ctx: work, slots: make(chan bool, runtime.NumCPU()), pools: map[mcpKernel]*check.Pool{}}
	defer s.close()
	t := &mcpTransport{IOTransport: mcp.IOTransport{Reader: in, Writer: out, MaxLineLength: mcpInput}, ctx: ctx, end: end}
	err := s.server().Run(ctx, t)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("mcp: %w", err)
	}
	return nil
}

// mcpTransport keeps the end of the input from the server until what was asked is
// answered, but not for long: the server answers nothing after it.
type mcpTransport struct {
	mcp.IOTransport
	ctx context.Context
	end context.CancelCauseFunc // of all calls
}

func (t *mcpTransport) Connect(ctx context.Context) (mcp.Connection, error) {
	c, err := t.IOTransport.Connect(ctx)
	return &mcpConnection{Connection: c, transport: t}, err
}

type mcpConnection struct {
	mcp.Connection
	transport *mcpTransport
	open      atomic.Int64 // requests that are not answered
}

func (c *mcpConnection) Read(ctx context.Context) (jsonrpc.Message, error) {
	m, err := c.Connection.Read(ctx)
	if r, ok := m.(*jsonrpc.Request); ok && r.IsCall() {
		c.open.Add(1)
	}
	if err != nil {
		end := time.Now().Add(mcpGrace)
		for c.open.Load() > 0 && c.transport.ctx.Err() == nil && time.Now().Before(end) {
			time.Sleep(mcpGrace / 100)
		}
		c.transport.end(errors.New("the client has ended its input"))
	}
	return m, err
}

func (c *mcpConnection) Write(ctx context.Context, m jsonrpc.Message) error {
	err := c.Connection.Write(ctx, m)
	if _, ok := m.(*jsonrpc.Response); ok {
		c.open.Add(-1)
	}
	return err
}

// mcpServer has what calls share: kernels that stay up.
type mcpServer struct {
	ctx   context.Context // of all calls, and of the guests
	slots chan bool       // taken by guests at work

	mu    sync.Mutex
	pools map[mcpKernel]*check.Pool
}

type mcpKernel struct{ name, jit string }

// server returns a server with all tools.
func (s *mcpServer) server() *mcp.Server {
	server := mcp.NewServer(
		&mcp.Implementation{Name: "bpfdiag", Title: "bpfdiag: the eBPF verifier", Version: version},
		&mcp.ServerOptions{Instructions: mcpInstructions, Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}}})
	addCheckTool(s, server)
	addFixTool(s, server)
	addLogTool(s, server)
	addExplainTool(s, server)
	addKernelsTool(s, server)
	addFeaturesTool(s, server)
	return server
}

// pool returns the guests of a kernel, and a note if the kernel is not as it would
// be built today. It is looked for anew each time: it may have been built since, or
// again.
func (s *mcpServer) pool(f checkFlags) (*check.Pool, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := mcpKernel{f.kernel, f.jit}
	ck, err := openChecker(f, nil, io.Discard)
	if err != nil {
		return nil, "", err
	}
	p := s.pools[key]
	if p != nil && !p.Checker().SameKernel(ck) {
		p.Close()
		p = nil
	}
	if p == nil {
		ck.Remote = nil // guests stay up here
		p = check.NewPool(s.ctx, ck)
		s.pools[key] = p
	}
	note := ""
	if img := p.Checker().Image; img.Stale {
		note = fmt.Sprintf("kernel %s: %s", img.Name, img.StaleReason)
	}
	return p, note, nil
}

// forget has a kernel looked for anew: it may have been built again, or removed.
func (s *mcpServer) forget(f checkFlags) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := mcpKernel{f.kernel, f.jit}
	if p := s.pools[key]; p != nil {
		p.Close()
		delete(s.pools, key)
	}
}

func (s *mcpServer) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pools {
		p.Close()
	}
}

// slot waits until a guest may work.
func (s *mcpServer) slot(ctx context.Context) (release func(), err error) {
	select {
	case s.slots <- true:
		return func() { <-s.slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
