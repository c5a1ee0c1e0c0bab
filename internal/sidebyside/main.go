// Command sidebyside sets what Linux 7.3 reports of rejected programs beside
// our diagnostics of them, and says what of the report is not in ours.
//
//	bpfdiag check --kernel 7.3 --format json --save-logs LOGS OBJECT... >DOC.json
//	go run ./internal/sidebyside examples|selftests DOC.json LOGS
//
// It prints docs/side-by-side/examples.md, about every program that has a
// report, or selftests.md, about those that selftests.txt lists. With -all, it
// is about every program of self-tests.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/bpfdiag/bpfdiag/diag"
)

func main() {
	every := flag.Bool("all", false, "all self-tests, not those of the list")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: sidebyside [-all] examples|selftests DOC.json LOGS")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 3 || flag.Arg(0) != "examples" && flag.Arg(0) != "selftests" {
		flag.Usage()
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	err := run(out, flag.Arg(0), flag.Arg(1), flag.Arg(2), *every)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(2)
	}
}

func run(out io.Writer, name, document, logs string, every bool) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	var doc diag.Document
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	p := part{name: name}
	if p.arguments, err = readArguments(argumentsText); err != nil {
		return err
	}
	if name == "selftests" && !every {
		p.only = programList(selftestsText)
	}
	if err := p.read(&doc, logs); err != nil {
		return err
	}
	return p.print(out)
}
