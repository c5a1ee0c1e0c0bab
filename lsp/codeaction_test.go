package lsp

import (
	"slices"
	"testing"
)

// TestCodeActionOfLine: the fix of an error is offered wherever on its line the
// cursor is, and on no other line.
func TestCodeActionOfLine(t *testing.T) {
	c := begin(t, &fake{}, everything)
	uri := c.open("a.c", "int x;\n\tint y; BUG1\nint z;\n")
	c.expect(uri, "BUG1")
	for _, test := range []struct {
		line, character uint32
		want            bool
	}{{0, 6, false}, {1, 0, true}, {1, 10, true}, {1, 13, true}, {2, 0, false}} {
		p := CodeActionParams{TextDocument: TextDocumentIdentifier{uri}, Range: *at(test.line, test.character, test.character)}
		var actions []CodeAction
		c.request("textDocument/codeAction", p, &actions)
		if got := slices.ContainsFunc(actions, func(a CodeAction) bool { return a.Title == "Check it" }); got != test.want {
			t.Errorf("at %d:%d it is %v that the fix is offered", test.line, test.character, got)
		}
	}
}
