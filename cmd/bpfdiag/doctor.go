package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/spf13/cobra"
)

func newDoctorCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Tell what this machine has and lacks, and what to do about it",
		Long: `Doctor looks at what bpfdiag needs, point by point: ok, warn for what only some
uses need, FAIL for what keeps "bpfdiag check" from working. It tries
things instead of reading settings, and boots each kernel that is built.

Exit status: 0 if "bpfdiag check" works with the default kernel, 2 if not.`,
		Example: `  bpfdiag doctor
  bpfdiag doctor --format json | jq '.points[] | select(.state != "ok")'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("--format %q: it is one of text, json", format)
			}
			var d diagnosis
			d.examine(c.Context())
			if err := c.Context().Err(); err != nil {
				return err
			}
			write := d.text
			if format == "json" {
				write = d.json
			}
			if err := write(c.OutOrStdout()); err != nil {
				return err
			}
			if !d.works() {
				return exitCode(exitError)
			}
			return nil
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "output: text or json")
	return c
}

// How a point turned out.
const (
	stateOK   = "ok"
	stateWarn = "warn" // `check` works, something else does not or may not
	stateFail = "fail" // `check` does not work with the default kernel
)

// point is one thing that doctor looked at.
type point struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Found  string `json:"found"`
	Advice string `json:"advice,omitempty"` // what to do, unless ok
}

// diagnosis is what doctor found.
type diagnosis struct{ points []point }

func (d *diagnosis) ok(name, found string) {
	d.points = append(d.points, point{Name: name, State: stateOK, Found: found})
}

func (d *diagnosis) warn(name, found, advice string) {
	d.points = append(d.points, point{name, stateWarn, found, advice})
}

func (d *diagnosis) fail(name, found, advice string) {
	d.points = append(d.points, point{name, stateFail, found, advice})
}

// examine goes through all points, those first on which others depend.
func (d *diagnosis) examine(ctx context.Context) {
	if err := umlinux.Supported(); err != nil {
		d.fail("platform", err.Error(), "build kernels and run `bpfdiag check` on Linux on x86-64 (a container or a virtual machine does); the rest works here")
		return
	}
	d.ok("platform", "Linux on x86-64")
	images := d.kernels()
	d.tools(ctx, len(images) > 0)
	d.clang(ctx)
	d.host(ctx, images) // depends on the platform
}

// kernels looks at which are built.
func (d *diagnosis) kernels() []kernel.Image {
	images, err := kernel.List()
	if err != nil {
		d.fail("kernels", err.Error(), "make that folder readable, or set BPFDIAG_CACHE to another")
		return nil
	}
	for _, img := range images {
		name := "kernel " + img.Name
		if img.Stale {
			d.warn(name, "Linux "+img.Release+", stale: "+img.StaleReason, "bpfdiag kernel build "+img.Name)
			continue
		}
		d.ok(name, "Linux "+img.Release)
	}
	_, err = kernel.Find(kernel.Default)
	switch {
	case errors.As(err, new(kernel.NotBuiltError)):
		d.fail("kernel "+kernel.Default, "the default kernel is not built", "bpfdiag kernel build   (once, about 5 minutes)")
	case err != nil:
		d.fail("kernel "+kernel.Default, err.Error(), "bpfdiag kernel remove "+kernel.Default+" && bpfdiag kernel build")
	}
	return images
}

// tools looks for what builds kernels, which who has one does not need.
func (d *diagnosis) tools(ctx context.Context, built bool) {
	const name = "kernel tools"
	err := kernel.Missing(ctx)
	var lacks *kernel.MissingError
	switch {
	case err == nil:
		d.ok(name, "all that building kernels needs")
	case !errors.As(err, &lacks):
		d.warn(name, err.Error(), "")
	default:
		found, advice := "no "+strings.Join(lacks.What, ", "), "apt-get install "+strings.Join(lacks.Packages, " ")
		if built {
			d.warn(name, found, advice+"   (only to build kernels)")
		} else {
			d.fail(name, found, advice)
		}
	}
}

var clangName = lazyregexp.New(`^clang(-[0-9]+)?$`)

// clang looks for the newest one that compiles for BPF. `check` takes objects,
// whoever compiled them, so that none is no failure.
func (d *diagnosis) clang(ctx context.Context) {
	folders := filepath.SplitList(os.Getenv("PATH"))
	llvm, _ := filepath.Glob("/usr/lib/llvm-*/bin")
	best, bestVersion, without := "", 0, ""
	for _, folder := range append(folders, llvm...) {
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			if !clangName.MatchString(e.Name()) {
				continue
			}
			path := filepath.Join(folder, e.Name())
			version, bpf := askClang(ctx, path)
			if !bpf {
				without = path
			} else if version > bestVersion {
				best, bestVersion = path, version
			}
		}
	}
	advice := "apt-get install clang   (only to compile; `bpfdiag check` needs objects alone)"
	switch {
	case best != "":
		d.ok("clang", fmt.Sprintf("%s, version %d, compiles for BPF", best, bestVersion))
	case without != "":
		d.warn("clang", without+" does not compile for BPF", advice)
	default:
		d.warn("clang", "none", advice)
	}
}

// askClang returns a clang's major version and whether it has the BPF target.
func askClang(ctx context.Context, path string) (version int, bpf bool) {
	out, err := exec.CommandContext(ctx, path, "-dumpversion").Output()
	if err != nil {
		return 0, false
	}
	major, _, _ := strings.Cut(strings.TrimSpace(string(out)), ".")
	version, _ = strconv.Atoi(major)
	targets, err := exec.CommandContext(ctx, path, "--print-targets").Output()
	return version, err == nil && strings.Contains(string(targets), " bpf ")
}

// works says whether nothing keeps `check` from working.
func (d *diagnosis) works() bool {
	for _, p := range d.points {
		if p.State == stateFail {
			return false
		}
	}
	return true
}

func (d *diagnosis) text(w io.Writer) error {
	width := 0
	for _, p := range d.points {
		width = max(width, len(p.Name))
	}
	var b strings.Builder
	for _, p := range d.points {
		state := p.State
		if state == stateFail {
			state = "FAIL"
		}
		indent := "\n" + strings.Repeat(" ", 6+width+2)
		fmt.Fprintf(&b, "%-4s  %-*s  %s\n", state, width, p.Name, strings.ReplaceAll(p.Found, "\n", indent))
		if p.Advice != "" {
			fmt.Fprintf(&b, "%s=> %s\n", indent[1:], strings.ReplaceAll(p.Advice, "\n", indent+"   "))
		}
	}
	verdict := "bpfdiag check works here"
	if !d.works() {
		verdict = "bpfdiag check does not work here with the default kernel, " + kernel.Default
	}
	_, err := fmt.Fprintf(w, "%s\n%s\n", b.String(), verdict)
	return err
}

func (d *diagnosis) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Schema  int     `json:"schema"`
		Version string  `json:"version"`
		Works   bool    `json:"works"`
		Points  []point `json:"points"`
	}{1, version, d.works(), d.points})
}
