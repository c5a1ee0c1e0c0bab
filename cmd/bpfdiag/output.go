package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/spf13/pflag"
)

// outputFlags say how results are printed.
type outputFlags struct {
	format string
	color  string
	roots  []string
	raw    bool
	quiet  bool
	most   int // bytes of JSON; 0 for no bound
}

// What JSON has unless somebody wants more: what a language model reads at once.
const (
	mostJSON  = 16000
	leastJSON = 1000
)

// moreJSON is how to get what was left out.
const moreJSON = "--max-bytes N allows more, --max-bytes 0 everything; check's --program NAME asks about one program"

func (f *outputFlags) add(fl *pflag.FlagSet) {
	fl.StringVarP(&f.format, "format", "f", formats[0], "output: "+strings.Join(formats, ", "))
	fl.StringArrayVar(&f.roots, "source-root", nil, "`folder` to search for source files (repeatable)")
	fl.BoolVar(&f.raw, "raw", false, "print the verifier's whole log instead of its last words")
	fl.StringVar(&f.color, "color", "auto", "colours: auto, always or never")
	fl.IntVar(&f.most, "max-bytes", mostJSON, "size of the JSON at most, of each line with json-lines; what matters most stays; 0 for no limit")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "no lines for accepted programs and no progress")
}

// check says what is wrong with the flags before anything is started.
func (f *outputFlags) check() error {
	if err := oneOf("format", f.format, formats...); err != nil {
		return err
	}
	if err := oneOf("color", f.color, "auto", "always", "never"); err != nil {
		return err
	}
	if f.most != 0 && f.most < leastJSON {
		return fmt.Errorf("--max-bytes %d: it is %d or more, or 0 for no limit", f.most, leastJSON)
	}
	for _, r := range f.roots {
		if info, err := os.Stat(r); err != nil || !info.IsDir() {
			return fmt.Errorf("--source-root %q: no such folder", r)
		}
	}
	return nil
}

// oneOf says what a flag's value may be if it is something else.
func oneOf(flag, v string, allowed ...string) error {
	for _, a := range allowed {
		if v == a {
			return nil
		}
	}
	return fmt.Errorf("--%s %q: it is one of %s", flag, v, strings.Join(allowed, ", "))
}

// render adds the text form, for formats that have it beside the rest.
func render(o *diag.Object, s *diag.Sources) {
	text := diag.Text{Sources: s, Pages: pages}
	for i := range o.Programs {
		for j := range o.Programs[i].Diagnostics {
			d := &o.Programs[i].Diagnostics[j]
			d.Rendered = text.Render(*d)
		}
	}
}
