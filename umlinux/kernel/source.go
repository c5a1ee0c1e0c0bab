package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A source is where a kernel tree comes from.
type source interface {
	id() string     // identifies the content
	String() string // for people
	// fetch brings what unpack needs into the work folder.
	fetch(ctx context.Context, b *builder) error
	// unpack fills the folder tree, which does not exist yet.
	unpack(ctx context.Context, b *builder, tree string) error
}

// installedSources is where Debian's packages put their tarballs.
var installedSources = "/usr/src"

// installedSource is the tarball of an installed linux-source package, or nil.
func installedSource(ctx context.Context, r *runner, series string) *tarball {
	path := filepath.Join(installedSources, packageOf(series)+".tar.xz")
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	t := &tarball{path: path, name: packageOf(series)}
	version, err := r.output(ctx, command{program: "dpkg-query", args: []string{"-W", "-f", "${Version}", packageOf(series)}})
	if err == nil && version != "" {
		t.name += " " + version
	}
	// Hashing 150 MB each time only to find nothing to do is not worth it: a
	// package's files change with its version.
	t.content = fmt.Sprintf("installed:%s:%d:%d", t.name, info.Size(), info.ModTime().UnixNano())
	return t
}

// tarball is a compressed tree, of Debian or of the user.
type tarball struct {
	path    string
	name    string // for people
	content string // id
}

// newTarball is a tarball of the user's own.
func newTarball(path string) (*tarball, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return &tarball{path: path, name: path, content: "tarball:" + hex.EncodeToString(h.Sum(nil))}, nil
}

func (t *tarball) id() string     { return t.content }
func (t *tarball) String() string { return t.name }

func (t *tarball) fetch(context.Context, *builder) error { return nil }

func (t *tarball) unpack(ctx context.Context, b *builder, tree string) error {
	return unpackTarball(ctx, b, t.path, tree)
}

// unpackTarball unpacks a tree, whose files may be below one folder, as they
// are in all released tarballs, or not.
func unpackTarball(ctx context.Context, b *builder, path, tree string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	flag, err := decompression(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	part := tree + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := os.MkdirAll(part, 0o755); err != nil {
		return err
	}
	counted := &countingReader{r: f, each: func(n int64) { b.progress(n, info.Size(), "") }}
	args := append([]string{"--extract", "--file=-", "--no-same-owner", "--directory=" + part}, flag...)
	if err := b.runner.run(ctx, command{program: "tar", args: args, stdin: counted}); err != nil {
		return fmt.Errorf("unpack %s: %w", path, err)
	}
	top := part
	if _, err := os.Stat(filepath.Join(top, "Makefile")); err != nil {
		entries, err := os.ReadDir(part)
		if err != nil {
			return err
		}
		if len(entries) != 1 || !entries[0].IsDir() {
			return fmt.Errorf("%s is not a kernel tree: no Makefile in its top folder", path)
		}
		top = filepath.Join(part, entries[0].Name())
	}
	if err := os.Rename(top, tree); err != nil {
		return err
	}
	return os.RemoveAll(part)
}

// decompression tells tar the compression, which it can't find out on a pipe.
func decompression(f io.ReaderAt) ([]string, error) {
	head := make([]byte, 6)
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("not a tarball: %w", err)
	}
	for _, c := range []struct{ magic, flag string }{
		{"\xfd7zXZ\x00", "--xz"},
		{"\x1f\x8b", "--gzip"},
		{"\x28\xb5\x2f\xfd", "--zstd"},
		{"BZh", "--bzip2"},
	} {
		if strings.HasPrefix(string(head), c.magic) {
			return []string{c.flag}, nil
		}
	}
	return nil, nil
}

type countingReader struct {
	r    io.Reader
	n    int64
	each func(int64)
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.each(c.n)
	return n, err
}
