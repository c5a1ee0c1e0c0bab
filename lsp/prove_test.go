package lsp

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
)

// TestProve: errors are shown before their fixes are tried; then a fix that the verifier
// accepts says so, and one that it refuses is a sentence.
func TestProve(t *testing.T) {
	begun, goOn := make(chan bool, 10), make(chan bool)
	b := &fake{prove: func(ctx context.Context, o diag.Object) (diag.Object, error) {
		begun <- true
		select {
		case <-goOn:
		case <-ctx.Done():
			return diag.Object{}, ctx.Err()
		}
		o.Programs = slices.Clone(o.Programs)
		p := &o.Programs[0]
		p.Diagnostics = slices.Clone(p.Diagnostics)
		p.Diagnostics[0].Helps = []diag.Help{p.Diagnostics[0].Helps[0]}
		p.Diagnostics[0].Helps[0].Verified = true
		p.Diagnostics[1].Helps = []diag.Help{{Text: "think it over"}}
		return o, nil
	}}
	c := begin(t, b, everything)
	uri := c.open("a.c", "BUG1;\nBUG2;\n")
	c.expect(uri, "BUG1", "BUG2")
	titles := func(line uint32, trigger int) (all []string) {
		var actions []CodeAction
		p := CodeActionParams{TextDocument: TextDocumentIdentifier{uri}, Range: *at(line, 0, 0)}
		p.Context.TriggerKind = trigger
		c.request("textDocument/codeAction", p, &actions)
		for _, a := range actions {
			if a.Edit != nil {
				all = append(all, a.Title)
			}
		}
		return all
	}
	<-begun
	if got := titles(0, triggerAutomatic); !slices.Equal(got, []string{"Check it"}) {
		t.Errorf("while it is tried: %q", got)
	}

	// An edit ends the trials; those of the new text begin. Places are those of today, and who
	// asks waits for them.
	c.edit(uri, at(0, 0, 0), "int x;\n")
	<-begun
	time.AfterFunc(10*time.Millisecond, func() { close(goOn) })
	if got := titles(2, 0); got != nil {
		t.Errorf("what is refused is offered: %q", got)
	}
	if got := titles(1, 0); !slices.Equal(got, []string{"Check it (verified)"}) {
		t.Errorf("accepted: %q", got)
	}
}
