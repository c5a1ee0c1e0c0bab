package check

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// Cache keeps results for the next run, a file each in a folder. Whatever goes
// wrong with it costs time and is no error: what cannot be read or was damaged
// is not there, what cannot be written is not kept. A nil *Cache is empty and
// keeps nothing. Goroutines and processes may use one folder side by side.
type Cache struct {
	dir     string
	program string // identifies the program that keeps results
	limit   int64  // bytes that the folder may take, roughly
	useless atomic.Bool
}

const (
	cacheLimit    = 256 << 20
	cacheBlock    = 4096 // what the smallest file takes
	maxEntry      = 16 << 20
	entryTouched  = 24 * time.Hour // how exactly it is known when one was last used
	unfinishedAge = time.Hour
	unfinished    = ".new-"
)

// OpenCache returns the user's cache: the folder "results" where kernels are
// kept, too, for a program of some version. It is nil where there can be none.
func OpenCache(version string) *Cache {
	folder, err := kernel.CacheDir()
	if err != nil {
		return nil
	}
	// A version is not enough: whoever changes a rule builds under the same one.
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	id := fileID(exe)
	if id == "" {
		return nil
	}
	return &Cache{dir: filepath.Join(folder, "results"), program: version + " " + id, limit: cacheLimit}
}

// Dir is the folder.
func (c *Cache) Dir() string { return c.dir }

// get returns what is kept under a name.
func (c *Cache) get(name string) ([]byte, bool) {
	path := filepath.Join(c.dir, name)
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxEntry {
		return nil, false
	}
	data, err := io.ReadAll(io.LimitReader(f, maxEntry))
	if err != nil {
		return nil, false
	}
	sum, body, ok := bytes.Cut(data, []byte("\n"))
	if !ok || string(sum) != hexSum(body) {
		return nil, false
	}
	if now := time.Now(); now.Sub(info.ModTime()) > entryTouched {
		_ = os.Chtimes(path, now, now)
	}
	return body, true
}

// put keeps something under a name.
func (c *Cache) put(name string, body []byte) {
	size := int64(2*sha256.Size + 1 + len(body))
	if size > maxEntry || c.useless.Load() {
		return
	}
	if err := c.write(name, body); err != nil {
		c.useless.Store(true) // a full disk, a folder of somebody else's: not asked a thousand times
		return
	}
	// Looking through the whole folder takes longer than this, so it is done about
	// once for each sixteenth of the limit that is written, by whoever writes it.
	if size = max(size, cacheBlock); rand.Int64N(max(c.limit/16, 1)) < size {
		c.trim(time.Now())
	}
}

func (c *Cache) write(name string, body []byte) error {
	f, err := os.CreateTemp(c.dir, unfinished)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(c.dir, 0o700); err == nil {
			f, err = os.CreateTemp(c.dir, unfinished)
		}
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(hexSum(body) + "\n")
	if err == nil {
		_, err = f.Write(body)
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(c.dir, name))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// trim removes what was not used for longest, a quarter of the limit more than
// has to be, and what a killed process has left.
func (c *Cache) trim(now time.Time) {
	files, err := c.files(now)
	if err != nil {
		return
	}
	var total int64
	for _, f := range files {
		total += f.size
	}
	if total <= c.limit {
		return
	}
	slices.SortFunc(files, func(a, b cacheFile) int { return a.used.Compare(b.used) })
	for _, f := range files {
		if total <= c.limit/4*3 {
			return
		}
		if os.Remove(filepath.Join(c.dir, f.name)) == nil {
			total -= f.size
		}
	}
}

// cacheFile is a result that is kept, with the bytes that it takes on the disk.
type cacheFile struct {
	name string
	size int64
	used time.Time
}

// files lists the results, and removes what a killed process has left of others.
func (c *Cache) files(now time.Time) (files []cacheFile, err error) {
	entries, err := os.ReadDir(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if strings.HasPrefix(e.Name(), unfinished) {
			if now.Sub(info.ModTime()) > unfinishedAge {
				_ = os.Remove(filepath.Join(c.dir, e.Name()))
			}
			continue
		}
		size := (info.Size() + cacheBlock - 1) / cacheBlock * cacheBlock
		files = append(files, cacheFile{e.Name(), size, info.ModTime()})
	}
	return files, err
}

// CacheUse is what a cache takes.
type CacheUse struct {
	Results int
	Bytes   int64 // on the disk
	Limit   int64 // of them
}

// Use says what is kept.
func (c *Cache) Use() (CacheUse, error) {
	u := CacheUse{Limit: c.limit}
	files, err := c.files(time.Now())
	for _, f := range files {
		u.Results, u.Bytes = u.Results+1, u.Bytes+f.size
	}
	return u, err
}

// Clear removes all results and says what they took. Whoever verifies meanwhile goes on.
func (c *Cache) Clear() (CacheUse, error) {
	u := CacheUse{Limit: c.limit}
	files, err := c.files(time.Now())
	if err != nil {
		return u, err
	}
	for _, f := range files {
		if e := os.Remove(filepath.Join(c.dir, f.name)); e == nil {
			u.Results, u.Bytes = u.Results+1, u.Bytes+f.size
		} else if !errors.Is(e, fs.ErrNotExist) {
			err = e
		}
	}
	return u, err
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
