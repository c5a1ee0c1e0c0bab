package diag

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
)

// formats are the renderers of documents.
var formats = map[string]func(io.Writer, Document, Report) error{
	"json":   func(w io.Writer, d Document, _ Report) error { return WriteJSON(w, d) },
	"sarif":  WriteSARIF,
	"github": WriteGitHub,
	"gitlab": WriteGitLab,
	"junit":  WriteJUnit,
	"concise": func(w io.Writer, d Document, _ Report) error {
		for _, o := range d.Objects {
			if err := WriteConcise(w, o); err != nil {
				return err
			}
		}
		return nil
	},
	"json-lines":         jsonLinesIn(0),
	"json-in-1000":       jsonIn(1000),
	"json-in-3000":       jsonIn(3000),
	"json-lines-in-1200": jsonLinesIn(1200),
}

func jsonIn(max int) func(io.Writer, Document, Report) error {
	return func(w io.Writer, d Document, _ Report) error {
		d, err := Bound(d, max, "ask for more", WriteJSON)
		if err != nil {
			return notEnough(w, err)
		}
		return WriteJSON(w, d)
	}
}

func jsonLinesIn(max int) func(io.Writer, Document, Report) error {
	return func(w io.Writer, d Document, _ Report) error {
		for _, o := range d.Objects {
			if err := WriteJSONLines(w, d.Kernel, o, max, "ask for more"); err != nil {
				return notEnough(w, err)
			}
		}
		return nil
	}
}

// notEnough is what some documents come to.
func notEnough(w io.Writer, err error) error {
	if errors.As(err, new(*BoundError)) {
		_, err = io.WriteString(w, err.Error()+"\n")
	}
	return err
}

// TestFormats prints the documents of testdata/formats in the formats of which
// the archive has a golden file.
func TestFormats(t *testing.T) {
	var golden []string
	for name := range formats {
		golden = append(golden, "golden/"+name)
	}
	eachArchive(t, "formats", golden, func(a *archive) {
		var doc Document
		a.decode("document.json", &doc)
		r := ready(&doc)
		for name, write := range formats {
			var b strings.Builder
			if err := write(&b, doc, r); err != nil {
				t.Fatal(err)
			}
			a.expect("golden/"+name, b.String())
			if i := strings.IndexFunc(b.String(), func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
				a.t.Errorf("%s: control character %q", name, b.String()[i:i+1])
			}
			if name == "sarif" {
				checkSARIF(a.t, b.String())
			}
		}
	})
}

// ready does what a command does with a document before it is printed.
func ready(doc *Document) Report {
	s := NewSources()
	text := Text{Sources: s, Pages: testPages}
	for i := range doc.Objects {
		o := &doc.Objects[i]
		s.Locate(o)
		MergeCauses(o)
		for j := range o.Programs {
			for k := range o.Programs[j].Diagnostics {
				d := &o.Programs[j].Diagnostics[k]
				d.Rendered = text.Render(*d)
			}
		}
	}
	return Report{Sources: s, Pages: testPages, Dir: s.dir, Root: s.dir}
}
