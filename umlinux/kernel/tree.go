package kernel

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// folder is a tree of the user's own. It is copied, never changed.
type folder struct {
	path    string
	content string // id
	bytes   int64
}

// newFolder looks at all files of a tree. Like make, it takes a file with the
// same size and time for unchanged: reading 1.5 GB would take longer.
func newFolder(path string) (*folder, error) {
	f := &folder{path: path}
	h := sha256.New()
	err := walkTree(path, func(rel string, d fs.DirEntry) error {
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		f.bytes += info.Size()
		_, err = fmt.Fprintf(h, "%s\x00%v %d %d\n", rel, info.Mode(), info.Size(), info.ModTime().UnixNano())
		return err
	})
	f.content = "folder:" + hex.EncodeToString(h.Sum(nil))
	return f, err
}

func (f *folder) id() string     { return f.content }
func (f *folder) String() string { return f.path }

func (f *folder) fetch(context.Context, *builder) error { return nil }

func (f *folder) unpack(ctx context.Context, b *builder, tree string) error {
	part := tree + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	var copied int64
	err := walkTree(f.path, func(rel string, d fs.DirEntry) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := copyEntry(filepath.Join(f.path, rel), filepath.Join(part, rel), d)
		copied += n
		b.progress(copied, f.bytes, "")
		return err
	})
	if err != nil {
		return fmt.Errorf("copy %s: %w", f.path, err)
	}
	// What another architecture's build left behind would get in the way.
	if err := b.make(ctx, part, nil, "mrproper"); err != nil {
		return err
	}
	return os.Rename(part, tree)
}

// walkTree visits a kernel tree without version control and build output.
func walkTree(top string, visit func(rel string, d fs.DirEntry) error) error {
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		if d.Name() == ".git" && rel != "." {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.IsDir() && isBuildOutput(rel) {
			return nil
		}
		return visit(rel, d)
	})
}

// isBuildOutput knows what make leaves in a tree and what is not worth
// copying; mrproper removes the rest from the copy.
func isBuildOutput(rel string) bool {
	name := filepath.Base(rel)
	switch filepath.Ext(name) {
	case ".o", ".a", ".ko", ".cmd":
		return true
	}
	if rel != name {
		return false
	}
	switch name {
	case "linux", "vmlinux", ".config", ".config.old", "System.map", "Module.symvers":
		return true
	}
	return strings.HasPrefix(name, ".tmp_")
}

// copyEntry copies one folder, file or link with its mode and time, and
// returns how many bytes it copied.
func copyEntry(from, to string, d fs.DirEntry) (int64, error) {
	info, err := d.Info()
	if err != nil {
		return 0, err
	}
	switch {
	case d.IsDir():
		return 0, os.MkdirAll(to, info.Mode().Perm()|0o700)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return 0, err
		}
		return 0, os.Symlink(target, to)
	case !info.Mode().IsRegular():
		return 0, nil // sockets and the like are nobody's source
	}
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return n, err
	}
	return n, os.Chtimes(to, time.Time{}, info.ModTime())
}

// treeVersion reads "6.14.0-rc3" out of a kernel's top Makefile, as its
// kernelversion target prints it.
func treeVersion(makefile io.Reader) (string, error) {
	value := map[string]string{}
	for lines := bufio.NewScanner(makefile); lines.Scan() && len(value) < 4; {
		name, v, ok := strings.Cut(lines.Text(), "=")
		if name = strings.TrimSpace(name); ok && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && name != "NAME" {
			value[name] = strings.TrimSpace(v)
		}
	}
	series := value["VERSION"] + "." + value["PATCHLEVEL"]
	if !isSeries(series) {
		return "", errors.New("not a kernel tree: its Makefile does not begin with VERSION and PATCHLEVEL")
	}
	version := series
	if value["SUBLEVEL"] != "" {
		version += "." + value["SUBLEVEL"]
	}
	return version + value["EXTRAVERSION"], nil
}

func folderVersion(path string) (string, error) {
	f, err := os.Open(filepath.Join(path, "Makefile"))
	if err != nil {
		return "", fmt.Errorf("not a kernel tree: %w", err)
	}
	defer f.Close()
	return treeVersion(f)
}

// tarballVersion reads a tarball up to the top Makefile.
func tarballVersion(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	flag, err := decompression(f)
	if err != nil {
		return "", err
	}
	var plain io.Reader = f
	if flag != nil {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		c := exec.CommandContext(ctx, strings.TrimPrefix(flag[0], "--"), "--decompress", "--stdout")
		c.Stdin = f
		pipe, err := c.StdoutPipe()
		if err != nil {
			return "", err
		}
		if err := c.Start(); err != nil {
			return "", err
		}
		defer c.Wait() //nolint:errcheck // it is stopped as soon as the Makefile is read
		defer stop()
		plain = pipe
	}
	for entries := tar.NewReader(plain); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return "", errors.New("not a kernel tree: no Makefile in its top folder")
		}
		if err != nil {
			return "", err
		}
		name := strings.TrimPrefix(entry.Name, "./")
		if top, rest, below := strings.Cut(name, "/"); name == "Makefile" || below && top != "" && rest == "Makefile" {
			// A tree without a top folder has other Makefiles at that depth.
			if version, err := treeVersion(entries); err == nil {
				return version, nil
			}
		}
	}
}
