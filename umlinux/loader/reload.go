package loader

import (
	"errors"

	"github.com/bpfdiag/bpfdiag/umlinux"
)

// reload loads the programs that failed with a word in the log again, for the
// log of the failing path; with Options.LogLevel all that reached the verifier.
func (l *load) reload(m Machine, programs []*program, slots map[mapKey]int32, set func(*program, func(*Result))) error {
	var again []*program
	for _, p := range programs {
		set(p, func(r *Result) {
			wanted := l.opts.LogLevel > 0 || r.Errno != 0 && (l.opts.Path == nil || l.opts.Path(r))
			if r.Err == nil && r.Log != "" && wanted {
				again = append(again, p)
			}
		})
	}
	size := uint32(tailLog)
	if l.opts.WholeLogs {
		size = wholeLog
	}
	for len(again) > 0 {
		var calls []umlinux.Call
		var which []int
		for i, p := range again {
			btf, extra := l.btfFor(p)
			calls = append(calls, extra...)
			for range extra {
				which = append(which, -1)
			}
			calls = append(calls, progLoad(p, btf, slots, max(logPath, l.opts.LogLevel)|logStats, size))
			which = append(which, i)
		}
		replies, err := m.Do(l.ctx, calls, l.opts.Timeout)
		for i, r := range replies {
			if which[i] >= 0 && len(r.Log) > 0 {
				set(again[which[i]], func(res *Result) { res.setLog(r, size) })
			}
		}
		var dead *umlinux.DeadError
		if !errors.As(err, &dead) {
			return err
		}
		// The verdict is known; only this log's path is lost.
		n := len(replies)
		for n < len(which) && which[n] < 0 {
			n++
		}
		if n == len(which) {
			return nil
		}
		lost := func(p *program) {
			set(p, func(r *Result) {
				r.PathLost = true
				r.Notes = append(r.Notes, "the log of the failing path could not be had: "+dead.Error())
			})
		}
		again = again[which[n]:]
		if !l.another(again[0], dead) {
			lost(again[0])
			again = again[1:]
		}
		if len(again) > 0 {
			if err := l.prepare(m, programs); errors.As(err, &dead) {
				for _, p := range again {
					lost(p)
				}
				return nil
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// another says whether a program on which a guest died is tried once more:
// a signal came from somebody else (twice is no accident), all other ends are
// of the program's doing.
func (l *load) another(p *program, dead *umlinux.DeadError) bool {
	if dead.Cause != umlinux.Killed || l.retried[p] {
		return false
	}
	l.retried[p] = true
	return true
}
