package kernel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// plan finds out what to build: name, source, patches, configuration.
func (b *builder) plan(ctx context.Context) error {
	sets, err := patchSets()
	if err != nil {
		return err
	}
	o := b.options
	tree := cmp.Or(o.Series, Default)
	switch {
	case o.Source != "":
		if o.Series != "" {
			return errors.New("a series and a source of one's own can't be combined: the series is read from the source")
		}
		if err := b.planOwn(ctx); err != nil {
			return err
		}
		tree = seriesOfRelease(b.version)
	case o.Config != "" || o.Name != "":
		return errors.New("a configuration or name of one's own needs a source of one's own")
	case tree == Newest:
		found, err := b.apt().available(ctx)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return errors.New("none of Debian's suites has a linux-source package")
		}
		tree = found[len(found)-1]
		fallthrough
	default:
		if !isSeries(tree) {
			return fmt.Errorf("%q is not a kernel series; bpfdiag has patches for %s", tree, strings.Join(sets, ", "))
		}
		b.name = tree
		if t := installedSource(ctx, b.runner, tree); t != nil {
			b.source = t
		}
	}
	set := nearestPatchSet(tree, sets)
	if text := describePatchSet(tree, set); text != "" {
		b.note(text)
	}
	b.expected = expectedObjects(tree)
	if b.recipe, err = recipeFor(set); err != nil {
		return err
	}
	var own *fragmentText
	if o.Config != "" {
		text, err := os.ReadFile(o.Config)
		if err != nil {
			return err
		}
		b.ownText = string(text)
		own = &fragmentText{o.Config, b.ownText}
	}
	b.fragment, err = b.recipe.fragment(own)
	return err
}

// planOwn looks at a tree or tarball of the user's own.
func (b *builder) planOwn(ctx context.Context) error {
	path, err := filepath.Abs(b.options.Source)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	b.ownTree = true
	if info.IsDir() {
		if b.version, err = folderVersion(path); err == nil {
			b.source, err = newFolder(path)
		}
	} else {
		var t *tarball
		if t, err = newTarball(path); err == nil {
			b.source = t
			b.version, err = versionOf(ctx, t)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	b.name = cmp.Or(b.options.Name, b.version)
	if isSeries(b.name) {
		return fmt.Errorf("kernel name %q belongs to Debian's kernel of that series; choose another with --name", b.name)
	}
	return checkName(b.name)
}

// versionOf remembers the version of a tarball that was built before: reading
// it means to decompress a large part.
func versionOf(ctx context.Context, t *tarball) (string, error) {
	images, err := List()
	if err != nil {
		return "", err
	}
	for _, img := range images {
		if img.SourceID == t.id() && img.Version != "" {
			return img.Version, nil
		}
	}
	return tarballVersion(ctx, t.path)
}

// current returns the image of that name if a build would make the same again.
func (b *builder) current() (Image, bool) {
	img, err := readImage(b.cache, b.name)
	if err != nil {
		return Image{}, false
	}
	if img.Objects > 0 {
		b.expected = img.Objects
	}
	id := img.SourceID
	if b.source != nil {
		id = b.source.id()
	}
	tools := toolchain{cmp.Or(b.tools.Compiler, img.Compiler), cmp.Or(b.tools.Pahole, img.Pahole)}
	return img, b.recipe.key(id, b.ownText, tools) == img.Key
}

func (b *builder) apt() *apt {
	return &apt{dir: filepath.Join(b.cache, "apt"), runner: b.runner, note: b.note}
}
