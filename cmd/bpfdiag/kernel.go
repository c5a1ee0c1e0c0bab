package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
)

func newKernelCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "kernel",
		Short: "Build and manage the kernels whose verifier is run",
		Long: `Build and manage the kernels whose verifier is run.

A kernel is Linux built as an ordinary program (User Mode Linux) with BPF. It is
built once, in about 5 minutes on two processors, without privileges, and kept
in the user's cache folder ($BPFDIAG_CACHE, or bpfdiag in $XDG_CACHE_HOME or
~/.cache).`,
		Example: `  bpfdiag kernel build          build the default kernel, ` + kernel.Default + `
  bpfdiag kernel list           which kernels there are
  bpfdiag check --kernel 7.2 prog.bpf.o`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newKernelBuildCommand(), newKernelListCommand(), newKernelPathCommand(), newKernelRemoveCommand())
	return c
}

func newKernelBuildCommand() *cobra.Command {
	var o kernel.BuildOptions
	var verbose bool
	c := &cobra.Command{
		Use:   "build [SERIES...|newest|all]",
		Short: "Build kernels, unless they are there already",
		Long: `Build kernels, unless they are there already.

The source is Debian's package linux-source-SERIES: an installed one, or the
newest that any of Debian's suites has, fetched with apt from this system's
mirror. Patches and configuration for ` + seriesNames() + ` are part of bpfdiag.
"newest" is the newest series that Debian has, "all" is every one named above.
With --source it is a tree or tarball of your own, which is not changed.

A kernel whose source, patches, configuration and compiler are unchanged is not
built again. A build that was interrupted goes on where it ended.`,
		Example: `  bpfdiag kernel build
  bpfdiag kernel build 6.1 7.2
  bpfdiag kernel build all
  bpfdiag kernel build --source ~/src/linux --name mine
  bpfdiag kernel build --source linux-6.14.tar.xz --config extra.config`,
		RunE: func(c *cobra.Command, args []string) error {
			if o.Source != "" && len(args) > 0 {
				return errors.New("--source builds one kernel, from that source; SERIES can't be given with it")
			}
			if o.Source == "" && (o.Config != "" || o.Name != "") {
				return errors.New("--config and --name need --source")
			}
			if o.Jobs < 0 {
				return errors.New("--jobs must not be negative")
			}
			if verbose {
				o.Log = c.ErrOrStderr()
			}
			return buildKernels(c, o, args)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Source, "source", "", "kernel `tree` or tarball to build in place of Debian's")
	f.StringVar(&o.Config, "config", "", "`file` of configuration options to add (with --source)")
	f.StringVar(&o.Name, "name", "", "`name` of the kernel (with --source; default: the tree's version)")
	f.IntVarP(&o.Jobs, "jobs", "j", 0, "compilers to run at once (default: one for each processor)")
	f.BoolVar(&o.Force, "force", false, "build anew, from the newest source, even if nothing has changed")
	f.BoolVarP(&verbose, "verbose", "v", false, "show all that make and the other programs say")
	return c
}

// buildKernels builds one kernel after the other. One that can't be built
// does not keep the others from being built.
func buildKernels(c *cobra.Command, o kernel.BuildOptions, names []string) error {
	if slices.Contains(names, "all") {
		names = nil
		for _, s := range kernel.AllSeries() {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		names = []string{""} // the default, or the source's own
	}
	var failed error
	for _, name := range names {
		o.Series = name
		if name == "" && o.Source == "" {
			o.Series = kernel.Default
		}
		if err := buildKernel(c, o); err != nil {
			if len(names) > 1 {
				err = fmt.Errorf("kernel %s: %w", name, err)
			}
			failed = errors.Join(failed, err)
		}
		if c.Context().Err() != nil {
			break
		}
	}
	return failed
}

func buildKernel(c *cobra.Command, o kernel.BuildOptions) error {
	name := o.Series
	if name == "" {
		name = o.Name
	}
	if name == "" {
		name = o.Source
	}
	began := time.Now()
	progress := newBuildProgress(c.ErrOrStderr(), name, o.Log != nil)
	o.Progress = progress.Show
	img, err := kernel.Build(c.Context(), o)
	progress.Close()
	if err != nil && c.Context().Err() != nil {
		fmt.Fprintf(c.ErrOrStderr(), "kernel %s: interrupted; the next build goes on from here\n", name)
	}
	if err != nil {
		return err
	}
	if err := tryKernel(c.Context(), img); err != nil {
		return err
	}
	how := "is there already"
	if img.Built.After(began.Add(-time.Second)) {
		how = "was built in " + time.Since(began).Truncate(time.Second).String()
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "kernel %s (Linux %s) %s: %s\n", img.Name, img.Release, how, img.Path)
	return err
}

func newKernelPathCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "path [NAME]",
		Short: "Print where a kernel's executable is",
		Long: `Print where a kernel's executable is, and nothing else. NAME is a series, the
name of a kernel of your own, or "newest" for the newest series that is built;
without it, the default kernel, ` + kernel.Default + `.`,
		Example: `  bpfdiag kernel path
  "$(bpfdiag kernel path 7.2)" --version`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			img, err := kernel.Find(strings.Join(args, ""))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), img.Path)
			return err
		},
	}
}

func newKernelRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME...",
		Aliases: []string{"rm"},
		Short:   "Remove kernels, and what interrupted builds of them left",
		Example: `  bpfdiag kernel remove 6.1
  bpfdiag kernel remove mine 7.3`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var failed error
			for _, name := range args {
				if err := kernel.Remove(name); err != nil {
					failed = errors.Join(failed, err)
					continue
				}
				fmt.Fprintf(c.ErrOrStderr(), "kernel %s is removed\n", name)
			}
			return failed
		},
	}
}

func seriesNames() string {
	var names []string
	for _, s := range kernel.AllSeries() {
		names = append(names, s.Name)
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
