package verifierlog

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// benchSize is how much log a measurement reads: one log, again and again.
const benchSize = 100 << 20

// benchLog is the log that is measured: BPFDIAG_BENCH_LOG names it; without
// it, that of a million instructions beside the checkout, or a stand-in.
func benchLog(tb testing.TB) []byte {
	paths := []string{os.Getenv("BPFDIAG_BENCH_LOG")}
	beside, _ := filepath.Glob("../../shared/corpus/logs/big/*.log")
	for _, p := range append(paths, beside...) {
		if text, err := os.ReadFile(p); err == nil {
			return text
		}
	}
	tb.Log("no log found, measuring a stand-in")
	return standIn()
}

// standIn has the lines that long logs have most, in about the same shares.
func standIn() []byte {
	const lap = `from 12 to 20: R0=map_value(map=flows,ks=4,vs=320) R1_w=scalar(id=7,smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R6=trusted_ptr_task_struct(id=1) R10=fp0 fp-8=mmmm???? fp-64_w=scalar(id=5) refs=2
; for (int i = 0; i < nr_cpus; i++) { @ balance.bpf.c:381
20: (bc) w1 = w8                      ; R1_w=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R8_w=scalar()
21: (07) r9 += 1                      ; R9_w=128
22: (79) r1 = *(u64 *)(r10 -72)       ; R1_w=map_value(map=scx.bss,ks=4,vs=148748,off=0x12300,smin=smin32=0,smax=umax=smax32=umax32=0x11dc0,var_off=(0x0; 0x1ffc0)) R10=fp0
23: (85) call bpf_map_lookup_elem#1   ; R0=map_value_or_null(id=3,map=flows,ks=4,vs=320)
24: (55) if r0 != 0x0 goto pc-4 21: R0=map_value(map=flows,ks=4,vs=320) R10=fp0 fp-8=mmmm????
; if (!flow) @ balance.bpf.c:383
25: (05) goto pc-6
`
	return bytes.Repeat([]byte(lap), 2000)
}

// repeat reads text again and again, n bytes in all, in the pieces that a file
// is read in.
type repeat struct {
	text []byte
	at   int
	left int64
}

func (r *repeat) Read(b []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(int64(len(b)), r.left)], r.text[r.at:])
	r.left -= int64(n)
	if r.at += n; r.at == len(r.text) {
		r.at = 0
	}
	return n, nil
}

func scanAll(r io.Reader) (nodes int) {
	sc := NewScanner(r)
	for sc.Scan() {
		nodes++
	}
	return nodes
}

func parseAll(r io.Reader) (values int) {
	var s State
	sc := NewScanner(r)
	for sc.Scan() {
		if n := sc.Node(); n.Kind == KindState {
			n.State(&s)
			values += len(s.Values)
		}
	}
	return values
}

func decodeAll(r io.Reader) (known int) {
	sc := NewScanner(r)
	for sc.Scan() {
		if n := sc.Node(); n.Kind == KindInsn {
			if i := n.Decode(); i.Op != OpUnknown {
				known++
			}
		}
	}
	return known
}

// linesAll is what the others are compared with: the least that anything that
// reads lines does.
func linesAll(r io.Reader) (lines int) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, MaxLine)
	for sc.Scan() {
		lines++
	}
	return lines
}

// TestMemory: reading a log of 32 MB allocates what reading one of 1 MB does.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 32 MB")
	}
	allocated := func(size int64) uint64 {
		var before, after runtime.MemStats
		text := standIn()
		runtime.ReadMemStats(&before)
		if parseAll(&repeat{text: text, left: size}) == 0 {
			t.Fatal("read nothing")
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := allocated(1<<20), allocated(32<<20)
	if large > small+64<<10 || large > 1<<20 {
		t.Errorf("%d bytes for 1 MB of log, %d for 32 MB", small, large)
	}
}

func benchmark(b *testing.B, read func(io.Reader) int) {
	text := benchLog(b)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	var most uint64
	for b.Loop() {
		if read(&repeat{text: text, left: benchSize}) == 0 {
			b.Fatal("read nothing")
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapSys)
	}
	b.ReportMetric(float64(most)/(1<<20), "MB-heap")
}

func BenchmarkLines(b *testing.B)  { benchmark(b, linesAll) }
func BenchmarkScan(b *testing.B)   { benchmark(b, scanAll) }
func BenchmarkStates(b *testing.B) { benchmark(b, parseAll) }
func BenchmarkInsns(b *testing.B)  { benchmark(b, decodeAll) }

// BenchmarkRatios measures all of them in turn, in one run, so that their
// ratios hold on a machine that others use too: "of-lines" is the speed as a
// part of that of bufio.Scanner.
func BenchmarkRatios(b *testing.B) {
	text := benchLog(b)
	names := [...]string{"lines", "scan", "states"}
	reads := [...]func(io.Reader) int{linesAll, scanAll, parseAll}
	var best [len(reads)]time.Duration
	for b.Loop() {
		for i, read := range reads {
			begin := time.Now()
			read(&repeat{text: text, left: benchSize})
			if d := time.Since(begin); best[i] == 0 || d < best[i] {
				best[i] = d
			}
		}
	}
	for i, d := range best {
		b.ReportMetric(benchSize/1e6/d.Seconds(), names[i]+"-MB/s")
		if i > 0 {
			b.ReportMetric(best[0].Seconds()/d.Seconds(), names[i]+"/lines")
		}
	}
}
