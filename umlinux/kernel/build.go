package kernel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// BuildOptions says which kernel to build.
type BuildOptions struct {
	// Series is "6.12", or Newest for the newest that Debian has; "" is
	// Default. It is not used with Source.
	Series string
	Source string // a kernel tree or a tarball of one, in place of Debian's
	Config string // a file of configuration options to add; needs Source
	Name   string // of the image; needs Source; "" is the tree's version
	Jobs   int    // compilers to run at once; 0 is one for each processor
	Force  bool   // build anew, from the newest source, even if nothing has changed

	Progress func(Step) // called about ten times a second at most, one call at a time; may be nil
	Log      io.Writer  // gets all that make and the others say; may be nil
}

// builder is one call of Build.
type builder struct {
	options BuildOptions
	cache   string
	began   time.Time
	jobs    int

	name     string
	version  string // of the tree, when known: "6.14.0-rc3"
	ownTree  bool
	source   source // nil until Debian's suites have been asked
	recipe   *recipe
	fragment *fragment
	ownText  string // the text of options.Config
	tools    toolchain

	key      string
	work     workFolder
	runner   *runner
	expected int // files to compile, about
	objects  int // files compiled

	now      Step
	reported time.Time
}

// Build builds a kernel, or returns the one that is there when it was made
// from the same source, patches, configuration and tools. (A newer package in
// Debian's suites alone is no reason to build again; Force is.)
//
// Builds of different kernels go on side by side; a second build of the same
// one waits and returns what the first has made. A build that is cancelled or
// killed publishes nothing, and the next one goes on where it ended.
func Build(ctx context.Context, o BuildOptions) (Image, error) {
	if err := supported(); err != nil {
		return Image{}, err
	}
	cache, err := CacheDir()
	if err != nil {
		return Image{}, err
	}
	log := o.Log
	if log == nil {
		log = io.Discard
	}
	b := &builder{
		options: o, cache: cache, began: time.Now(), runner: &runner{log: log},
		jobs: cmp.Or(o.Jobs, runtime.GOMAXPROCS(0)),
	}
	if err := b.plan(ctx); err != nil {
		return Image{}, err
	}
	// Without a compiler nothing can be built, but a kernel that came with a
	// restored cache serves.
	var noTools error
	if b.tools, noTools = currentToolchain(ctx); noTools != nil && !errors.As(noTools, new(*MissingError)) {
		return Image{}, noTools
	}
	if img, ok := b.current(); ok && !o.Force {
		return img, makeInit(ctx)
	}
	if noTools != nil {
		return Image{}, noTools
	}
	if err := makeInit(ctx); err != nil {
		return Image{}, err
	}
	began := time.Now()
	l, err := acquire(ctx, lockPath(cache, "kernel-"+b.name), "building kernel "+b.name, func(holder string) {
		b.note("waiting for " + holder)
	})
	if err != nil {
		return Image{}, err
	}
	defer l.release()
	// Whoever had the lock may have built just this.
	if img, ok := b.current(); ok && (!o.Force || img.Built.After(began)) {
		return img, nil
	}
	return b.build(ctx, l)
}

// build makes the image, with the kernel's lock held.
func (b *builder) build(ctx context.Context, l *lock) (Image, error) {
	b.work = workFolder{filepath.Join(b.cache, "work", b.name)}
	if err := os.MkdirAll(b.work.dir, 0o755); err != nil {
		return Image{}, err
	}
	log, err := os.Create(b.work.log())
	if err != nil {
		return Image{}, err
	}
	defer log.Close()
	b.runner.hold, b.runner.logPath, b.runner.scratch = l, b.work.log(), b.work.scratch()
	b.runner.log = io.MultiWriter(log, b.runner.log)

	img, err := b.allSteps(ctx)
	if err == nil {
		return img, os.RemoveAll(b.work.dir)
	}
	if isFull(err) {
		return Image{}, fmt.Errorf("the disk that holds %s is full; make room or set BPFDIAG_CACHE to another folder: %w", b.work.dir, err)
	}
	return Image{}, err
}

// allSteps goes through the steps.
func (b *builder) allSteps(ctx context.Context) (Image, error) {
	if err := missing(ctx, b.source == nil); err != nil {
		return Image{}, err
	}
	room := int64(roomForObjects)
	if !b.work.exists() {
		room += roomForTree
	}
	if err := checkRoom(b.work.dir, room); err != nil {
		return Image{}, err
	}
	b.step("fetch")
	if b.source == nil {
		p, err := b.apt().latest(ctx, packageOf(b.name))
		if err != nil {
			return Image{}, err
		}
		b.source = p
	}
	b.key = b.recipe.key(b.source.id(), b.ownText, b.tools)
	if b.options.Force {
		if err := b.work.dropTree(); err != nil {
			return Image{}, err
		}
	}
	if err := b.work.open(b.key); err != nil {
		return Image{}, err
	}
	if err := b.prepareTree(ctx); err != nil {
		return Image{}, err
	}
	b.step("configure")
	if err := b.configure(ctx); err != nil {
		return Image{}, err
	}
	if err := b.compile(ctx); err != nil {
		return Image{}, err
	}
	b.step("install")
	return b.install(ctx)
}

// prepareTree fetches, unpacks and patches, as far as that has not been done.
func (b *builder) prepareTree(ctx context.Context) error {
	patches := b.recipe.patchHash()
	if b.work.has("unpacked", b.source.id()) && b.work.has("patched", patches) {
		b.note("going on with the build that was interrupted")
		return nil
	}
	// Patches that were interrupted midway leave a tree that nobody knows.
	if !b.work.has("unpacked", b.source.id()) || b.work.has("patching", patches) {
		if err := errors.Join(b.work.dropTree(), b.work.mark("key", b.key)); err != nil {
			return err
		}
		if err := b.fetchAndUnpack(ctx); err != nil {
			return err
		}
		if err := b.work.mark("unpacked", b.source.id()); err != nil {
			return err
		}
	}
	b.step("patch")
	if err := b.work.mark("patching", patches); err != nil {
		return err
	}
	total := int64(len(b.recipe.patches))
	err := applyPatches(ctx, b.runner, b.work.tree(), b.recipe, func(n int) { b.progress(int64(n), total, "") })
	if err != nil {
		return err
	}
	return errors.Join(b.work.mark("patched", patches), b.work.clear("patching"))
}

// fetchAndUnpack has a second try when what was fetched does not unpack.
func (b *builder) fetchAndUnpack(ctx context.Context) error {
	for again := false; ; again = true {
		b.step("fetch")
		if err := b.source.fetch(ctx, b); err != nil {
			return err
		}
		b.step("unpack")
		err := b.source.unpack(ctx, b, b.work.tree())
		p, fetched := b.source.(*debianPackage)
		if err == nil || ctx.Err() != nil || again || !fetched || p.fetched(b) {
			return err
		}
		b.note("the source package was damaged; fetching it again")
	}
}

// isFull recognises a full disk in our own errors and in what programs say.
func isFull(err error) bool {
	var failed *CommandError
	return errors.Is(err, syscall.ENOSPC) ||
		errors.As(err, &failed) && strings.Contains(failed.Tail, "No space left on device")
}
