package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/bpfdiag/bpfdiag/rules/messages"
	"github.com/spf13/cobra"
)

func newRulesCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "rules",
		Short: "List the codes of diagnostics",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "markdown", "json"); err != nil {
				return err
			}
			out := c.OutOrStdout()
			if format == "json" {
				all := []explanation{}
				for _, code := range messages.Codes() {
					e, _ := explanationOf(code.ID)
					all = append(all, e)
				}
				enc := json.NewEncoder(out)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				return enc.Encode(all)
			}
			if format == "markdown" {
				fmt.Fprint(out, "| code | name | class | headline |\n| --- | --- | --- | --- |\n")
				for _, code := range messages.Codes() {
					fmt.Fprintf(out, "| %s | %s | %s | %s |\n", code.ID, code.Name, code.Class, code.Headline)
				}
				return nil
			}
			w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
			for _, code := range messages.Codes() {
				fmt.Fprintf(w, "%s\t%s\t%s\n", code.ID, code.Name, code.Class)
			}
			return w.Flush()
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "output: text, markdown or json")
	return c
}
