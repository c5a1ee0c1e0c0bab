package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/fix"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type mcpFixArgs struct {
	Path     string `json:"path" jsonschema:"the C source to mend, or an object whose source is known. Absolute, or relative to the project."`
	Apply    bool   `json:"apply,omitempty" jsonschema:"write the changes. Without it they are only returned, as a diff."`
	Kernel   string `json:"kernel,omitempty" jsonschema:"kernel whose verifier judges: a series such as 6.1 or 6.12, or newest. 6.12 if not given."`
	JIT      string `json:"jit,omitempty" jsonschema:"judge as a machine of this architecture would: x86-64 (if not given), arm64, riscv64 …"`
	Program  string `json:"program,omitempty" jsonschema:"mend only programs whose function name matches this glob"`
	Compile  string `json:"compile,omitempty" jsonschema:"clang with the options that compile, {source} and {output} in it, where compile_commands.json and .bpfdiag.toml do not say it"`
	MaxSteps int    `json:"max_steps,omitempty" jsonschema:"edits for one program at most"`
	MaxBytes int    `json:"max_bytes,omitempty" jsonschema:"size of the answer at most, 16000 if not given"`
}

func addFixTool(s *mcpServer, server *mcp.Server) {
	hints := readsOnly("Mend BPF programs")
	yes := true
	hints.ReadOnlyHint, hints.DestructiveHint = false, &yes
	addTool(s, server, &mcp.Tool{
		Name: "fix",
		Description: "Make the edits that the verifier then accepts: each is made in a copy, compiled and verified, one diagnostic after the other, until the programs " +
			"are accepted or nothing helps. Returns a unified diff, the steps, and what is still wrong. Edits called safe keep what the program does; read those " +
			"called likely: whether they do what was meant is yours to judge. Nothing is written unless apply is true.",
		Annotations: hints,
	}, s.fix)
}

func (s *mcpServer) fix(ctx context.Context, c *mcpCall, a mcpFixArgs) (mcpAnswer, error) {
	max, err := most(a.MaxBytes)
	if err != nil {
		return mcpAnswer{}, err
	}
	f := fixFlags{checkFlags: flagsOf(a.Kernel, a.JIT, a.Program, max), apply: a.Apply, compile: a.Compile, steps: cmp.Or(a.MaxSteps, fix.DefaultSteps)}
	if err := f.check(); err != nil {
		return mcpAnswer{}, err
	}
	if err := onlyCompiles(a.Compile); err != nil {
		return mcpAnswer{}, err
	}
	path, err := c.existing(ctx, a.Path)
	if err != nil {
		return mcpAnswer{}, err
	}
	pool, note, err := s.pool(f.checkFlags)
	if err != nil {
		return mcpAnswer{}, err
	}
	release, err := s.slot(ctx)
	if err != nil {
		return mcpAnswer{}, err
	}
	defer release()
	c.at(ctx, "trying edits")
	// The pool's checker is for all programs.
	ck := pool.Checker().With(f.options(), diag.NewSources())
	result, err := fix.Run(ctx, fix.Options{Compile: f.compile, Steps: f.steps, Verify: fix.InPool(pool, ck.Options)}, []string{short(path)})
	if err != nil {
		return mcpAnswer{}, err
	}
	if f.apply {
		if ctx.Err() != nil {
			return mcpAnswer{}, context.Cause(ctx)
		}
		if err := fix.Write(result.Changes); err != nil {
			return mcpAnswer{}, err
		}
	}
	return fixAnswer(f, ck, result, note, max)
}

// fixAnswer is what became of the programs, as text and as data.
func fixAnswer(f fixFlags, ck *check.Checker, result fix.Result, note string, max int) (mcpAnswer, error) {
	var text strings.Builder
	r := newFixReport(&text, f, ck.Kernel())
	r.apply = "fix with apply true"
	r.overlay(result)
	text.WriteString(r.plain(result))
	if note != "" {
		fmt.Fprintf(&text, "note: %s\n", note)
	}
	doc, err := boundFix(r.document(result), max, "call again with a larger max_bytes, or for one program", func(w io.Writer, d fixDocument) error {
		return writeCompact(w, d)
	})
	return mcpAnswer{bounded(text.String(), max), doc}, err
}
