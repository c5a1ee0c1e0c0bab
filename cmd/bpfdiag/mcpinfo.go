package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/features"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type mcpExplainArgs struct {
	Code string `json:"code" jsonschema:"a code, such as BPF0101, or its name, such as null-pointer-dereference"`
}

func addExplainTool(s *mcpServer, server *mcp.Server) {
	addTool(s, server, &mcp.Tool{
		Name: "explain",
		Description: "The page of a code that check, fix or log has named: what it means, why the verifier cares, how to write it instead, with a program that is " +
			"rejected and its accepted twin.",
		Annotations: readsOnly("Explain a code"),
	}, func(_ context.Context, _ *mcpCall, a mcpExplainArgs) (mcpAnswer, error) {
		e, ok := explanationOf(strings.TrimSpace(a.Code))
		if !ok {
			return mcpAnswer{}, fmt.Errorf("there is no code or name %q; a code is BPF and four digits, as check, fix and log print it", a.Code)
		}
		return mcpAnswer{e.Markdown, e}, nil
	})
}

type mcpKernelsArgs struct{}

// mcpKernels is what kernels there are.
type mcpKernels struct {
	Default     string           `json:"default"`
	Kernels     []mcpKernelImage `json:"kernels"`   // that are built
	NotBuilt    []string         `json:"not_built"` // series that can be
	HowBuild    string           `json:"how_to_build"`
	JITs        []string         `json:"jits"`
	Unsupported string           `json:"unsupported,omitempty"` // why no kernel runs on this machine
}

type mcpKernelImage struct {
	Name    string `json:"name"`
	Release string `json:"release"`
	Note    string `json:"note,omitempty"`
}

func addKernelsTool(s *mcpServer, server *mcp.Server) {
	addTool(s, server, &mcp.Tool{
		Name:        "kernels",
		Description: "Which kernels can judge here, and which could be built. A verdict is that of one kernel: what 6.12 takes, 6.1 may not.",
		Annotations: readsOnly("List kernels"),
	}, func(context.Context, *mcpCall, mcpKernelsArgs) (mcpAnswer, error) {
		k, err := kernelsHere()
		if err != nil {
			return mcpAnswer{}, err
		}
		return mcpAnswer{k.text(), k}, nil
	})
}

func kernelsHere() (mcpKernels, error) {
	k := mcpKernels{Default: kernel.Default, Kernels: []mcpKernelImage{}, NotBuilt: []string{}, JITs: umlinux.JITs,
		HowBuild: "`bpfdiag kernel build SERIES` in a terminal: once, about 5 minutes, without root"}
	if err := umlinux.Supported(); err != nil {
		k.Unsupported = err.Error()
	}
	images, err := kernel.List()
	if err != nil {
		return k, err
	}
	built := map[string]bool{}
	for _, img := range images {
		built[img.Name] = true
		k.Kernels = append(k.Kernels, mcpKernelImage{img.Name, img.Release, img.StaleReason})
	}
	for _, s := range kernel.AllSeries() {
		if !built[s.Name] {
			k.NotBuilt = append(k.NotBuilt, s.Name)
		}
	}
	return k, nil
}

func (k *mcpKernels) text() string {
	var b strings.Builder
	for _, img := range k.Kernels {
		fmt.Fprintf(&b, "%s: Linux %s", img.Name, img.Release)
		if img.Name == k.Default {
			b.WriteString(" (default)")
		}
		if img.Note != "" {
			b.WriteString("; " + img.Note)
		}
		b.WriteByte('\n')
	}
	if len(k.NotBuilt) > 0 {
		fmt.Fprintf(&b, "not built: %s; %s\n", strings.Join(k.NotBuilt, ", "), k.HowBuild)
	}
	if k.Unsupported != "" {
		fmt.Fprintf(&b, "none of them runs here: %s\n", k.Unsupported)
	}
	return b.String()
}

type mcpFeaturesArgs struct {
	Names    []string `json:"names,omitempty" jsonschema:"what is asked about: helpers and kfuncs (bpf_loop), map types (ringbuf), program types or sections (xdp, fentry.s, struct_ops/sched_ext_ops.dispatch). Without any: an overview of program types, maps and limits."`
	Types    []string `json:"types,omitempty" jsonschema:"program types or sections: with names, may programs of these types use them?"`
	Kernel   string   `json:"kernel,omitempty" jsonschema:"kernels to ask, with commas between them, or all that are built: then what differs is said. 6.12 if not given."`
	JIT      string   `json:"jit,omitempty" jsonschema:"JIT that the verifier answers for: x86-64 (if not given), arm64, riscv64 …"`
	MaxBytes int      `json:"max_bytes,omitempty" jsonschema:"size of the answer at most, 16000 if not given"`
}

func addFeaturesTool(s *mcpServer, server *mcp.Server) {
	addTool(s, server, &mcp.Tool{
		Name: "features",
		Description: "Ask kernels what BPF programs may do: which helpers, kfuncs and maps a program type may use, what it may read of its context and return; or which " +
			"program types may call a function, and since which kernel. The answers are the verifier's own, found by loading small programs. " +
			"Ask about one function or one type: an overview is long.",
		Annotations: readsOnly("What BPF programs may do"),
	}, s.features)
}

func (s *mcpServer) features(ctx context.Context, c *mcpCall, a mcpFeaturesArgs) (mcpAnswer, error) {
	max, err := most(a.MaxBytes)
	if err != nil {
		return mcpAnswer{}, err
	}
	jit := cmp.Or(a.JIT, umlinux.JITs[0])
	if err := oneOf("jit", jit, umlinux.JITs...); err != nil {
		return mcpAnswer{}, err
	}
	c.at(ctx, "asking the verifier")
	q := features.Query{Types: a.Types, Names: a.Names}
	report, err := askKernels(ctx, cmp.Or(a.Kernel, kernel.Default), q, func(name string) (*check.Checker, loader.Machine, error) {
		pool, _, err := s.pool(flagsOf(name, jit, "", max))
		if err != nil {
			return nil, nil, err
		}
		return pool.Checker(), &pooledMachine{s, pool}, nil
	})
	if err != nil {
		return mcpAnswer{}, err
	}
	data, err := report.JSON(max, moreFeatures)
	if err != nil {
		return mcpAnswer{}, err
	}
	var text strings.Builder
	if err := report.WriteText(&text, 0); err != nil {
		return mcpAnswer{}, err
	}
	return mcpAnswer{bounded(text.String(), max), data}, nil
}

// moreFeatures is how to get names that were left out.
const moreFeatures = "ask about one type, kernel or function, or call again with a larger max_bytes"

// pooledMachine asks in a guest of a pool. Each Do is complete in itself.
type pooledMachine struct {
	server *mcpServer
	pool   *check.Pool
}

// Do makes calls in a guest that is up, or boots one.
func (p *pooledMachine) Do(ctx context.Context, calls []umlinux.Call, timeout time.Duration) (replies []umlinux.Reply, err error) {
	release, err := p.server.slot(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	err = p.pool.Do(ctx, func(m loader.Machine) (err error) {
		replies, err = m.Do(ctx, calls, timeout)
		return err
	})
	return replies, err
}

// Grow is not for questions.
func (p *pooledMachine) Grow() bool { return false }
