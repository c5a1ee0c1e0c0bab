package facts_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/facts"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

// missing skips a test on a user's machine and fails it in CI.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func testKernels(t testing.TB) []string {
	t.Helper()
	names := strings.Fields(os.Getenv("BPFDIAG_KERNELS"))
	if len(names) == 0 {
		names = []string{kernel.Default}
	}
	for _, n := range names {
		var not kernel.NotBuiltError
		if _, err := kernel.Find(n); errors.As(err, &not) {
			missing(t, not.Error())
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// objects are some of the examples, which `make examples` compiles; with
// BPFDIAG_FACTS_LOGS all of them.
func objects(t *testing.T) []string {
	t.Helper()
	list, _ := filepath.Glob("../../build/examples/*/*.bpf.o")
	if len(list) == 0 {
		missing(t, "no compiled examples; run `make examples`")
	}
	if os.Getenv("BPFDIAG_FACTS_LOGS") != "" {
		return list
	}
	some := list[:0]
	for i := 0; i < len(list); i += 12 {
		some = append(some, list[i])
	}
	return some
}

// TestLogs holds the facts of the examples against the logs that they were made of: each
// value that a log has is one that the facts have at that place. BPFDIAG_FACTS_LOGS is a
// folder with logs of the examples that `check --log-level 2 --save-logs` wrote, fixed and
// broken ones apart; with it, it goes without a kernel.
func TestLogs(t *testing.T) {
	hold := func(t *testing.T) (each func(path string, c facts.Case, log string) error, done func()) {
		programs, values := 0, 0
		return func(path string, c facts.Case, log string) error {
				p, err := facts.Read(context.Background(), log, c)
				if err != nil {
					return err
				}
				programs++
				values += holdAgainst(t, path+": "+c.Name, p, log)
				return nil
			}, func() {
				t.Logf("%d programs, %d values", programs, values)
			}
	}
	if dir := os.Getenv("BPFDIAG_FACTS_LOGS"); dir != "" {
		each, done := hold(t)
		for _, path := range objects(t) {
			obj, err := object.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, fn := range obj.Programs() {
				log, err := os.ReadFile(filepath.Join(dir, filepath.Base(filepath.Dir(path)), filepath.Base(path), fn.Name+".log"))
				if err != nil {
					continue
				}
				if err := each(path, facts.Case{Name: fn.Name, Accepted: true, Object: obj, Locate: loader.LayoutOf(obj, fn).Find}, string(log)); err != nil {
					t.Fatal(err)
				}
			}
		}
		done()
		return
	}
	for _, name := range testKernels(t) {
		t.Run(name, func(t *testing.T) {
			ck, err := check.New(name, check.Options{}, diag.NewSources())
			if err != nil {
				t.Fatal(err)
			}
			m := ck.Machine()
			defer m.Close()
			each, done := hold(t)
			for _, path := range objects(t) {
				obj, err := object.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				err = ck.Logs(context.Background(), m, obj, nil, func(c facts.Case, log string, err error) error {
					if err != nil { // it never reached the verifier
						return nil
					}
					return each(path, c, log)
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			done()
		})
	}
}

// TestRecordedLogs is TestLogs for what testdata has.
func TestRecordedLogs(t *testing.T) {
	for _, r := range recordedObjects(t) {
		for _, fn := range r.object.Programs() {
			holdAgainst(t, r.source+": "+fn.Name, r.read(t, fn.Name), r.logs[fn.Name])
		}
	}
}

// holdAgainst counts the values of a log, and complains of those that a program's facts do
// not have. It reads the log without following it: a state stands in front of the
// instruction that it names, or of the next one in the log.
func holdAgainst(t *testing.T, name string, p *facts.Program, log string) (n int) {
	sc := verifierlog.NewScanner(strings.NewReader(log))
	type late struct {
		frame int
		v     verifierlog.Value
	}
	var pending []late
	above, speculative, skip, line := verifierlog.KindBlank, false, false, 0
	bad := 0
	frame := 0
	check := func(insn int, v *verifierlog.Value) {
		if v.FrameNo == frame {
			v.FrameNo = -1
		}
		x, ok := facts.ValueOf(v)
		if !ok {
			return
		}
		set := p.Front(insn, max(v.Reg, 0))
		if v.Reg < 0 {
			set = p.Slot(insn, v.Slot)
		}
		if n++; (set == nil || !facts.Covers(set, x)) && bad < 5 {
			bad++
			t.Errorf("%s: in front of %d R%d/fp%d may be %+v\nfacts: %+v", name, insn, v.Reg, v.Slot, x, set)
		}
	}
	var s verifierlog.State
	for sc.Scan() {
		node := sc.Node()
		if node.Line != line {
			line, skip = node.Line, false
		}
		switch node.Kind {
		case verifierlog.KindPrecision, verifierlog.KindMessage:
			skip = true
		case verifierlog.KindReport, verifierlog.KindStats:
			return n
		case verifierlog.KindBranch:
			speculative = node.Speculative
			pending = pending[:0]
		case verifierlog.KindCall:
			pending = pending[:0]
		case verifierlog.KindState:
			if skip || speculative || above == verifierlog.KindPrecision && node.Insn < 0 {
				break
			}
			node.State(&s)
			if above == verifierlog.KindCall { // of a frame that is not the next instruction's
				break
			}
			frame = s.Frame
			for i := range s.Values {
				pending = append(pending, late{s.Frame, s.Values[i]})
			}
		case verifierlog.KindInsn:
			for i := range pending {
				if pending[i].frame == frame && !speculative {
					check(node.Insn, &pending[i].v)
				}
			}
			pending = pending[:0]
		}
		if node.Kind != verifierlog.KindSource {
			above = node.Kind
		}
	}
	return n
}
