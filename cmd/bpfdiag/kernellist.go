package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
)

func newKernelListCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the kernels that are built",
		Example: `  bpfdiag kernel list
  bpfdiag kernel list --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			images, err := kernel.List()
			if err != nil {
				return err
			}
			switch format {
			case "text":
				return listKernels(c.OutOrStdout(), images)
			case "json":
				e := json.NewEncoder(c.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(map[string]any{"schema": 1, "default": kernel.Default, "kernels": images})
			}
			return fmt.Errorf("--format %s: it is text or json", format)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "`form` of the output: text or json")
	return c
}

// listKernels prints a table of the kernels, which series there could be, and
// what is only half there.
func listKernels(w io.Writer, images []kernel.Image) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(images) > 0 {
		fmt.Fprintln(t, "NAME\tRELEASE\tPATCHES\tSIZE\tBUILT\tSOURCE\t")
	}
	built := map[string]bool{}
	for _, img := range images {
		built[img.Name] = true
		note := ""
		if img.Name == kernel.Default {
			note = "(default) "
		}
		if img.Stale {
			note += "stale: " + img.StaleReason
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s MB\t%s\t%s\t%s\n", img.Name, img.Release, img.Series, megabytes(img.Size),
			img.Built.Local().Format("2006-01-02 15:04"), img.Source, strings.TrimSpace(note))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var missing []string
	for _, s := range kernel.AllSeries() {
		if !built[s.Name] {
			missing = append(missing, s.Name)
		}
	}
	if len(missing) > 0 {
		if _, err := fmt.Fprintf(w, "not built: %s (bpfdiag kernel build SERIES)\n", strings.Join(missing, ", ")); err != nil {
			return err
		}
	}
	unfinished, err := kernel.Unfinished()
	if err == nil && len(unfinished) > 0 {
		_, err = fmt.Fprintf(w, "unfinished: %s (being built or interrupted; build goes on with it, remove clears it away)\n", strings.Join(unfinished, ", "))
	}
	return err
}
