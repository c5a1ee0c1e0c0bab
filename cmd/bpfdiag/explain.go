package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/rules/messages"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func newExplainCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "explain CODE|NAME",
		Short: "Say what a code means, why the verifier cares, and what to write instead",
		Example: `  bpfdiag explain BPF0101
  bpfdiag explain null-pointer-dereference --format markdown`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("one code or name, such as BPF0101; `bpfdiag rules` lists them")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var all []string
			for _, c := range messages.Codes() {
				all = append(all, c.ID+"\t"+c.Name)
			}
			return all, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "markdown", "json"); err != nil {
				return err
			}
			e, ok := explanationOf(args[0])
			if !ok {
				return fmt.Errorf("there is no code or name %q; `bpfdiag rules` lists them", args[0])
			}
			switch format {
			case "json":
				enc := json.NewEncoder(c.OutOrStdout())
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				return enc.Encode(e)
			case "markdown":
				_, err := io.WriteString(c.OutOrStdout(), e.Markdown)
				return err
			}
			return page(c.OutOrStdout(), e.text(textWidth(c.OutOrStdout())))
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "output: text, markdown or json")
	return c
}

// explanation is a code with its page.
type explanation struct {
	Code     string   `json:"code"`
	Name     string   `json:"name"`
	Class    string   `json:"class"`
	Family   string   `json:"family"`
	Headline string   `json:"headline"`
	Summary  string   `json:"summary,omitempty"`
	Messages []string `json:"messages"` // the kernel's, %d, %x, %R and %s stand for what varies
	Markdown string   `json:"markdown"`
	Rejected string   `json:"rejected,omitempty"`
	Accepted string   `json:"accepted,omitempty"`
	Kernels  []string `json:"kernels,omitempty"`
	Compiler []string `json:"compiler_messages,omitempty"` // of compilers' BPF back ends
}

func explanationOf(name string) (explanation, bool) {
	for _, c := range messages.Codes() {
		if !strings.EqualFold(c.ID, name) && !strings.EqualFold(c.Name, name) {
			continue
		}
		e := explanation{Code: c.ID, Name: c.Name, Class: c.Class, Family: c.Family, Headline: c.Headline, Messages: []string{}}
		for _, p := range messages.Patterns() {
			if p.Code == c.ID {
				e.Messages = append(e.Messages, p.Text)
			}
		}
		if p, ok := rules.PageOf(c.ID); ok {
			e.Summary, e.Markdown, e.Rejected, e.Accepted, e.Kernels = p.Summary, p.Markdown, p.Rejected, p.Accepted, p.Kernels
		} else {
			e.Markdown = fmt.Sprintf("# %s: %s\n\n%s\n", c.ID, c.Name, c.Headline)
		}
		for _, p := range messages.CompilerPatterns() {
			if p.Code == c.ID {
				e.Compiler = append(e.Compiler, p.Text)
			}
		}
		if len(e.Compiler) > 0 {
			e.Markdown += "\n## What compilers say\n\n"
			for _, m := range e.Compiler {
				e.Markdown += "    " + m + "\n"
			}
		}
		if len(e.Messages) > 0 {
			e.Markdown += "\n## What the kernel says\n\n"
			for _, m := range e.Messages {
				e.Markdown += "    " + m + "\n"
			}
		}
		return e, true
	}
	return explanation{}, false
}

// page prints a text, on a terminal that it is too long for through the pager.
func page(w io.Writer, text string) error {
	f, ok := w.(*os.File)
	if ok && term.IsTerminal(int(f.Fd())) {
		_, rows, err := term.GetSize(int(f.Fd()))
		pager := strings.Fields(os.Getenv("PAGER"))
		if len(pager) == 0 {
			pager = []string{"less"}
		}
		path, lookErr := exec.LookPath(pager[0])
		if err == nil && lookErr == nil && strings.Count(text, "\n") >= rows {
			c := exec.Command(path, pager[1:]...)
			c.Env = append(os.Environ(), "LESS=FRX")
			c.Stdin, c.Stdout, c.Stderr = strings.NewReader(text), f, os.Stderr
			return c.Run()
		}
	}
	_, err := io.WriteString(w, text)
	return err
}
