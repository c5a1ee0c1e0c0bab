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
}

func (f *outputFlags) add(fl *pflag.FlagSet) {
	fl.StringVarP(&f.format, "format", "f", formats[0], "output: "+strings.Join(formats, ", "))
	fl.StringArrayVar(&f.roots, "source-root", nil, "`folder` to search for source files (repeatable)")
	fl.BoolVar(&f.raw, "raw", false, "print the verifier's whole log instead of its last words")
	fl.StringVar(&f.color, "color", "auto", "colours: auto, always or never")
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
