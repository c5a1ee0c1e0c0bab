package lsp

import (
	"context"
	"encoding/json"

	"github.com/sourcegraph/jsonrpc2"
)

// notifications and requests are the methods that are handled.
var notifications = map[string]func(*Server, json.RawMessage) error{
	"$/cancelRequest":                     notification((*Server).cancelRequest),
	"initialized":                         notification((*Server).initialized),
	"textDocument/didOpen":                notification((*Server).didOpen),
	"textDocument/didChange":              notification((*Server).didChange),
	"textDocument/didSave":                notification((*Server).didSave),
	"textDocument/didClose":               notification((*Server).didClose),
	"window/workDoneProgress/cancel":      notification((*Server).cancelProgress),
	"workspace/didChangeConfiguration":    notification((*Server).didChangeConfiguration),
	"workspace/didChangeWatchedFiles":     notification((*Server).didChangeWatchedFiles),
	"workspace/didChangeWorkspaceFolders": notification((*Server).didChangeWorkspaceFolders),
}

var requests map[string]func(*Server, context.Context, json.RawMessage) (any, error)

func init() {
	requests = map[string]func(*Server, context.Context, json.RawMessage) (any, error){
		"initialize":                    request((*Server).initialize),
		"shutdown":                      request((*Server).shutdown),
		"textDocument/codeAction":       request((*Server).codeAction),
		"textDocument/codeLens":         request((*Server).codeLens),
		"textDocument/diagnostic":       request((*Server).diagnostic),
		"textDocument/hover":            request((*Server).hover),
		"textDocument/inlayHint":        request((*Server).inlayHint),
		"workspace/diagnostic":          request((*Server).workspaceDiagnostic),
		"workspace/executeCommand":      request((*Server).executeCommand),
		"workspace/textDocumentContent": request((*Server).textDocumentContent),
	}
}

// notification and request decode a method's parameters.
func notification[P any](f func(*Server, P) error) func(*Server, json.RawMessage) error {
	return func(s *Server, raw json.RawMessage) error {
		var p P
		if err := json.Unmarshal(raw, &p); err != nil {
			return err
		}
		return f(s, p)
	}
}

func request[P any](f func(*Server, context.Context, P) (any, error)) func(*Server, context.Context, json.RawMessage) (any, error) {
	return func(s *Server, ctx context.Context, raw json.RawMessage) (any, error) {
		var p P
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
		}
		return f(s, ctx, p)
	}
}
