package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// debianPackage is a linux-source package of one of Debian's suites.
type debianPackage struct {
	apt     *apt
	name    string // "linux-source-6.12"
	version string // "6.12.95-1~bpo12+1"
	file    string // what apt-get download calls it
	size    int64  // bytes
	sha256  string // in hex
}

func (p *debianPackage) id() string     { return "debian:" + p.name + "=" + p.version + ":" + p.sha256 }
func (p *debianPackage) String() string { return p.name + " " + p.version }

// fetch downloads the package and keeps the tarball that is in it.
func (p *debianPackage) fetch(ctx context.Context, b *builder) error {
	if p.fetched(b) {
		return nil
	}
	dir := b.work.download()
	// A package that was fetched in part, or of another version, is of no use:
	// apt-get download starts over in any case.
	if err := errors.Join(b.work.clear("fetched"), os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	deb := filepath.Join(dir, p.file)
	if err := p.download(ctx, b, dir); err != nil {
		return err
	}
	if err := b.runner.run(ctx, command{program: "dpkg", args: []string{"--extract", deb, dir}}); err != nil {
		return err
	}
	inside := filepath.Join(dir, "usr", "src", p.name+".tar.xz")
	if err := os.Rename(inside, p.tarball(b)); err != nil {
		return fmt.Errorf("package %s holds no %s.tar.xz: %w", p.file, p.name, err)
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "usr")), os.Remove(deb)); err != nil {
		return err
	}
	info, err := os.Stat(p.tarball(b))
	if err != nil {
		return err
	}
	return b.work.mark("fetched", p.fetchedStamp(info.Size()))
}

func (p *debianPackage) tarball(b *builder) string {
	return filepath.Join(b.work.download(), "source.tar.xz")
}

func (p *debianPackage) fetchedStamp(size int64) string { return fmt.Sprintf("%s %d", p.id(), size) }

func (p *debianPackage) fetched(b *builder) bool {
	info, err := os.Stat(p.tarball(b))
	return err == nil && b.work.has("fetched", p.fetchedStamp(info.Size()))
}

// download fetches the .deb, reporting how many bytes have come.
func (p *debianPackage) download(ctx context.Context, b *builder, dir string) error {
	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-done:
				return
			case <-time.After(300 * time.Millisecond):
				b.progress(folderSize(dir), p.size, p.String())
			}
		}
	}()
	err := b.runner.run(ctx, command{
		program: "apt-get", dir: dir,
		args: []string{"--config-file=" + p.apt.config(), "--quiet", "download", p.name + "=" + p.version},
	})
	close(done)
	<-watched
	if err != nil {
		// The lists may name what is no longer there: ask anew next time.
		return errors.Join(err, p.apt.expire())
	}
	sum, err := fileHash(filepath.Join(dir, p.file))
	if err != nil {
		return err
	}
	if sum != p.sha256 {
		return fmt.Errorf("download of %s is damaged: SHA-256 %s instead of %s", p.file, sum, p.sha256)
	}
	return nil
}

// unpack unpacks the tarball. One that does not unpack is not kept, so that
// the next build fetches it again.
func (p *debianPackage) unpack(ctx context.Context, b *builder, tree string) error {
	err := unpackTarball(ctx, b, p.tarball(b), tree)
	var failed *CommandError
	if errors.As(err, &failed) && !isFull(err) {
		return errors.Join(err, b.work.clear("fetched"))
	}
	return err
}

func folderSize(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size
}

func fileHash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// parseDownload reads what apt-get --print-uris download prints:
//
//	'URI' linux-source-6.12_6.12.95-1_all.deb 152778344 SHA256:775b9e...
func parseDownload(line string) (*debianPackage, error) {
	fields := strings.Fields(strings.TrimSpace(line))
	if len(fields) < 4 {
		return nil, fmt.Errorf("apt-get --print-uris said %q", line)
	}
	p := &debianPackage{file: fields[1]}
	parts := strings.Split(strings.TrimSuffix(p.file, ".deb"), "_")
	size, err := strconv.ParseInt(fields[2], 10, 64)
	sum, isSHA256 := strings.CutPrefix(fields[3], "SHA256:")
	if err != nil || !isSHA256 || len(parts) != 3 || strings.ContainsRune(p.file, '/') {
		return nil, fmt.Errorf("apt-get --print-uris said %q", line)
	}
	p.name, p.size, p.sha256 = parts[0], size, sum
	p.version = strings.ReplaceAll(parts[1], "%3a", ":")
	return p, nil
}
