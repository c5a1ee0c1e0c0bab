// Command coverage reads the sources of kernels and says which rule claims
// each message of their verifiers.
//
//	go run ./rules/coverage KERNEL_TREE...
//	go run ./rules/coverage -unclaimed KERNEL_TREE...
//	go run ./rules/coverage -logs DIR...
//
// The first prints the table that is checked in as coverage.txt. The last
// reads logs of rejected programs, DIR/OBJECT/PROGRAM.log, and counts codes.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
)

func main() {
	unclaimed := flag.Bool("unclaimed", false, "print only messages that nothing claims, and claims to what no kernel prints")
	logs := flag.Bool("logs", false, "the arguments are folders of logs, not kernel trees")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: coverage [-unclaimed] KERNEL_TREE... | coverage -logs DIR...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	err := run(out, flag.Args(), *logs, *unclaimed)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(2)
	}
}

func run(out *bufio.Writer, args []string, logs, unclaimed bool) error {
	if logs {
		return printLogs(out, args)
	}
	var sites []Site
	for _, tree := range args {
		s, err := readTree(tree)
		if err != nil {
			return err
		}
		sites = append(sites, s...)
	}
	if unclaimed {
		for _, s := range sites {
			if !s.Claimed() {
				fmt.Fprintf(out, "%s %s:%d %s: %s\n", s.Series, s.File, s.Line, s.Function, s.Message)
			}
		}
		for _, p := range unused(sites) {
			fmt.Fprintf(out, "no kernel prints: %s %s\n", p.Code, p.Text)
		}
		return nil
	}
	printTable(out, sites)
	return nil
}
