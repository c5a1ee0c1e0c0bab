package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sourcegraph/jsonrpc2"
)

// The commands. All but verify take a DiagnosticData and return what they show,
// so that a client can show it in a better way.
const (
	commandVerify   = "bpfdiag.verify"   // [URI]: verify now; returns when it is done
	commandExplain  = "bpfdiag.explain"  // the page of a code
	commandShowLog  = "bpfdiag.showLog"  // the verifier's log, at the instruction that failed
	commandShowPath = "bpfdiag.showPath" // what led to the error
)

func commandNames() []string {
	return []string{commandVerify, commandExplain, commandShowLog, commandShowPath}
}

func (s *Server) executeCommand(ctx context.Context, p ExecuteCommandParams) (any, error) {
	if p.Command == commandVerify {
		var uri DocumentURI
		if len(p.Arguments) > 0 {
			if err := json.Unmarshal(p.Arguments[0], &uri); err != nil {
				return nil, invalid(err)
			}
		}
		return s.verifyCommand(ctx, uri)
	}
	var about DiagnosticData
	if len(p.Arguments) != 1 {
		return nil, invalid(fmt.Errorf("%s takes one argument", p.Command))
	}
	if err := json.Unmarshal(p.Arguments[0], &about); err != nil {
		return nil, invalid(err)
	}
	switch p.Command {
	case commandExplain:
		return s.explain(about)
	case commandShowLog:
		return s.showLog(ctx, about)
	case commandShowPath:
		return s.showPath(about)
	}
	return nil, invalid(fmt.Errorf("there is no command %.60q", p.Command))
}

func invalid(err error) error {
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
}

// verifyCommand verifies the objects of a file, or all, and waits for the
// verdicts.
func (s *Server) verifyCommand(ctx context.Context, uri DocumentURI) (any, error) {
	s.mu.Lock()
	units := s.sortedUnits()
	if uri != "" {
		f := s.documents[uri]
		if f == nil {
			s.mu.Unlock()
			return nil, fmt.Errorf("%.200s is not open", uri)
		}
		found := f.found
		s.mu.Unlock()
		select {
		case <-found:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		s.mu.Lock()
		units = s.unitsOf(f)
	}
	if len(units) == 0 {
		s.mu.Unlock()
		return nil, errors.New("no eBPF object is made from this file, as far as is known; .bpfdiag.toml can name its command")
	}
	var waits []chan struct{}
	for _, u := range units {
		w := make(chan struct{})
		u.waiting = append(u.waiting, w)
		waits = append(waits, w)
		s.schedule(u, 0)
	}
	s.mu.Unlock()
	for i, w := range waits {
		select {
		case <-w:
		case <-ctx.Done():
			s.mu.Lock()
			for _, u := range units[i:] {
				u.cancel()
			}
			s.mu.Unlock()
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	summary := []string{}
	for _, u := range units {
		if u.trouble != "" {
			summary = append(summary, u.Name+": "+u.trouble)
			continue
		}
		if u.result == nil {
			continue
		}
		for _, p := range u.result.programs {
			for _, v := range p.verdicts {
				summary = append(summary, fmt.Sprintf("%s (Linux %s): %s", p.name, v.kernel.Release, verdictText(v.program)))
			}
		}
	}
	return summary, nil
}

// shownDocument is what a command has shown: the document, and the line, from 0,
// that matters in it.
type shownDocument struct {
	URI  DocumentURI `json:"uri"`
	Line int         `json:"line"`
}

func (s *Server) explain(about DiagnosticData) (any, error) {
	page, ok := s.backend.Page(about.Code)
	if !ok {
		return nil, fmt.Errorf("there is no code %.40q", about.Code)
	}
	return s.show(pageURI(about.Code), "explain", about.Code+".md", page.Markdown, 0)
}

// show has the client show a document: as a virtual one if it can, as a file
// otherwise.
func (s *Server) show(virtual DocumentURI, kind, name, content string, line int) (any, error) {
	s.mu.Lock()
	d := shownDocument{virtual, line}
	if s.client.Workspace.TextDocumentContent == nil {
		path, err := s.write(kind, name, content)
		if err != nil {
			s.mu.Unlock()
			return nil, err
		}
		d.URI = uriOf(path)
	}
	can := s.client.Window.ShowDocument.Support
	s.mu.Unlock()
	if can {
		at := Range{Start: Position{Line: uint32(line)}, End: Position{Line: uint32(line)}}
		s.start(func() {
			s.call("window/showDocument", ShowDocumentParams{URI: d.URI, TakeFocus: true, Selection: &at}, nil)
		})
	}
	return d, nil
}

// showLog shows a program's whole log.
func (s *Server) showLog(ctx context.Context, about DiagnosticData) (any, error) {
	log, line, err := s.logOf(ctx, about)
	if err != nil {
		return nil, err
	}
	name := strings.ReplaceAll(about.Program, "/", "_") + ".log"
	return s.show(logURI(name, about), "log", name, log, line)
}

// logOf has the verifier tell a program's log again, and finds the line, from 0, of the
// complaint in it.
func (s *Server) logOf(ctx context.Context, about DiagnosticData) (log string, line int, err error) {
	s.mu.Lock()
	u := s.units[about.Object]
	if u == nil || u.result == nil {
		s.mu.Unlock()
		return "", 0, fmt.Errorf("%.200s has not been verified", about.Object)
	}
	built, settings := u.result.built, s.settingsOf(u.where())
	kernel := ""
	for _, p := range u.result.programs {
		for _, v := range p.verdicts {
			if p.name == about.Program && (v.kernel.Release == about.Kernel || about.Kernel == "") {
				kernel = v.asked
				for _, d := range v.program.Diagnostics {
					if len(d.LogLines) > 0 {
						line = max(d.LogLines[0]-1, 0)
					}
				}
			}
		}
	}
	s.mu.Unlock()
	log, err = s.backend.Log(ctx, settings, built, kernel, about.Program)
	return log, line, err
}

// step is one place on the way to an error.
type step struct {
	Location Location `json:"location"`
	Text     string   `json:"text"`
	Primary  bool     `json:"primary,omitempty"`
}

// showPath returns the places that led to an error, in the order in which they were
// come by.
func (s *Server) showPath(about DiagnosticData) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.units[about.Object]
	if u == nil {
		return nil, fmt.Errorf("%.200s has not been verified", about.Object)
	}
	for _, f := range u.findings() {
		if f.program != about.Program || f.diag.Code != about.Code {
			continue
		}
		steps := []step{}
		for i, l := range f.diag.Labels {
			if pl := f.labels[i]; shown(pl) {
				t := l.Text
				if l.Primary {
					t = strings.TrimSuffix(f.diag.Message+": "+l.Text, ": ")
				}
				steps = append(steps, step{Location{pl.file.uri, pl.rangeOf(s.encoding)}, t, l.Primary})
			}
		}
		return steps, nil
	}
	return nil, errors.New("this error is not there any more")
}
