package diag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestBound: whatever a document has, and whatever the bound, what is written is
// valid JSON, no larger than the bound, and says how much is missing; or there is an
// error that says what would be enough, and that is enough.
func TestBound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		d := randomDocument(r)
		var whole bytes.Buffer
		if err := WriteJSON(&whole, d); err != nil {
			t.Fatal(err)
		}
		max := 1 + r.IntN(whole.Len()+whole.Len()/4)
		checkBound(t, d, max, whole.Bytes())
	}
}

func checkBound(t *testing.T, d Document, max int, whole []byte) {
	t.Helper()
	var before bytes.Buffer
	if err := WriteJSON(&before, d); err != nil {
		t.Fatal(err)
	}
	short, err := Bound(d, max, "ask for all", WriteJSON)
	var after bytes.Buffer
	if WriteJSON(&after, d) != nil || !bytes.Equal(before.Bytes(), after.Bytes()) {
		t.Fatal("Bound has changed the document")
	}
	var tooSmall *BoundError
	if errors.As(err, &tooSmall) {
		if tooSmall.Least <= max || tooSmall.Max != max {
			t.Fatalf("%d bytes: %v", max, err)
		}
		// The bound itself is in the document, so its digits count.
		if _, err := Bound(d, tooSmall.Least+8, "ask for all", WriteJSON); err != nil {
			t.Fatalf("%v, and then: %v", tooSmall, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteJSON(&out, short); err != nil {
		t.Fatal(err)
	}
	if out.Len() > max {
		t.Fatalf("%d bytes, the bound is %d", out.Len(), max)
	}
	var back Document
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(out.Bytes()) {
		t.Fatal("not UTF-8")
	}
	if (short.LeftOut == nil) != bytes.Equal(out.Bytes(), whole) {
		t.Fatalf("%d of %d bytes, left out: %+v", out.Len(), len(whole), short.LeftOut)
	}
	again, err := Bound(d, max, "ask for all", WriteJSON)
	if err != nil || !reflect.DeepEqual(short, again) {
		t.Fatalf("not the same twice: %v", err)
	}
	if l := short.LeftOut; l != nil {
		is, was := short.Count(), d.Count()
		if is.Rejected+l.Rejected != was.Rejected || is.Errors+l.Errors != was.Errors || is.Accepted+l.Accepted != was.Accepted ||
			is.Skipped+l.Skipped != was.Skipped || len(short.Objects)+l.Objects != len(d.Objects) {
			t.Fatalf("%+v: is %+v of %+v", l, is, was)
		}
		// Nothing that was accepted stands where the name of something that failed does not.
		if is.Accepted+is.Skipped > 0 && l.Rejected+l.Errors > 0 {
			t.Fatalf("%+v, but %d accepted are there", l, is.Accepted)
		}
	}
}

// TestBoundGrows: with more bytes there is not less.
func TestBoundGrows(t *testing.T) {
	d := randomDocument(rand.New(rand.NewPCG(3, 4)))
	last := -1
	for max := 1000; ; max += 700 {
		short, err := Bound(d, max, "ask", WriteJSON)
		if err != nil {
			continue
		}
		n := len(fmt.Sprintf("%+v", short.Objects))
		if short.LeftOut == nil {
			break
		}
		if n < last {
			t.Fatalf("%d bytes have less than %d", max, max-700)
		}
		last = n
	}
	if last < 0 {
		t.Fatal("it was never bounded")
	}
}

// TestBoundLines: each line is valid and within the bound.
func TestBoundLines(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		d := randomDocument(r)
		max := 2000 + r.IntN(6000)
		for _, o := range d.Objects {
			var out, whole bytes.Buffer
			if err := WriteJSONLines(&out, d.Kernel, o, max, "ask"); err != nil {
				t.Fatal(err)
			}
			if err := WriteJSONLines(&whole, d.Kernel, o, 0, ""); err != nil {
				t.Fatal(err)
			}
			if strings.Count(out.String(), "\n") != strings.Count(whole.String(), "\n") {
				t.Fatal("lines are missing")
			}
			wholes := strings.SplitAfter(whole.String(), "\n")
			for i, l := range strings.SplitAfter(out.String(), "\n") {
				var back line
				if l == "" {
					continue
				}
				if err := json.Unmarshal([]byte(l), &back); err != nil || len(l) > max {
					t.Fatalf("%d of %d bytes: %v", len(l), max, err)
				}
				if (back.LeftOut == nil) != (l == wholes[i]) {
					t.Fatalf("left out: %+v\n%s\n%s", back.LeftOut, l, wholes[i])
				}
			}
		}
	}
}

// randomDocument has a few objects with programs of all verdicts, with texts of
// every length and characters of every kind.
func randomDocument(r *rand.Rand) Document {
	word := func(most int) string {
		letters := []string{"a", "\"", "<", "\n", "ü", "日", "\x80", "\u2028", " word"}
		var b strings.Builder
		for range r.IntN(most + 1) {
			b.WriteString(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	d := Document{Schema: Schema, Tool: Tool{"bpfdiag", "1"}, Kernel: Kernel{"6.12", "6.12.1", "x86-64"}}
	for i := range 1 + r.IntN(5) {
		o := Object{Path: fmt.Sprintf("%d.bpf.o", i), Programs: []Program{}}
		if r.IntN(6) == 0 {
			o.Error = word(1500)
		}
		for j := range r.IntN(6) {
			p := Program{Name: fmt.Sprintf("p%d", j), Section: "xdp", Type: "xdp", Verdict: Accepted, Stats: &Stats{Insns: r.IntN(1000)}}
			switch r.IntN(5) {
			case 0, 1:
				p.Verdict = Rejected
				p.Notes = []string{word(300)}
				for range r.IntN(3) {
					p.Diagnostics = append(p.Diagnostics, randomDiagnostic(r, word))
				}
			case 2:
				p.Verdict, p.Error, p.Stats = Error, word(900), nil
			case 3:
				p.Verdict = Skipped
			}
			o.Programs = append(o.Programs, p)
		}
		d.Objects = append(d.Objects, o)
	}
	return d
}

func randomDiagnostic(r *rand.Rand, word func(int) string) Diagnostic {
	d := Diagnostic{Code: "BPF0101", Name: "n", Severity: SeverityError, Class: ClassSource, Message: word(700), KernelMessage: word(800), Rendered: word(2000)}
	for i := range r.IntN(4) {
		d.Labels = append(d.Labels, Label{Primary: i == 1, File: "a.c", Line: i, Text: word(600), Source: word(100)})
	}
	for range r.IntN(3) {
		d.Helps = append(d.Helps, Help{Text: word(100), Edits: []Edit{{File: "a.c", Replacement: word(200)}}})
	}
	for i := range r.IntN(120) {
		d.Evidence = append(d.Evidence, Evidence{Insn: i, Code: "r0 = r1", State: word(30)})
	}
	if r.IntN(4) == 0 {
		d.SameAs = "p0"
	}
	return d
}

// TestBoundFailure: the writer's error is the result.
func TestBoundFailure(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Bound(Document{}, 10, "", func(io.Writer, Document) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}
