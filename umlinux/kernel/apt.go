package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// apt asks Debian's suites for source packages, with lists and settings of
// its own: the system's configuration is read for its mirror and proxies and
// never written, and no privileges are needed.
type apt struct {
	dir    string // holds sources.list, apt.conf, lists, cache
	runner *runner
	note   func(string)

	unreached error // why the lists may be old or incomplete
}

// listsKeep is how long package lists are taken for current.
const listsKeep = 6 * time.Hour

func (a *apt) config() string { return filepath.Join(a.dir, "apt.conf") }
func (a *apt) stamp() string  { return filepath.Join(a.dir, "updated") }

// latest returns the newest version of a package in any suite. A second
// process waits, since apt-get would not.
func (a *apt) latest(ctx context.Context, name string) (*debianPackage, error) {
	var p *debianPackage
	err := a.locked(ctx, func() error {
		out, err := a.runner.output(ctx, command{
			program: "apt-get",
			args:    []string{"--config-file=" + a.config(), "--quiet", "--print-uris", "download", name},
		})
		var failed *CommandError
		if errors.As(err, &failed) && strings.Contains(failed.Tail, "Unable to locate package") {
			return a.gone(ctx, name)
		}
		if err != nil {
			return err
		}
		p, err = parseDownload(out)
		if err != nil {
			return err
		}
		p.apt = a
		return nil
	})
	return p, err
}

// available lists the series that any suite has, oldest first.
func (a *apt) available(ctx context.Context) ([]string, error) {
	var found []string
	err := a.locked(ctx, func() (err error) {
		found, err = a.search(ctx)
		return err
	})
	return found, err
}

func (a *apt) search(ctx context.Context) ([]string, error) {
	out, err := a.runner.output(ctx, command{
		program: "apt-cache",
		args:    []string{"--config-file=" + a.config(), "search", "--names-only", "^" + packageOf("[0-9.]+$")},
	})
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(out) {
		name, _, _ := strings.Cut(line, " ")
		if s, ok := strings.CutPrefix(name, packageOf("")); ok && isSeries(s) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, compareSeries)
	return found, nil
}

// gone explains that no suite has a series.
func (a *apt) gone(ctx context.Context, name string) error {
	found, err := a.search(ctx)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s is in none of Debian's suites %s", name, strings.Join(debianSuites, ", "))
	if len(found) > 0 {
		text += "; they have " + strings.Join(found, ", ")
	}
	text += ". An installed " + filepath.Join(installedSources, name+".tar.xz") + " or a tree given with --source would do"
	if a.unreached != nil {
		return fmt.Errorf("%s. The package lists could not be brought up to date: %w", text, a.unreached)
	}
	return &GoneError{text}
}

// GoneError says that no suite of Debian's carries a series any more: nobody's
// fault, and nothing that trying again would mend.
type GoneError struct{ text string }

func (e *GoneError) Error() string { return e.text }

// locked runs ask with current lists and nobody else at them.
func (a *apt) locked(ctx context.Context, ask func() error) error {
	path := filepath.Join(filepath.Dir(a.dir), "locks", "apt.lock")
	l, err := acquire(ctx, path, "reading package lists", func(holder string) {
		a.note("waiting for the package lists (" + holder + ")")
	})
	if err != nil {
		return err
	}
	defer l.release()
	if err := a.update(ctx); err != nil {
		return err
	}
	return ask()
}

// update writes the settings and fetches the lists, unless both are current.
// Lists that can't be fetched are an error only when there are none.
func (a *apt) update(ctx context.Context) error {
	for _, dir := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(a.dir, dir), 0o755); err != nil {
			return err
		}
	}
	repositories, err := a.systemRepositories(ctx)
	if err != nil {
		return err
	}
	sources, err := sourcesList(repositories)
	if err != nil {
		return err
	}
	list := filepath.Join(a.dir, "sources.list")
	before, _ := os.ReadFile(list)
	if err := os.WriteFile(a.config(), []byte(aptConfig(a.dir)), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(list, []byte(sources), 0o644); err != nil {
		return err
	}
	info, err := os.Stat(a.stamp())
	if err == nil && string(before) == sources && time.Since(info.ModTime()) < listsKeep {
		return nil
	}
	a.note("reading the package lists of " + strings.Join(debianSuites, ", "))
	err = a.runner.run(ctx, command{program: "apt-get", args: []string{"--config-file=" + a.config(), "--quiet", "update"}})
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		// A mirror without experimental, no network: whatever lists are there serve.
		a.unreached = err
		lists, _ := filepath.Glob(filepath.Join(a.dir, "lists", "*Packages*"))
		if len(lists) == 0 {
			return fmt.Errorf("no package lists of Debian's can be had: %w", err)
		}
		a.note("some package lists could not be brought up to date; going on with what is there")
		return nil
	}
	return os.WriteFile(a.stamp(), nil, 0o644)
}

// expire makes the next question fetch the lists anew.
func (a *apt) expire() error {
	err := os.Remove(a.stamp())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// systemRepositories asks the system's own configuration for its Debian
// mirrors.
func (a *apt) systemRepositories(ctx context.Context) ([]repository, error) {
	out, err := a.runner.output(ctx, command{
		program: "apt-get",
		args:    []string{"indextargets", "--format", "$(CREATED_BY) $(REPO_URI) $(RELEASE)", "Origin: Debian"},
	})
	if err != nil {
		return nil, err
	}
	if found := parseIndexTargets(out); len(found) > 0 {
		return found, nil
	}
	// A system whose lists were removed, as in container images, knows no
	// origins, but still what it would fetch.
	out, err = a.runner.output(ctx, command{program: "apt-get", args: []string{"--print-uris", "update"}})
	if err != nil {
		return nil, err
	}
	return parseUpdateURIs(out), nil
}
