package main

import (
	"errors"
	"fmt"

	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/spf13/cobra"
)

func newCacheCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "cache",
		Short: "Say what results of earlier runs take, and remove them",
		Long: `Say how many results of earlier runs are kept, where, and what they take.

check, cc, stat and features keep results, and do not verify an object again as
long as it, the kernel, the options and bpfdiag itself are the same. What was not
used for longest is removed when there is too much; nothing has to be removed by
hand. Kernels are not part of it: bpfdiag kernel remove.`,
		Example: `  bpfdiag cache
  bpfdiag cache clear`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cache, err := userCache()
			if err != nil {
				return err
			}
			u, err := cache.Use()
			if err != nil {
				return err
			}
			what, take := results(u.Results), "take"
			if u.Results == 1 {
				take = "takes"
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s %s %.1f MiB of at most %d MiB in %s\n", what, take, mib(u.Bytes), u.Limit>>20, cache.Dir())
			return err
		},
	}
	c.AddCommand(&cobra.Command{
		Use:   "clear",
		Short: "Remove all results; kernels stay",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cache, err := userCache()
			if err != nil {
				return err
			}
			u, err := cache.Clear()
			are := "are"
			if u.Results == 1 {
				are = "is"
			}
			fmt.Fprintf(c.ErrOrStderr(), "%s that took %.1f MiB %s removed\n", results(u.Results), mib(u.Bytes), are)
			return err
		},
	}, &cobra.Command{
		Use:   "dir",
		Short: "Print the folder that results are kept in",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cache, err := userCache()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), cache.Dir())
			return err
		},
	})
	return c
}

func userCache() (*check.Cache, error) {
	if c := check.OpenCache(version); c != nil {
		return c, nil
	}
	return nil, errors.New("there is no folder for results: neither $BPFDIAG_CACHE nor $XDG_CACHE_HOME nor $HOME names one")
}

func results(n int) string {
	if n == 1 {
		return "1 result"
	}
	return fmt.Sprintf("%d results", n)
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
