package fix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/compile"
	"github.com/bpfdiag/bpfdiag/internal/object"
)

// Found is how a source or an object is compiled.
type Found struct {
	Command compile.Command
	Object  string   // absolute; empty for a source
	Notes   []string // what a person should know of the choice
}

// Find finds out how a path, a C source or an object, is compiled: by the command line if
// one is given ({source} and {output} in it), else as the finder (nil: a new one) knows. An error says
// what keeps it from being compiled, and the way out.
func Find(f *compile.Finder, path, commandLine string) (Found, error) {
	if f == nil {
		f = new(compile.Finder)
	}
	isObject, err := hasELF(path)
	if err != nil {
		return Found{}, err
	}
	if isObject {
		return findObject(f, path, commandLine)
	}
	source, err := filepath.Abs(path)
	if err != nil {
		return Found{}, err
	}
	switch filepath.Ext(source) {
	case ".h", ".hh", ".hpp", ".hxx", ".inc", ".inl":
		return Found{}, errors.New("it is a header; name a source that includes it")
	}
	if commandLine != "" {
		dir, err := os.Getwd()
		if err != nil {
			return Found{}, err
		}
		c, err := compile.Template(commandLine, source, "", dir)
		return Found{Command: c}, err
	}
	all, err := f.Commands(source)
	switch {
	case err != nil:
		return Found{}, err
	case len(all) == 0:
		return Found{}, errors.New("nothing says how it is compiled to an eBPF object; give the command with --compile 'clang … -c {source} -o {output}'")
	}
	return Found{all[0], "", several(all)}, nil
}

func findObject(f *compile.Finder, path, commandLine string) (Found, error) {
	output, err := filepath.Abs(path)
	if err != nil {
		return Found{}, err
	}
	all, err := f.OfObject(output)
	if err != nil {
		return Found{}, err
	}
	if commandLine != "" {
		source := ""
		if len(all) == 1 {
			source = all[0].Source
		}
		dir, err := os.Getwd()
		if err != nil {
			return Found{}, err
		}
		c, err := compile.Template(commandLine, source, output, dir)
		return Found{Command: c, Object: output}, err
	}
	switch len(all) {
	case 0:
		return Found{}, errors.New("nothing says what source it was made from (no debug information, or the source is not there); name the source instead, or give the command with --compile")
	case 1:
		if _, err := os.Stat(all[0].Source); err != nil {
			return Found{}, fmt.Errorf("its source is not where it was compiled: %w", err)
		}
		return Found{Command: all[0], Object: output}, nil
	}
	return Found{}, fmt.Errorf("it was linked from %d sources; name the one to mend", len(all))
}

// several says which of a source's commands is taken.
func several(all []compile.Command) []string {
	if len(all) == 1 {
		return nil
	}
	return []string{fmt.Sprintf("%s compiles it in %d ways; this is the one that makes %s", all[0].From, len(all), all[0].Output)}
}

// hasELF says whether a file is an ELF object, by its first bytes.
func hasELF(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return false, err
	case info.IsDir():
		return false, errors.New("is a folder; name sources or objects")
	case !info.Mode().IsRegular():
		return false, errors.New("is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(f, magic); err != nil {
		return false, nil //nolint:nilerr // a shorter file is no object
	}
	return bytes.Equal(magic, []byte("\x7fELF")), nil
}

// errOther is an object that the command does not make.
var errOther = errors.New("what is compiled from its source now is judged otherwise")

// Compare says whether what a command makes is what an object is, as far as the
// verifier is concerned: the same verdicts, the same complaints. Its error tells the
// first difference.
func Compare(was, is *diag.Object) error {
	for _, a := range was.Programs {
		i := slices.IndexFunc(is.Programs, func(p diag.Program) bool { return p.Name == a.Name })
		if i < 0 {
			return fmt.Errorf("%w: it has no program `%s`", errOther, a.Name)
		}
		b := is.Programs[i]
		if a.Verdict != b.Verdict {
			return fmt.Errorf("%w: `%s` is %s, was %s", errOther, a.Name, b.Verdict, a.Verdict)
		}
		p, q := failure(&a), failure(&b)
		if p == nil || q == nil {
			continue
		}
		l, m := primary(p), primary(q)
		if p.Code != q.Code || l != nil && m != nil && l.Line != m.Line {
			return fmt.Errorf("%w: `%s` fails with %s, failed with %s", errOther, a.Name, whereOf(q), whereOf(p))
		}
	}
	return nil
}

func whereOf(d *diag.Diagnostic) string {
	if l := primary(d); l != nil {
		return fmt.Sprintf("%s at line %d", d.Code, l.Line)
	}
	return d.Code
}

// compare has the object itself judged. If it is something else than what its source makes
// now, a command that was only made up is no good; one that somebody wrote is, and the
// source has changed.
func (r *run) compare(ctx context.Context, t *target, g Found, base *Version) error {
	o, err := object.Open(g.Object)
	if err != nil {
		return err
	}
	was, err := r.options.Verify(ctx, o, nil)
	if err != nil {
		return err
	}
	if err := Compare(&was, &base.Object); err != nil {
		if g.Command.From == compile.DefaultCommand {
			return fmt.Errorf("nothing says how it is compiled, and with the usual command (%s) %w; %s", strings.Join(g.Command.Args, " "), err, wayOut(g.Command))
		}
		t.report.Notes = append(t.report.Notes, fmt.Sprintf("%v; %s", err, wayOut(g.Command)))
	}
	return nil
}
