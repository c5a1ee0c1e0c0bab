package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type mcpLogArgs struct {
	Text     string `json:"text,omitempty" jsonschema:"text with the verifier's log in it: what a loader, bpftool, a test or a terminal printed; what is around the log does not matter. What has many megabytes is read sooner as a file: path"`
	Path     string `json:"path,omitempty" jsonschema:"a file with such a text, instead. Absolute, or relative to the project."`
	Object   string `json:"object,omitempty" jsonschema:"the compiled object that the log is of: then places have columns and variables their names"`
	Program  string `json:"program,omitempty" jsonschema:"name of the program that the log is of, where it does not say it"`
	MaxBytes int    `json:"max_bytes,omitempty" jsonschema:"size of the answer at most, 16000 if not given; the log itself is never part of it"`
}

func addLogTool(s *mcpServer, server *mcp.Server) {
	addTool(s, server, &mcp.Tool{
		Name: "log",
		Description: "Explain a verifier log that somebody already has, from any kernel and loader (libbpf, cilium/ebpf, aya, bpftool, tc, bcc, veristat), of any " +
			"length: what was refused, where, why, and what to write instead. No kernel is needed. Where the source can be compiled here, check says more.",
		Annotations: readsOnly("Explain a verifier log"),
	}, s.log)
}

func (s *mcpServer) log(ctx context.Context, c *mcpCall, a mcpLogArgs) (mcpAnswer, error) {
	max, err := most(a.MaxBytes)
	if err != nil {
		return mcpAnswer{}, err
	}
	path := "-"
	switch {
	case a.Text == "" && a.Path == "":
		return mcpAnswer{}, errors.New("no log: give text, or path of a file")
	case a.Text != "" && a.Path != "":
		return mcpAnswer{}, errors.New("text and path exclude each other: which of them is the log?")
	case a.Path != "":
		if path, err = c.existing(ctx, a.Path); err != nil {
			return mcpAnswer{}, err
		}
		path = short(path)
	}
	r := &logReader{sources: diag.NewSources(), program: a.Program}
	if a.Object != "" {
		at, err := c.existing(ctx, a.Object)
		if err != nil {
			return mcpAnswer{}, err
		}
		if err := r.open(at); err != nil {
			return mcpAnswer{}, err
		}
	}
	c.at(ctx, "reading the log")
	o, err := r.file(path, strings.NewReader(a.Text))
	if err != nil && len(o.Programs) == 0 {
		return mcpAnswer{}, fmt.Errorf("%s: %w", o.Path, err)
	}
	if err != nil {
		o.Error = err.Error()
	}
	check.Finish(&o, r.sources, r.dir)
	doc := mcpDocument{Document: diag.Document{Schema: diag.Schema, Tool: tool(), Objects: []diag.Object{o}}}
	return checkAnswer(doc, flagsOf("", "", "", max), r.sources, max)
}
