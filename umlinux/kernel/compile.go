package kernel

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// make runs the kernel's own make for User Mode Linux.
func (b *builder) make(ctx context.Context, tree string, line func(string), targets ...string) error {
	if line == nil {
		line = func(string) {}
	}
	args := append([]string{
		"ARCH=um", "SUBARCH=x86_64",
		// Set, even to nothing, it keeps scripts/setlocalversion from asking git.
		"LOCALVERSION=",
		fmt.Sprintf("-j%d", b.jobs),
	}, targets...)
	return b.runner.run(ctx, command{program: "make", args: args, dir: tree, line: line, env: []string{
		"KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970",
		"KBUILD_BUILD_USER=bpfdiag",
		"KBUILD_BUILD_HOST=bpfdiag",
		"KBUILD_BUILD_VERSION=1",
	}})
}

// configure makes the .config: all off but what the fragment asks for. An
// option that did not become what was asked stops the build, except that in a
// tree of the user's own only the user's own options do.
func (b *builder) configure(ctx context.Context) error {
	tree := b.work.tree()
	fragment := filepath.Join(b.work.dir, "fragment.config")
	if err := os.WriteFile(fragment, []byte(b.fragment.text()), 0o644); err != nil {
		return err
	}
	if err := b.make(ctx, tree, nil, "allnoconfig", "KCONFIG_ALLCONFIG="+fragment); err != nil {
		return err
	}
	config, err := os.ReadFile(filepath.Join(tree, ".config"))
	if err != nil {
		return err
	}
	fatal, noted := b.splitUnmet(b.fragment.unmet(string(config)))
	locate(tree, fatal)
	locate(tree, noted)
	if len(noted) > 0 {
		b.note("this tree does not have all that bpfdiag's kernels have:" + listUnmet(noted))
	}
	if len(fatal) > 0 {
		return &ConfigError{fatal}
	}
	return nil
}

func (b *builder) splitUnmet(unmet []UnmetOption) (fatal, noted []UnmetOption) {
	for _, u := range unmet {
		if b.ownTree && !strings.HasPrefix(u.Where, b.options.Config+":") {
			noted = append(noted, u)
		} else {
			fatal = append(fatal, u)
		}
	}
	return fatal, noted
}

// compile builds the executable, as the two steps compile and link.
func (b *builder) compile(ctx context.Context) error {
	tree := b.work.tree()
	// A link that was interrupted leaves files that look newer than their parts.
	for _, name := range []string{"linux", "vmlinux", "vmlinux.o", "vmlinux.a"} {
		if err := os.RemoveAll(filepath.Join(tree, name)); err != nil {
			return err
		}
	}
	b.step("compile")
	progress := makeProgress{objects: countObjects(tree)}
	err := b.make(ctx, tree, func(line string) {
		linked := progress.linking
		if !progress.line(line) {
			return
		}
		file := strings.TrimPrefix(progress.file, tree+"/")
		if !progress.linking {
			b.progress(int64(progress.objects), int64(max(b.expected, progress.objects)), file)
			return
		}
		if !linked {
			b.objects = progress.objects
			b.step("link")
		}
		b.progress(0, 0, file)
	}, "linux")
	if b.objects == 0 {
		b.objects = progress.objects
	}
	return err
}

// makeProgress follows make's short output, lines such as
//
//	CC      kernel/bpf/verifier.o
//
// (indented by two spaces).
type makeProgress struct {
	objects int    // compiled so far
	linking bool   // the whole kernel is being put together
	file    string // what make is at
}

// line takes one line of output, and says whether it meant progress.
func (p *makeProgress) line(s string) bool {
	words := strings.Fields(s)
	if !strings.HasPrefix(s, "  ") || len(words) < 2 || strings.ToUpper(words[0]) != words[0] {
		return false
	}
	kind, file := words[0], words[len(words)-1]
	p.file = file
	switch {
	case kind == "AR" && file == "vmlinux.a", kind == "LD" && file == "vmlinux.o":
		p.linking = true
	case (kind == "CC" || kind == "AS") && !p.linking:
		p.objects++
	}
	return true
}

// countObjects counts what an interrupted build has compiled already.
func countObjects(tree string) int {
	n := 0
	_ = filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".o" && !d.IsDir() {
			n++
		}
		return nil
	})
	return n
}
