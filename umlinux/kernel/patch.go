package kernel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
)

// A PatchError says that one of bpfdiag's patches does not apply to a tree.
type PatchError struct {
	Patch  string // "7.2/0003-verify-only-jit.patch"
	File   string // the file in the tree, "" when patch did not say
	Hunk   int    // counts from 1; 0 when no hunk could be tried
	Line   int    // where in the file the hunk was expected
	Text   string // the hunk itself
	Output string // what the patch program said
}

func (e *PatchError) Error() string {
	text := fmt.Sprintf("patch %s no longer applies", e.Patch)
	if e.File != "" {
		text += ": " + e.File
	}
	if e.Hunk > 0 {
		text += fmt.Sprintf(", hunk %d at line %d", e.Hunk, e.Line)
	}
	text += "\n  patch says:\n    " + strings.ReplaceAll(e.Output, "\n", "\n    ")
	if e.Text != "" {
		text += "\n  the hunk:\n    " + strings.ReplaceAll(e.Text, "\n", "\n    ")
	}
	return text
}

// applyPatches patches a tree. Each patch is tried before it is applied, so
// that no file is left with half of a patch; those before it stay.
func applyPatches(ctx context.Context, r *runner, tree string, rec *recipe, applied func(int)) error {
	for i, p := range rec.patches {
		name := rec.series + "/" + p.name
		for _, try := range []bool{true, false} {
			args := []string{"--strip=1", "--forward", "--batch", "--no-backup-if-mismatch", "--reject-file=-"}
			if try {
				args = append(args, "--dry-run")
			}
			var said []string
			err := r.run(ctx, command{
				program: "patch", args: args, dir: tree, stdin: bytes.NewReader(p.text),
				line: func(line string) { said = append(said, line) },
			})
			var failed *CommandError
			if errors.As(err, &failed) && !strings.Contains(failed.Tail, "No space left") {
				return explainPatch(name, p.text, said)
			}
			if err != nil {
				return fmt.Errorf("patch %s: %w", name, err)
			}
		}
		applied(i + 1)
	}
	return nil
}

var (
	patchFileLine = lazyregexp.New(`^(?:checking|patching) file '?([^']+?)'?(?: \(.*\))?$`)
	patchHunkLine = lazyregexp.New(`^Hunk #(\d+) (?:FAILED|NOT MERGED) at (\d+)`)
	patchNewFile  = lazyregexp.New(`^The next patch(?:, when reversed,)? would (?:create|delete|empty out) the file '?([^',]+)'?`)
	patchNoFile   = lazyregexp.New(`^\|\+\+\+ [^/\t ]+/([^\t ]+)`)
	patchGaveUp   = lazyregexp.New(`FAILED|Skipping patch|malformed patch`)
)

// explainPatch reads the words of GNU patch (its main loop in src/patch.c).
// The first failure counts; what follows is often its consequence.
func explainPatch(name string, text []byte, said []string) *PatchError {
	e := &PatchError{Patch: name, Output: strings.Join(said, "\n")}
	for _, line := range said {
		for _, names := range []*lazyregexp.Regexp{patchFileLine, patchNewFile, patchNoFile} {
			if m := names.FindStringSubmatch(line); m != nil {
				e.File = m[1]
			}
		}
		if m := patchHunkLine.FindStringSubmatch(line); m != nil {
			e.Hunk, _ = strconv.Atoi(m[1])
			e.Line, _ = strconv.Atoi(m[2])
			e.Text = hunkText(string(text), e.File, e.Hunk)
		}
		if patchGaveUp.MatchString(line) {
			break
		}
	}
	return e
}

// hunkText cuts one hunk of one file out of a patch.
func hunkText(patch, file string, hunk int) string {
	const longest = 40
	inFile, count := false, 0
	var lines []string
	for line := range strings.Lines(patch) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "+++ "):
			path, _, _ := strings.Cut(strings.TrimPrefix(line, "+++ "), "\t")
			_, path, _ = strings.Cut(path, "/")
			inFile, count = path == file, 0
		case inFile && strings.HasPrefix(line, "@@ "):
			count++
		case strings.HasPrefix(line, "diff ") || strings.HasPrefix(line, "--- "):
			inFile = false
		}
		if inFile && count == hunk && len(lines) < longest {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
