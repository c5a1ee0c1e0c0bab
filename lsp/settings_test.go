package lsp

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	for _, test := range []struct{ raw, want, err string }{
		{"", "type", ""},
		{"null", "type", ""},
		{"[ ]", "type", ""}, // Neovim, for an empty table
		{"{}", "type", ""},
		{`{"verify": "save", "path": "of the client's own"}`, "save", ""},
		{`{"verify": "never"}`, "type", "bpfdiag.verify"},
		{`["save"]`, "type", "settings of bpfdiag"},
	} {
		s, err := DefaultSettings().with(json.RawMessage(test.raw))
		if s.Verify != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: verify is %q, error %v", test.raw, s.Verify, err)
		}
	}
}
