package diag

import (
	"strings"
	"testing"
)

// TestText renders the diagnostics of testdata/text: in ASCII, and where the
// archive has these files, in Unicode, in colour (escape as ␛), and as compilers
// print it.
func TestText(t *testing.T) {
	golden := []string{"text", "unicode", "color", "compiler"}
	eachArchive(t, "text", golden, func(a *archive) {
		var d Diagnostic
		a.decode("diagnostic.json", &d)
		var options struct {
			Width int
			Roots []string // as --source-root
			Pages bool     // every code has a page
		}
		a.decode("options.json", &options)
		s := NewSources(options.Roots...)
		o := Object{Programs: []Program{{Name: "prog", Diagnostics: []Diagnostic{d}}}}
		s.Locate(&o)
		d = o.Programs[0].Diagnostics[0]
		text := Text{Sources: s, Width: options.Width}
		if options.Pages {
			text.Pages = testPages
		}
		a.expect("text", text.Render(d))
		text.Unicode = true
		a.expect("unicode", text.Render(d))
		text.Unicode, text.Color, text.Links = false, true, true
		a.expect("color", strings.ReplaceAll(text.Render(d), "\x1b", "␛"))
		text.Color, text.Links, text.Compiler = false, false, "prog.o"
		a.expect("compiler", text.Render(d))
	})
}

func testPages(code string) (Page, bool) {
	return Page{
		URL: "https://example.com/" + code, Summary: "A pointer that may be NULL is used.",
		Markdown: "# " + code + "\n\nThe verifier wants a check.\n",
	}, code != "BPF0000"
}
