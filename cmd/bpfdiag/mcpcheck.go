package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type mcpCheckArgs struct {
	Path     string `json:"path,omitempty" jsonschema:"what to verify: a C source, which is compiled as the project does; a compiled BPF object; or a compile_commands.json, for all BPF sources in it. Absolute, or relative to the project."`
	Text     string `json:"text,omitempty" jsonschema:"a C source, verified in place of what is in path (which need not exist), so that an edit can be tried before it is written. Without path it stands alone, with the headers of the system and the project."`
	Kernel   string `json:"kernel,omitempty" jsonschema:"kernel whose verifier judges: a series such as 6.1 or 6.12, or newest; the tool kernels lists what there is. 6.12 if not given."`
	JIT      string `json:"jit,omitempty" jsonschema:"judge as a machine of this architecture would: x86-64 (if not given), arm64, riscv64 …"`
	Program  string `json:"program,omitempty" jsonschema:"only programs whose function name matches this glob"`
	Compile  string `json:"compile,omitempty" jsonschema:"clang with the options that compile, {source} and {output} in it, where compile_commands.json and .bpfdiag.toml do not say it"`
	MaxBytes int    `json:"max_bytes,omitempty" jsonschema:"size of the answer at most, 16000 if not given. What matters most stays; left_out says what is missing."`
}

func addCheckTool(s *mcpServer, server *mcp.Server) {
	hints := readsOnly("Verify BPF programs")
	hints.ReadOnlyHint = false // it runs the commands that the project has for its compilation
	addTool(s, server, &mcp.Tool{
		Name: "check",
		Description: "Compile a BPF C source (or take a compiled object), have the verifier of a real Linux kernel judge each program, and explain each " +
			"rejection: a code, where and why in the source, what to write instead. Verdicts: accepted; rejected, the verifier's word; error, it could not be asked " +
			"(the program asks for what this kernel lacks, or does not compile). helps[].edits are exact edits of the source. Writes nothing; needs no root.",
		Annotations: hints,
	}, s.check)
}

// mcpDocument is a document with what the compiler says of sources that do not compile.
type mcpDocument struct {
	diag.Document
	Compiler string   `json:"compiler,omitempty"`
	Notes    []string `json:"notes,omitempty"`
}

// flagsOf are the flags of `bpfdiag check` that a call stands for.
func flagsOf(kernelName, jit, program string, max int) checkFlags {
	f := checkFlags{kernel: cmp.Or(kernelName, kernel.Default), jit: cmp.Or(jit, umlinux.JITs[0]), timeout: time.Minute, jobs: 1,
		outputFlags: outputFlags{format: "text", color: "never", quiet: true, most: max}}
	if program != "" {
		f.programs = []string{program}
	}
	return f
}

func (s *mcpServer) check(ctx context.Context, c *mcpCall, a mcpCheckArgs) (mcpAnswer, error) {
	max, err := most(a.MaxBytes)
	if err != nil {
		return mcpAnswer{}, err
	}
	f := flagsOf(a.Kernel, a.JIT, a.Program, max)
	if err := f.check(); err != nil {
		return mcpAnswer{}, err
	}
	if err := onlyCompiles(a.Compile); err != nil {
		return mcpAnswer{}, err
	}
	path, texts, err := c.source(ctx, a.Path, a.Text)
	if err != nil {
		return mcpAnswer{}, err
	}
	pool, note, err := s.pool(f)
	if err != nil {
		return mcpAnswer{}, err
	}
	c.at(ctx, "compiling")
	var said strings.Builder
	built, err := compileSources(ctx, []string{path}, a.Compile, texts, &said)
	if err != nil {
		return mcpAnswer{}, err
	}
	defer built.Close()
	sources := diag.NewSources().Overlay(texts)
	doc := mcpDocument{Document: diag.Document{Schema: diag.Schema, Tool: tool(), Kernel: pool.Checker().Kernel(), Objects: built.failed}, Compiler: said.String()}
	if note != "" {
		doc.Notes = append(doc.Notes, note)
	}
	objects, err := s.verify(ctx, c, pool, f, sources, built, texts)
	if err != nil {
		if ctx.Err() == nil {
			s.forget(f) // its kernel does not boot
		}
		return mcpAnswer{}, err
	}
	doc.Objects = append(doc.Objects, objects...)
	return checkAnswer(doc, f, sources, max)
}

// source is what a call is about: a file, and texts that stand in for files.
func (c *mcpCall) source(ctx context.Context, path, text string) (string, map[string]string, error) {
	switch {
	case path == "" && text == "":
		return "", nil, errors.New("nothing to verify: give path (a C source, an object, a compile_commands.json) or text (a C source)")
	case text == "":
		path, err := c.existing(ctx, path)
		return short(path), nil, err
	}
	path, err := c.locate(ctx, cmp.Or(path, "inline.bpf.c"))
	if err != nil {
		return "", nil, err
	}
	if filepath.Ext(path) != ".c" {
		return "", nil, fmt.Errorf("text is that of a C source, and %s is none; without path it stands alone", path)
	}
	return short(path), map[string]string{path: text}, nil
}

// verify has guests judge objects side by side.
func (s *mcpServer) verify(ctx context.Context, c *mcpCall, pool *check.Pool, f checkFlags, sources *diag.Sources, built *compiled, texts map[string]string) ([]diag.Object, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ck := pool.Checker().With(f.options(), sources)
	out := make([]diag.Object, len(built.paths))
	var done sync.WaitGroup
	c.at(ctx, "verifying "+plural(len(built.paths), "object"))
	for i, path := range built.paths {
		done.Go(func() {
			release, err := s.slot(ctx)
			if err != nil {
				return
			}
			defer release()
			err = pool.Do(ctx, func(m loader.Machine) (err error) {
				out[i], err = judge(ctx, ck, m, path, texts)
				return err
			})
			if err != nil {
				cancel(err)
			}
		})
	}
	done.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	c.at(ctx, "trying edits")
	e := editsIn(pool, ck, proveAuto, nil, io.Discard)
	for i := range out {
		if err := e.of(ctx, built, texts, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// judge checks one object, which may be compiled from texts.
func judge(ctx context.Context, ck *check.Checker, m loader.Machine, path string, texts map[string]string) (diag.Object, error) {
	if len(texts) == 0 {
		return ck.Object(ctx, m, path)
	}
	data, err := object.Read(path)
	if err != nil {
		return diag.Object{}, err
	}
	o, err := object.Parse(path, data)
	if err != nil {
		return diag.Object{Path: path, Error: err.Error(), Programs: []diag.Program{}}, nil
	}
	// Clang takes the lines that it records from the disk.
	o.SetText(texts)
	return ck.Parsed(ctx, m, o)
}

// checkAnswer is a document as text and as data, each within max bytes.
func checkAnswer(doc mcpDocument, f checkFlags, sources *diag.Sources, max int) (mcpAnswer, error) {
	for i := range doc.Objects {
		render(&doc.Objects[i], sources)
	}
	text := doc.text(f, sources)
	var whole bool
	if doc.Compiler, whole = cutLines(doc.Compiler, max/4); !whole {
		doc.Compiler += "…\n"
	}
	said, notes := doc.Compiler, doc.Notes
	d, err := diag.Bound(doc.Document, max, moreMCP, func(w io.Writer, d diag.Document) error {
		return writeCompact(w, mcpDocument{d, said, notes})
	})
	if err != nil {
		return mcpAnswer{}, err
	}
	if d.Objects == nil {
		d.Objects = []diag.Object{}
	}
	return mcpAnswer{bounded(text, max), mcpDocument{d, said, notes}}, nil
}

// text is what `bpfdiag check` prints; what failed is in front.
func (d *mcpDocument) text(f checkFlags, sources *diag.Sources) string {
	var b strings.Builder
	b.WriteString(d.Compiler)
	f.quiet = false
	r := newTextReporter(&b, f.outputFlags, sources)
	failedFirst := func(p diag.Program) int {
		if p.Verdict == diag.Accepted || p.Verdict == diag.Skipped {
			return 1
		}
		return 0
	}
	var end strings.Builder
	_ = newTextReporter(&end, f.outputFlags, sources).end(d.Document)
	b.WriteString(end.String())
	for _, o := range d.Objects {
		o.Programs = slices.Clone(o.Programs)
		slices.SortStableFunc(o.Programs, func(a, b diag.Program) int { return failedFirst(a) - failedFirst(b) })
		_ = r.object(o)
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}
