package lsp

import (
	"context"
	"maps"
	"slices"
	"time"
)

// grace is how long a verification goes on that newer text has overtaken: most
// end by themselves sooner than another guest boots.
const grace = 100 * time.Millisecond

// unit is what one object is made from, and what is known of it.
type unit struct {
	Unit
	files   map[string]bool // the sources that its last object was made from
	fixed   bool            // a folder's configuration names it: it stays when no file of it is open
	dropped bool

	timer   *time.Timer
	running context.CancelFunc // ends the check that is running, nil if none is
	again   bool               // another one is wanted after it
	waiting []chan struct{}    // closed when there is nothing more to do

	result  *result
	refusal *result // what the compiler's back end said of the last text; nil if nothing
	trouble string  // why there is no verdict on the last text, empty if there is one
}

// where is the path that decides whose settings are a unit's.
func (u *Unit) where() string {
	if u.Source != "" {
		return u.Source
	}
	return u.Object
}

// unitsOf lists the units that a file belongs to, in the order of their names.
// Server.mu is held.
func (s *Server) unitsOf(f *file) []*unit {
	var all []*unit
	for _, u := range s.units {
		if u.files[f.path] {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b *unit) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return all
}

// find looks for the units of a file that was opened, and verifies those that are new,
// or all.
func (s *Server) find(f *file, all bool) {
	s.mu.Lock()
	settings, path, text := s.settingsOf(f.path), f.path, f.text.content
	done := make(chan struct{})
	f.found = done
	s.mu.Unlock()
	s.start(func() {
		defer close(done)
		found, err := s.backend.Units(s.ctx, settings, path, text)
		if err != nil && s.ctx.Err() == nil {
			s.sayOnce(messageWarning, "bpfdiag: "+err.Error())
			return
		}
		s.mu.Lock()
		var changed []*file
		for name, u := range s.units {
			if u.Source != "" && canonical(u.Source) == path && !named(found, name) {
				changed = append(changed, s.drop(name)...)
			}
		}
		for _, u := range found {
			if f.open {
				s.add(u, false, all)
			}
		}
		s.mu.Unlock()
		s.publish(changed...)
		s.start(func() { s.prepare(settings, found) }) // nobody who waits for done waits for a boot
	})
}

// prepare has a kernel ready when the first object is, and says what keeps units
// from being verified.
func (s *Server) prepare(settings Settings, units []Unit) {
	if len(units) == 0 || settings.Verify == verifyCommand {
		return
	}
	if err := s.backend.Ready(s.ctx, settings, units); err != nil && s.ctx.Err() == nil {
		s.sayOnce(messageWarning, "bpfdiag: "+err.Error())
	}
}

func named(units []Unit, name string) bool {
	return slices.ContainsFunc(units, func(u Unit) bool { return u.Name == name })
}

// add makes a unit known, and verifies it if it is new or again says so. Server.mu
// is held.
func (s *Server) add(u Unit, fixed, again bool) {
	if s.phase != phaseRunning {
		return
	}
	known := s.units[u.Name]
	if known == nil {
		known = &unit{files: map[string]bool{}}
		s.units[u.Name] = known
		again = true
	}
	known.Unit = u
	known.fixed = known.fixed || fixed
	if u.Source != "" {
		known.files[canonical(u.Source)] = true
	}
	if again && s.settingsOf(u.where()).Verify != verifyCommand {
		s.schedule(known, 0)
	}
}

// findUnits looks for the units anew, after the settings or a build system's
// files changed.
func (s *Server) findUnits(all bool) {
	s.mu.Lock()
	folders, settings := slices.Sorted(maps.Keys(s.folders)), map[string]Settings{}
	for _, folder := range folders {
		settings[folder] = s.settingsOf(folder)
	}
	open := slices.Collect(maps.Values(s.documents))
	s.mu.Unlock()
	var objects []Unit
	for _, folder := range folders {
		found, err := s.backend.Objects(s.ctx, settings[folder], folder)
		if err != nil && s.ctx.Err() == nil {
			s.sayOnce(messageWarning, "bpfdiag: "+err.Error())
		}
		objects = append(objects, found...)
		s.start(func() { s.prepare(settings[folder], found) })
	}
	var changed []*file
	s.mu.Lock()
	for name, u := range s.units {
		if u.fixed && !named(objects, name) {
			changed = append(changed, s.drop(name)...)
		}
	}
	for _, u := range objects {
		s.add(u, true, all)
	}
	s.mu.Unlock()
	s.publish(changed...)
	for _, f := range open {
		s.find(f, all)
	}
}

// schedule verifies a unit after a delay, counted anew each time. Server.mu is
// held.
func (s *Server) schedule(u *unit, delay time.Duration) {
	if u.dropped {
		return
	}
	if u.timer != nil {
		u.timer.Stop()
	}
	var t *time.Timer
	t = time.AfterFunc(delay, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if u.timer == t {
			u.timer = nil
			s.check(u)
		}
	})
	u.timer = t
}

// check verifies a unit now, or as soon as the check that is running ends.
// Server.mu is held.
func (s *Server) check(u *unit) {
	switch {
	case u.dropped:
		return
	case u.running != nil:
		u.again = true
		time.AfterFunc(grace, u.running)
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	u.running = cancel
	s.start(func() {
		defer cancel()
		s.run(ctx, u)
		s.mu.Lock()
		defer s.mu.Unlock()
		u.running = nil
		if u.again {
			u.again = false
			s.check(u)
			return
		}
		if u.timer == nil {
			u.done()
		}
	})
}

// done wakes who waits for the unit.
func (u *unit) done() {
	for _, w := range u.waiting {
		close(w)
	}
	u.waiting = nil
}

// cancel ends what a unit has going on, until it is edited again. Server.mu is held.
func (u *unit) cancel() {
	if u.timer != nil {
		u.timer.Stop()
		u.timer = nil
	}
	u.again = false
	if u.running != nil {
		u.running()
		u.trouble = "cancelled"
	}
}

// stop ends what a unit has going on, for good. Server.mu is held.
func (u *unit) stop() {
	u.dropped = true
	if u.timer != nil {
		u.timer.Stop()
	}
	if u.running != nil {
		u.running()
	}
	u.again = false
	u.done()
}

// dropUnused forgets units no file of which is open, and returns the files that
// they had something to say of. Server.mu is held.
func (s *Server) dropUnused() []*file {
	used := map[*unit]bool{}
	for _, f := range s.documents {
		for _, u := range s.unitsOf(f) {
			used[u] = true
		}
	}
	var changed []*file
	for name, u := range s.units {
		if !used[u] && !u.fixed {
			changed = append(changed, s.drop(name)...)
		}
	}
	return changed
}

// drop forgets a unit and returns the files that it had something to say of.
// Server.mu is held.
func (s *Server) drop(name string) []*file {
	u := s.units[name]
	u.stop()
	delete(s.units, name)
	return u.clear()
}

// clear takes back what was said of a unit, and returns the files that it was
// said of.
func (u *unit) clear() []*file {
	files := u.accept()
	if u.result == nil {
		return files
	}
	u.endProof()
	if u.result.facts != nil {
		u.result.facts.stop()
	}
	files = append(files, u.result.release()...)
	u.result = nil
	return files
}

// accept takes back what the compiler said, and returns the files that it was said
// of.
func (u *unit) accept() []*file {
	if u.refusal == nil {
		return nil
	}
	files := u.refusal.release()
	u.refusal = nil
	return files
}

// findings are all that is said of a unit.
func (u *unit) findings() (all []*finding) {
	for _, r := range []*result{u.refusal, u.result} {
		if r != nil {
			all = append(all, r.findings...)
		}
	}
	return all
}

// settle is how long a file has to stay as it is before it is read: whoever
// writes it may not be done.
const settle = 50 * time.Millisecond
