package check

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

// keys are the names under which an object's result is kept: anywhere if it
// depends on the object alone, bound to a place if it tells of source files.
type keys struct{ anywhere, place string }

// keys returns the names for an object; ok is false if its result is not to be
// kept or looked for.
func (ck *Checker) keys(path string, data []byte) (k keys, ok bool) {
	o := &ck.Options
	switch {
	case ck.Cache == nil || ck.kernelID == "":
		return k, false
	case o.KeepLogs || o.SaveLogs != "": // logs are large, and whoever wants them looks at one object
		return k, false
	case o.Select != nil && o.Selected == "" || o.Prepare != nil && o.Prepared == "":
		return k, false
	}
	h := sha256.New()
	// The object's name is part of those of its maps, which are in the log.
	fmt.Fprintf(h, "1 %q %q %q %q %d\n", ck.Cache.program, ck.kernelID, o.key(), filepath.Base(path), len(data))
	h.Write(data)
	k.anywhere = hex.EncodeToString(h.Sum(nil))
	h.Reset()
	fmt.Fprintf(h, "%s %q %q", k.anywhere, path, ck.Sources.Folders())
	k.place = hex.EncodeToString(h.Sum(nil))
	return k, true
}

// of returns the name that a result is kept under.
func (k keys) of(a *Answer) string {
	if a.Place {
		return k.place
	}
	return k.anywhere
}

// key is all that changes the result of an object, or may.
func (o *Options) key() string {
	return fmt.Sprintf("%q %d %d %q %q %d %d %t %t %t", o.JIT, o.Memory, o.Timeout, o.Selected, o.Prepared, o.Flags, o.LogLevel, o.Explain, o.Work, o.Brief)
}

// fileID identifies a file's content without reading it, "" if there is none.
func fileID(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
}

// imageID identifies a kernel with its configuration, which the loader reads;
// "" if it is gone.
func imageID(img kernel.Image) string {
	id := fileID(img.Path)
	if id == "" {
		return ""
	}
	return fmt.Sprintf("%s %s %s %s %s", img.Key, img.Release, img.Path, id, fileID(filepath.Join(filepath.Dir(img.Path), "config")))
}

// sums are source files by path, in JSON as hexadecimal numbers; "" is a file
// that was not there.
func sums(seen map[string]diag.SourceSum) map[string]string {
	all := map[string]string{}
	for path, sum := range seen {
		all[path] = sumText(sum)
	}
	return all
}

func sumText(sum diag.SourceSum) string {
	if sum == (diag.SourceSum{}) {
		return ""
	}
	return hex.EncodeToString(sum[:])
}
