package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// install makes the image out of the finished tree and publishes it.
func (b *builder) install(ctx context.Context) (Image, error) {
	tree := b.work.tree()
	staged := filepath.Join(b.cache, "kernels", ".new-"+b.name)
	if err := os.RemoveAll(staged); err != nil {
		return Image{}, err
	}
	if err := os.MkdirAll(staged, 0o755); err != nil {
		return Image{}, err
	}
	defer os.RemoveAll(staged)

	// Debug information is needed to make the BTF and is ten times the rest;
	// symbols stay, they name functions in a guest's crash.
	linux := filepath.Join(staged, "linux")
	err := b.runner.run(ctx, command{program: "objcopy", args: []string{"--strip-debug", filepath.Join(tree, "linux"), linux}})
	if err != nil {
		return Image{}, err
	}
	if err := checkImage(linux); err != nil {
		return Image{}, err
	}
	release, err := os.ReadFile(filepath.Join(tree, "include", "config", "kernel.release"))
	if err != nil {
		return Image{}, err
	}
	img := Image{
		Name: b.name, Series: b.recipe.series, Release: strings.TrimSpace(string(release)),
		Built: time.Now().UTC().Truncate(time.Second), Source: b.source.String(), Version: b.version,
		Compiler: b.tools.Compiler, Pahole: b.tools.Pahole,
		Key: b.key, Recipe: b.recipe.hash(), SourceID: b.source.id(), Objects: b.objects,
	}
	if err := speaks(ctx, linux, img.Release); err != nil {
		return Image{}, err
	}
	info, err := os.Stat(linux)
	if err != nil {
		return Image{}, err
	}
	img.Size = info.Size()
	text, err := json.MarshalIndent(img, "", "  ")
	if err != nil {
		return Image{}, err
	}
	config, err := os.ReadFile(filepath.Join(tree, ".config"))
	if err != nil {
		return Image{}, err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(staged, "config"), config, 0o644),
		os.WriteFile(filepath.Join(staged, "image.json"), append(text, '\n'), 0o644),
		syncFile(linux), syncFile(filepath.Join(staged, "image.json")),
	)
	if err != nil {
		return Image{}, err
	}
	if err := publish(staged, imageFolder(b.cache, b.name)); err != nil {
		return Image{}, err
	}
	return readImage(b.cache, b.name)
}

// speaks runs the image as far as `linux --version` goes: it starts here, and
// it is the kernel that it should be.
func speaks(ctx context.Context, linux, release string) error {
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	out, err := exec.CommandContext(ctx, linux, "--version").Output()
	if err != nil {
		return fmt.Errorf("the kernel was built but does not run: %s --version: %w", linux, err)
	}
	if said := strings.TrimSpace(string(out)); said != release {
		return fmt.Errorf("the kernel was built but says that it is %q, not %q", said, release)
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// publish puts a finished folder in the place of another, if there is one.
func publish(staged, folder string) error {
	err := os.Rename(staged, folder)
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	if exchange(staged, folder) == nil {
		return os.RemoveAll(staged)
	}
	// A file system that can't swap: for an instant there is no kernel of that
	// name, but never half of one.
	old := filepath.Join(filepath.Dir(folder), ".old-"+filepath.Base(folder))
	return errors.Join(os.RemoveAll(old), os.Rename(folder, old), os.Rename(staged, folder), os.RemoveAll(old))
}

// Remove deletes a kernel and what an interrupted build of it left behind.
// The error is a [NotBuiltError] when there is neither.
func Remove(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	cache, err := CacheDir()
	if err != nil {
		return err
	}
	folder, work := imageFolder(cache, name), filepath.Join(cache, "work", name)
	_, noImage := os.Stat(folder)
	_, noWork := os.Stat(work)
	if noImage != nil && noWork != nil {
		return NotBuiltError{name}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	l, err := acquire(ctx, lockPath(cache, "kernel-"+name), "removing kernel "+name, func(holder string) {
		cancel(fmt.Errorf("kernel %s is in use by %s", name, holder))
	})
	cancel(nil)
	if err != nil {
		return err
	}
	defer l.release()
	gone := filepath.Join(cache, "kernels", ".old-"+name)
	if noImage == nil {
		if err := errors.Join(os.RemoveAll(gone), os.Rename(folder, gone)); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(gone), os.RemoveAll(work))
}
