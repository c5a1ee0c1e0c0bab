package live

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bpfdiag/bpfdiag/internal/config"
	"github.com/fsnotify/fsnotify"
)

const (
	settle = 50 * time.Millisecond // whoever writes an object may not be done at its first byte
	look   = 5 * time.Second       // for file systems that tell nothing
)

// state tells one content of a file from another.
type state struct {
	size int64
	time time.Time
}

// Watch calls changed for each object that a folder's .bpfdiag.toml names, when it
// appears, changes or goes, and for that file itself, until ctx ends.
func (b *Backend) Watch(ctx context.Context, folder string, changed func(path string)) {
	var events chan fsnotify.Event
	w, err := fsnotify.NewWatcher()
	if err == nil {
		defer w.Close()
		events = w.Events
		go func() { // nothing is lost by an error but time
			for range w.Errors {
			}
		}()
	}
	known := watched(folder, w)
	tick := time.NewTicker(look)
	defer tick.Stop()
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-events:
			if !ok {
				events = nil
			} else if settled == nil {
				settled = time.After(settle)
			}
			continue
		case <-settled:
			settled = nil
		case <-tick.C:
		}
		now := watched(folder, w)
		for path, is := range now {
			if was, ok := known[path]; !ok || was != is {
				changed(path)
			}
		}
		for path := range known {
			if _, ok := now[path]; !ok {
				changed(path)
			}
		}
		known = now
	}
}

// watched are the files of a folder that matter, and has w watch where they are
// or may appear.
func watched(folder string, w *fsnotify.Watcher) map[string]state {
	all := map[string]state{}
	add := func(path string) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			all[path] = state{info.Size(), info.ModTime()}
		}
	}
	watch := func(dir string) {
		if w != nil {
			_ = w.Add(dir) // one that is watched already is none the more
		}
	}
	watch(folder)
	add(filepath.Join(folder, config.Name))
	conf, err := config.Find(folder)
	if err != nil || conf == nil {
		return all
	}
	for _, pattern := range conf.Objects {
		found, _ := filepath.Glob(pattern)
		for _, path := range found {
			add(path)
		}
		for dir := filepath.Dir(pattern); ; dir = filepath.Dir(dir) {
			dirs, _ := filepath.Glob(dir)
			for _, d := range dirs {
				watch(d)
			}
			if len(dirs) > 0 && !strings.ContainsAny(dir, `*?[\`) || dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return all
}
