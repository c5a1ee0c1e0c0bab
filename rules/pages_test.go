package rules

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/rules/messages"
)

// TestPages: every page is one of a code, and every rule has a page. That its
// programs do what it says is tested with kernels, in cmd/bpfdiag.
func TestPages(t *testing.T) {
	codes := map[string]messages.Code{}
	for _, c := range messages.Codes() {
		codes[c.ID] = c
	}
	files, err := fs.Glob(pageFiles, "pages/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := fs.ReadFile(pageFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		id := strings.TrimSuffix(strings.TrimPrefix(f, "pages/"), ".md")
		c, ok := codes[id]
		if !ok {
			t.Errorf("%s is of no code", f)
			continue
		}
		p, err := parsePage(c, string(text))
		if err != nil {
			t.Error(err)
		}
		if !strings.HasSuffix(p.Summary, ".") || len(p.Summary) > 160 {
			t.Errorf("%s: its first sentence is %q", f, p.Summary)
		}
	}
	for code := range registered {
		if _, ok := PageOf(code); !ok {
			t.Errorf("%s has a rule and no page", code)
		}
	}
}
