package loader

import (
	"errors"
	"syscall"

	"github.com/bpfdiag/bpfdiag/umlinux"
)

// logAllPaths is the level of a log of all paths.
const logAllPaths = 2

// everyPath loads the programs that came to the verifier once more, for the log
// of all of their paths. A guest that dies of it costs that log only.
func (l *load) everyPath(m Machine, programs []*program, slots map[mapKey]int32, set func(*program, func(*Result))) error {
	for i := 0; i < len(programs); i++ {
		p := programs[i]
		var res *Result
		set(p, func(r *Result) { res = r })
		if res.Err != nil || res.Log == "" || res.Errno == syscall.ENOMEM {
			continue
		}
		btf, calls := l.btfFor(p)
		calls = append(calls, progLoad(p, btf, slots, logAllPaths|logStats, wholeLog))
		replies, err := m.Do(l.ctx, calls, l.opts.Timeout)
		var dead *umlinux.DeadError
		switch {
		case err == nil:
			r := replies[len(replies)-1]
			var cut uint64
			if n := logTrueSize(r); n > wholeLog {
				cut = uint64(n - wholeLog)
			} else if r.Errno == syscall.ENOSPC {
				cut = 1 // how much, kernels before 6.4 do not say
			}
			l.opts.EveryPath(res.Name, r.Log, cut)
			continue
		case !errors.As(err, &dead):
			return err
		case dead.Cause == umlinux.OutOfMemory && m.Grow():
			i-- // once more
		default:
			res.PathLost = true
			res.Notes = append(res.Notes, "the log of all paths could not be had: "+dead.Error())
		}
		if err := l.prepare(m, programs); err != nil {
			if errors.As(err, &dead) {
				return nil
			}
			return err
		}
	}
	return nil
}
