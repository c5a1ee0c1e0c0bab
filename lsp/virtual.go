package lsp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// virtualScheme is that of documents which are no files: pages of codes, logs.
const virtualScheme = "bpfdiag"

// description links a code to its page.
func (s *Server) description(code string) *CodeDescription {
	page, ok := s.backend.Page(code)
	if !ok || !s.client.TextDocument.PublishDiagnostics.CodeDescriptionSupport {
		return nil
	}
	if s.client.Workspace.TextDocumentContent != nil {
		return &CodeDescription{pageURI(code)}
	}
	path, err := s.write("explain", code+".md", page.Markdown)
	if err != nil {
		return nil
	}
	return &CodeDescription{uriOf(path)}
}

func pageURI(code string) DocumentURI { return virtualScheme + ":/explain/" + code + ".md" }

// logURI names a log by what its program's diagnostics have as data. That is in
// letters which no client writes in another way: VS Code makes %26 of a query's &.
func logURI(name string, about DiagnosticData) DocumentURI {
	data, _ := json.Marshal(about) // strings only
	return virtualScheme + ":/log/" + url.PathEscape(name) + "?" + base64.RawURLEncoding.EncodeToString(data)
}

// textDocumentContent is a virtual document's text.
func (s *Server) textDocumentContent(ctx context.Context, p TextDocumentContentParams) (any, error) {
	u, err := url.Parse(p.URI)
	if err != nil || u.Scheme != virtualScheme {
		return nil, fmt.Errorf("%.100q is no document of bpfdiag's", p.URI)
	}
	kind, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	switch kind {
	case "explain":
		page, ok := s.backend.Page(strings.TrimSuffix(rest, ".md"))
		if !ok {
			return nil, fmt.Errorf("there is no code %.40q", rest)
		}
		return TextDocumentContentResult{page.Markdown}, nil
	case "log":
		var about DiagnosticData
		data, err := base64.RawURLEncoding.DecodeString(u.RawQuery)
		if err == nil {
			err = json.Unmarshal(data, &about)
		}
		if err != nil {
			return nil, fmt.Errorf("%.100q is no document of bpfdiag's", p.URI)
		}
		log, _, err := s.logOf(ctx, about)
		if err != nil {
			return nil, err
		}
		return TextDocumentContentResult{log}, nil
	}
	return nil, fmt.Errorf("%.100q is no document of bpfdiag's", p.URI)
}

// write puts a text into a file of the session's own folder, which is removed
// when it ends. It is for clients that know no virtual documents. Server.mu is held.
func (s *Server) write(kind, name, content string) (string, error) {
	if s.folder == "" {
		dir, err := os.MkdirTemp("", "bpfdiag-lsp-")
		if err != nil {
			return "", err
		}
		s.folder = dir
	}
	path := filepath.Join(s.folder, kind, name)
	if old, err := os.Stat(path); err == nil && kind == "explain" && old.Size() == int64(len(content)) {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, []byte(content), 0o600)
}
