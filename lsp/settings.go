package lsp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Settings are what a user chooses, in initializationOptions or in the section
// "bpfdiag" of the editor's settings.
type Settings struct {
	Kernels    []string `json:"kernels"`    // those that judge; the first one's verdict is shown first. Empty: the project's, or the default one
	JIT        string   `json:"jit"`        // architecture whose JIT the verifier believes in; empty is x86-64
	Verify     string   `json:"verify"`     // when: "type", "save" or "command"
	Delay      int      `json:"delay"`      // after the last key, in milliseconds
	Timeout    int      `json:"timeout"`    // for one program, in seconds
	Hints      bool     `json:"hints"`      // what led to an error, as hints where it happened
	InlayHints bool     `json:"inlayHints"` // what the verifier knows of variables
	CodeLens   bool     `json:"codeLens"`   // the verdict above each program
}

// When a file is verified.
const (
	verifyType    = "type"
	verifySave    = "save"
	verifyCommand = "command"
)

// DefaultSettings are those of an editor that says nothing.
func DefaultSettings() Settings {
	return Settings{Verify: verifyType, Delay: 250, Timeout: 60, Hints: true, InlayHints: true, CodeLens: true}
}

// with returns the settings with what a client says in their place. Anything
// that is wrong is an error, and then nothing is changed.
func (s Settings) with(raw json.RawMessage) (Settings, error) {
	// An empty table of Lua's is sent as an empty list.
	if text := strings.Join(strings.Fields(string(raw)), ""); text == "" || text == "null" || text == "[]" {
		return s, nil
	}
	n := s
	n.Kernels = slices.Clone(s.Kernels)
	if err := json.Unmarshal(raw, &n); err != nil {
		return s, fmt.Errorf("the settings of bpfdiag: %w", err)
	}
	switch {
	case !slices.Contains([]string{verifyType, verifySave, verifyCommand}, n.Verify):
		return s, fmt.Errorf("the setting bpfdiag.verify is %q; it can be type, save or command", n.Verify)
	case n.Delay < 0 || n.Delay > 60_000:
		return s, fmt.Errorf("the setting bpfdiag.delay is %d; it can be 0 to 60000 ms", n.Delay)
	case n.Timeout < 1 || n.Timeout > 3600:
		return s, fmt.Errorf("the setting bpfdiag.timeout is %d; it can be 1 to 3600 s", n.Timeout)
	}
	return n, nil
}

// settingsOf are those of the folder that a path is in. Server.mu is held.
func (s *Server) settingsOf(path string) Settings {
	path = canonical(path)
	found, longest := s.settings, -1
	for folder, settings := range s.scoped {
		if len(folder) > longest && within(path, folder) {
			found, longest = settings, len(folder)
		}
	}
	return found
}

func (s *Settings) delay() time.Duration { return time.Duration(s.Delay) * time.Millisecond }
