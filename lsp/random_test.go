package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestRandomEdits is a session of 500 edits, of all kinds and at random places,
// while verdicts arrive early and late. Whatever is published lies on the very
// words that it is about, in the text of the version that it names.
func TestRandomEdits(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		for _, e := range []encoding{utf8Encoding, utf16Encoding} {
			t.Run(fmt.Sprintf("%s seed %d", e, seed), func(t *testing.T) { randomEdits(t, e, seed) })
		}
	}
}

func randomEdits(t *testing.T, e encoding, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	pauses := rand.New(rand.NewPCG(seed, 1))
	b := &fake{}
	b.pause = func(context.Context) {
		b.mu.Lock()
		n := pauses.IntN(4)
		b.mu.Unlock()
		time.Sleep(time.Duration(n) * time.Millisecond)
	}
	c := begin(t, b, strings.TrimSuffix(everything, "}")+fmt.Sprintf(`, "general": {"positionEncodings": [%q]}}`, e))
	now := newText(strings.Repeat("FROM1 x\nint y; 😀 BUG1 é BUG2\n\tz\r\nBUG3\n", 5))
	uri := c.open("a.c", now.content)
	texts := map[int32]text{1: now}
	checked := 0
	for i := range 500 {
		start := r.IntN(len(now.content) + 1)
		end := min(len(now.content), start+[]int{0, 0, 0, 0, 1, 2, 5, 30}[r.IntN(8)])
		new := []string{"", "x", "\n", "BUG4 ", "FROM2 ", "\r\n", "😀", "BUG" + fmt.Sprint(r.IntN(9)) + "\n", " ", "NOCOMPILE", "BACKEND", "// é\n"}[r.IntN(12)]
		at := now.rangeOf(start, end, e) // whole characters, as a client has it
		start, end = now.offset(at.Start, e), now.offset(at.End, e)
		switch {
		case i%50 == 49: // the user pauses, and is shown all of the text as it is
			now = newText(compilable(now.content) + "BUG5\n")
			c.edit(uri, nil, now.content)
			texts[c.version] = now
			c.expect(uri, bugs(now.content)...)
		case r.IntN(20) == 0: // an editor that sends the whole text
			now = newText(compilable(now.content))
			c.edit(uri, nil, now.content)
		default:
			now = newText(splice(now.content, start, end, new))
			c.edit(uri, &at, new)
		}
		texts[c.version] = now
		if r.IntN(3) == 0 {
			time.Sleep(time.Duration(r.IntN(4)) * time.Millisecond)
		}
		checked = checkPublished(t, c, e, texts, checked)
	}
	c.expect(uri, bugs(now.content)...)
	checkPublished(t, c, e, texts, checked)
}

func compilable(text string) string {
	// What is left when a word is taken out may be another.
	for {
		less := strings.NewReplacer("NOCOMPILE", "", "BACKEND", "").Replace(text)
		if less == text {
			return text
		}
		text = less
	}
}

// bugs are what the fake verifier complains about in a text.
func bugs(text string) []string {
	var all []string
	for _, w := range bug.FindAllString(text, -1) {
		if strings.HasPrefix(w, "BUG") {
			all = append(all, w)
		}
	}
	return all
}

// checkPublished looks at what was published since the last time.
func checkPublished(t *testing.T, c *client, e encoding, texts map[int32]text, from int) int {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.published[from:] {
		if p.Version == nil {
			t.Fatal("diagnostics of an open file have no version")
		}
		now := texts[*p.Version]
		for _, d := range p.Diagnostics {
			word := strings.TrimPrefix(firstLine(d.Message), "here: ")
			checkCovers(t, &now, e, d.Range, word)
			for _, rel := range d.RelatedInformation {
				checkCovers(t, &now, e, rel.Location.Range, strings.TrimPrefix(rel.Message, "here: "))
			}
		}
	}
	return len(c.published)
}

func checkCovers(t *testing.T, now *text, e encoding, r Range, word string) {
	t.Helper()
	start, end := now.offset(r.Start, e), now.offset(r.End, e)
	if now.rangeOf(start, end, e) != r {
		t.Fatalf("%v lies outside of the text", r)
	}
	if got := now.content[start:end]; got != word {
		t.Fatalf("%v covers %q, and is about %q", r, got, word)
	}
}

// TestRandomEditsPulled does the same for a client that asks: each answer is of
// the text that the server has been told.
func TestRandomEditsPulled(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 0))
	c := begin(t, &fake{}, `{"textDocument": {"diagnostic": {}, "publishDiagnostics": {"relatedInformation": true}}, "workspace": {"diagnostics": {"refreshSupport": true}}}`)
	now := newText(strings.Repeat("FROM1 x\nint y; 😀 BUG1 é BUG2\n", 5))
	uri := c.open("a.c", now.content)
	for i := range 500 {
		start := r.IntN(len(now.content) + 1)
		at := now.rangeOf(start, min(len(now.content), start+r.IntN(4)), utf16Encoding)
		new := []string{"", "x", "\n", "BUG4 ", "😀", "BUG" + fmt.Sprint(r.IntN(9)) + "\n"}[r.IntN(6)]
		c.edit(uri, &at, new)
		now = newText(splice(now.content, now.offset(at.Start, utf16Encoding), now.offset(at.End, utf16Encoding), new))
		if i%3 == 0 {
			time.Sleep(time.Millisecond)
		}
		for _, d := range c.pull(uri) {
			checkCovers(t, &now, utf16Encoding, d.Range, strings.TrimPrefix(firstLine(d.Message), "here: "))
		}
	}
	if len(c.published) > 0 {
		t.Error("a client that asks for diagnostics is sent them too")
	}
	if c.refreshed == 0 {
		t.Error("the client was never told to ask again")
	}
}

func (c *client) pull(uri DocumentURI) []Diagnostic {
	c.t.Helper()
	var raw json.RawMessage
	c.request("textDocument/diagnostic", DocumentDiagnosticParams{TextDocument: TextDocumentIdentifier{uri}}, &raw)
	var p DiagnosticReport
	if err := json.Unmarshal(raw, &p); err != nil || p.Items == nil {
		c.t.Fatalf("%s: %v", raw, err)
	}
	return *p.Items
}
