package rules

import (
	"embed"
	"fmt"
	"strings"
	"sync"

	"github.com/bpfdiag/bpfdiag/rules/messages"
)

//go:embed pages
var pageFiles embed.FS

// Page is the long form of a code, what `bpfdiag explain` prints.
type Page struct {
	Code     string // BPF0101
	Name     string // null-pointer-dereference
	Class    string
	Markdown string
	Summary  string // its first sentence
	// Rejected is a program that fails with this code, Accepted its repaired
	// twin; both are whole C files. Empty on a page that says why not.
	Rejected, Accepted string
	// Kernels are the series in which that is so; nil means all.
	Kernels []string
	// Compiler says that it is the compiler that refuses Rejected.
	Compiler bool
}

// Pages lists the pages in the order of codes.
var Pages = sync.OnceValue(func() []Page {
	var all []Page
	for _, c := range messages.Codes() {
		if p, ok := readPage(c); ok {
			all = append(all, p)
		}
	}
	return all
})

func readPage(c messages.Code) (Page, bool) {
	text, err := pageFiles.ReadFile("pages/" + c.ID + ".md")
	if err != nil {
		return Page{}, false
	}
	p, err := parsePage(c, string(text))
	if err != nil {
		panic(err) // the files are part of the program, and a test reads them
	}
	return p, true
}

// PageOf finds a page by code or name, in any case.
func PageOf(name string) (Page, bool) {
	c, ok := messages.CodeOf(name)
	if !ok {
		return Page{}, false
	}
	return readPage(c)
}

// parsePage reads a page:
//
//	# BPF0101: null-pointer-dereference
//
//	Kernels: 6.12, 7.2, 7.3
//
//	The summary, a sentence. More text.
//
//	## Rejected
//	a block of C
//	## Accepted
//	a block of C
//
// The line "Kernels:" is left out where all do the same. A line "Refused by: the
// compiler" stands in its place where no kernel sees the program.
func parsePage(c messages.Code, text string) (Page, error) {
	p := Page{Code: c.ID, Name: c.Name, Class: c.Class, Markdown: text}
	bad := func(what string) (Page, error) { return p, fmt.Errorf("pages/%s.md: %s", c.ID, what) }
	body, ok := strings.CutPrefix(text, "# "+c.ID+": "+c.Name+"\n\n")
	if !ok {
		return bad("it does not begin with its code and name")
	}
	body, p.Compiler = strings.CutPrefix(body, "Refused by: the compiler\n\n")
	if rest, ok := strings.CutPrefix(body, "Kernels: "); ok {
		list, rest, _ := strings.Cut(rest, "\n\n")
		p.Kernels, body = strings.Split(list, ", "), rest
	}
	p.Summary, _, _ = strings.Cut(body, "\n\n")
	p.Summary = strings.Join(strings.Fields(p.Summary), " ")
	if i := strings.Index(p.Summary, ". "); i > 0 {
		p.Summary = p.Summary[:i+1]
	}
	p.Rejected, p.Accepted = block(body, "## Rejected"), block(body, "## Accepted")
	if (p.Rejected == "") != (p.Accepted == "") {
		return bad("it has one program, not two")
	}
	if p.Rejected == "" && !strings.Contains(body, "## No example") {
		return bad("it has no programs, and no section that says why")
	}
	return p, nil
}

// block is the fenced C behind a heading.
func block(text, heading string) string {
	_, rest, ok := strings.Cut(text, "\n"+heading+"\n")
	if !ok {
		return ""
	}
	if next := strings.Index(rest, "\n## "); next >= 0 {
		rest = rest[:next+1]
	}
	_, rest, ok = strings.Cut(rest, "```c\n")
	code, _, closed := strings.Cut(rest, "\n```")
	if !ok || !closed {
		return ""
	}
	return code + "\n"
}
