package facts_test

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/facts"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var (
	programs    = flag.Int("programs", 200, "how many random programs TestExecution has verified")
	programLogs = flag.Bool("program-logs", false, "print the log of one that fails")
	programSeed = flag.Uint64("program-seed", 1, "what they are made of")
)

const (
	runs     = 60   // of each program, with other inputs
	maxRun   = 4000 // instructions of one run
	execLog  = 4 << 20
	execTime = time.Minute
)

// TestExecution holds facts against what happens: random programs are verified, and run by
// an interpreter with random inputs. Whatever a register or a stack slot holds in front of an
// instruction is one of the values that are said to be possible there. In half of
// them the kernel compares states at every instruction (BPF_F_TEST_STATE_FREQ), so that most
// paths end at ones that were explored.
func TestExecution(t *testing.T) {
	for _, kernel := range testKernels(t) {
		t.Run(kernel, func(t *testing.T) {
			if kernel == "6.1" {
				t.Skip("its own ranges contradict each other behind comparisons of 32 bits, such as s32_min=-65533,s32_max=-65534")
			}
			ck, err := check.New(kernel, check.Options{}, diag.NewSources())
			if err != nil {
				t.Fatal(err)
			}
			m := ck.Machine()
			defer m.Close()
			accepted, values, narrow := 0, 0, 0
			for i := range *programs {
				r := rand.New(rand.NewPCG(*programSeed, uint64(i)))
				code := randomProgram(r)
				flags := uint32(i % 2 * testStateFreq)
				replies, err := m.Do(context.Background(), []umlinux.Call{loadCall(code, flags)}, execTime)
				if err != nil {
					t.Fatal(err)
				}
				if replies[0].Errno != 0 || len(replies[0].Log) >= execLog-1 {
					continue
				}
				accepted++
				p, err := facts.Read(context.Background(), string(replies[0].Log), facts.Case{Accepted: true, Object: &object.Object{},
					Locate: func(int) (*object.Function, int, bool) { return nil, 0, false }})
				if err != nil {
					t.Fatal(err)
				}
				x := &execution{t: t, p: p, code: code, sets: map[[2]int]*facts.Set{}}
				for range runs {
					x.run(r)
				}
				values, narrow = values+x.values, narrow+x.narrow
				if x.failed {
					t.Logf("program %d of seed %d, flags %#x; run with -program-logs for its log\n%s", i, *programSeed, flags, listing(code))
					if *programLogs {
						t.Logf("%s", replies[0].Log)
					}
					break
				}
			}
			t.Logf("%d of %d programs accepted; %d values held against facts, %d of them against less than any number", accepted, *programs, values, narrow)
			if accepted < *programs/2 {
				t.Error("most programs are rejected: they test nothing")
			}
			if narrow < values/10 {
				t.Error("there are hardly any facts")
			}
		})
	}
}

// testStateFreq is BPF_F_TEST_STATE_FREQ.
const testStateFreq = 8

// loadCall is BPF_PROG_LOAD of a traffic classifier, with the log of all paths.
func loadCall(code []ins, flags uint32) umlinux.Call {
	const size, progLoad, schedCls = 152, 5, 3
	data := make([]byte, size)
	le := binary.LittleEndian
	le.PutUint32(data[0:], schedCls)
	le.PutUint32(data[4:], uint32(len(code)))
	le.PutUint32(data[24:], 2) // log level
	le.PutUint32(data[44:], flags)
	c := umlinux.Call{Op: umlinux.OpBPF, Cmd: progLoad, AttrLen: size, Slot: umlinux.NoSlot,
		Log: &umlinux.Log{Size: execLog, AddrAt: 32, SizeAt: 28}}
	c.Pointers = []umlinux.Pointer{{At: 8, To: size}, {At: 16, To: uint32(size + 8*len(code))}}
	for _, n := range code {
		data = append(data, n.op, n.dst|n.src<<4)
		data = le.AppendUint16(data, uint16(n.off))
		data = le.AppendUint32(data, uint32(n.imm))
	}
	c.Data = append(data, "GPL\x00"...)
	return c
}

func listing(code []ins) string {
	var b strings.Builder
	for i, n := range code {
		fmt.Fprintf(&b, "%3d: %02x r%d r%d %+d %d\n", i, n.op, n.dst, n.src, n.off, n.imm)
	}
	return b.String()
}

// execution runs a program and compares.
type execution struct {
	t      *testing.T
	p      *facts.Program
	code   []ins
	sets   map[[2]int]*facts.Set
	values int
	narrow int
	failed bool
}

func (x *execution) run(r *rand.Rand) {
	vm := newInterpreter(x.code, r)
	for step := 0; !vm.done && step < maxRun && !x.failed; step++ {
		x.compare(vm)
		vm.step()
	}
}

// compare holds the state in front of an instruction against what is said of it.
func (x *execution) compare(vm *interpreter) {
	f := vm.frame()
	for reg := range 10 {
		v := f.regs[reg]
		set := x.set(vm.pc, reg)
		if set == nil {
			x.fail("instruction %d is reached, and was not visited", vm.pc)
			return
		}
		if v.kind == unset || v.kind == context_ {
			continue
		}
		x.hold(set, v.holds, "r%d = %#x (kind %d) in front of %d", reg, v.n, v.kind, vm.pc)
	}
	for off := -8; off >= -stackUsed; off -= 8 {
		if s := f.slot(off); s.written == 8 {
			x.hold(x.set(vm.pc, off), s.holds, "fp%d = %#x in front of %d", off, s.n, vm.pc)
		}
	}
}

func (x *execution) set(insn, place int) *facts.Set {
	key := [2]int{insn, place}
	s, ok := x.sets[key]
	if !ok {
		if s = x.p.Front(insn, max(place, 0)); place < 0 {
			s = x.p.Slot(insn, place)
		}
		x.sets[key] = s
	}
	return s
}

// hold says whether one of a set's values may be the one that is there.
func (x *execution) hold(set *facts.Set, holds func(*facts.Value) bool, format string, args ...any) {
	x.values++
	if set == nil || set.Any {
		return
	}
	for i := range set.Values {
		if holds(&set.Values[i]) {
			if b := &set.Values[i].Bounds; b.Umin > 0 || b.Umax+1 != 0 {
				x.narrow++
			}
			return
		}
	}
	x.fail(format+", facts: %+v", append(args, set)...)
}

func (x *execution) fail(format string, args ...any) {
	if !x.failed {
		x.t.Errorf(format, args...)
	}
	x.failed = true
}

// contains says whether a number is in bounds.
func contains(b *verifierlog.Bounds, n uint64) bool {
	return b.Umin <= n && n <= b.Umax && b.Smin <= int64(n) && int64(n) <= b.Smax &&
		b.Umin32 <= uint32(n) && uint32(n) <= b.Umax32 && b.Smin32 <= int32(n) && int32(n) <= b.Smax32 &&
		(n^b.Value)&^b.Mask == 0
}
