package verifierlog

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// recordedLogs calls f for each log in testdata/path.
func recordedLogs(t *testing.T, f func(program, kernel string, log []byte)) {
	t.Helper()
	files, err := filepath.Glob("testdata/path/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files: ", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range a.Files {
			if kernel, ok := strings.CutSuffix(l.Name, ".log"); ok {
				f(strings.TrimSuffix(filepath.Base(file), ".txtar"), kernel, l.Data)
			}
		}
	}
}

func insnsOf(t *testing.T, log []byte) []int {
	t.Helper()
	p, err := ReadPath(bytes.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	insns := make([]int, p.Len())
	for i := range insns {
		insns[i] = p.Insn(i)
	}
	return insns
}

// TestPathLevels: the path found among all that a log of level 2 has is the
// one that the kernel itself leaves in a log of level 1.
func TestPathLevels(t *testing.T) {
	one := map[string][]int{}
	compared := 0
	recordedLogs(t, func(program, kernel string, log []byte) {
		series, level2 := strings.CutSuffix(kernel, "-l2")
		got := insnsOf(t, log)
		if !level2 {
			one[program+" "+series] = got
			return
		}
		compared++
		if want := one[program+" "+series]; !slices.Equal(got, want) {
			t.Errorf("%s: level 2 gives %v, level 1 %v", program, got, want)
		}
	})
	if compared == 0 {
		t.Error("nothing to compare")
	}
}

// TestPathLevelsCorpus does the same with folders of logs: BPFDIAG_LOGS names
// those that end in -l2, beside which are those of level 1.
func TestPathLevelsCorpus(t *testing.T) {
	rejected, differ := 0, 0
	for _, dir := range filepath.SplitList(os.Getenv("BPFDIAG_LOGS")) {
		base, ok := strings.CutSuffix(dir, "-l2")
		if !ok {
			continue
		}
		err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".log") {
				return err
			}
			other := base + "-l1" + strings.TrimPrefix(file, dir)
			log1, err := os.ReadFile(other)
			if err != nil || len(log1) > 16<<20 {
				return nil
			}
			if s := Summarize(string(log1)); s.Message == "" || strings.Contains(s.Message, "too large") {
				return nil
			}
			log2, err := os.ReadFile(file)
			if err != nil || len(log2) > 64<<20-2 { // cut off
				return nil
			}
			one, two := insnsOf(t, log1), insnsOf(t, log2)
			if len(one) == 0 || len(two) == 0 {
				return nil
			}
			rejected++
			if !slices.Equal(one, two) {
				if differ++; differ <= 10 {
					k := 0
					for k < len(one) && k < len(two) && one[k] == two[k] {
						k++
					}
					t.Logf("%s: %d and %d steps, differ at step %d", file, len(one), len(two), k)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if rejected == 0 {
		t.Skip("no logs of both levels")
	}
	t.Logf("%d rejected programs, of %d the paths differ", rejected, differ)
	if differ*200 > rejected {
		t.Error("more than 0.5 % differ")
	}
}

// TestPathTruncated: of a log that lost its head, what remains gives the end
// of the path; of one that lost its middle, both ends with a gap between.
func TestPathTruncated(t *testing.T) {
	recordedLogs(t, func(program, kernel string, log []byte) {
		if strings.HasSuffix(kernel, "-l2") || len(log) > 64<<10 {
			return
		}
		full := insnsOf(t, log)
		lines := bytes.SplitAfter(log, []byte("\n"))
		for from := 0; from < len(lines); from += 7 {
			cut := bytes.Join(lines[from:], nil)
			got := insnsOf(t, cut)
			if len(got) > len(full) || !slices.Equal(got, full[len(full)-len(got):]) {
				t.Errorf("%s %s from line %d: %v is not the end of %v", program, kernel, from+1, got, full)
			}
			p, _ := ReadPath(bytes.NewReader(cut))
			exercise(t, p)
			if len(got) > 0 && len(got) < len(full) && !p.Truncated && full[0] != got[0] && p.Func < 0 {
				t.Errorf("%s %s from line %d: not known to be truncated", program, kernel, from+1)
			}
		}
	})
	const head = `0: R1=ctx() R10=fp0
0: (bf) r6 = r1                       ; R1=ctx() R6_w=ctx()
1: (b7) r7 = 5                        ; R7_w=5
[...]
20: (bf) r2 = r6                      ; R2_w=ctx() R6=ctx()
21: (0f) r2 += r7
`
	p, err := ReadPath(strings.NewReader(head))
	if err != nil || p.Len() != 4 || !p.Step(2).Gap || p.Step(1).Gap {
		t.Fatalf("%d steps, %v", p.Len(), err)
	}
	if v, ok := p.Before(3, Reg(0, 7)); ok {
		t.Errorf("r7 is known behind a gap: %+v", v)
	}
	if v, ok := p.Before(3, Reg(0, 2)); !ok || v.Base != Ctx {
		t.Errorf("r2 is not known: %+v", v)
	}
}

// TestPathBranches: which visit a branch goes back to, in logs of level 2.
func TestPathBranches(t *testing.T) {
	for _, c := range []struct {
		name, log string
		insns     []int
		spec      bool
	}{
		{"the last visit that waits", `0: R1=ctx() R10=fp0
0: (85) call bpf_get_prandom_u32#7    ; R0_w=scalar()
1: (15) if r0 == 0x0 goto pc+2        ; R0_w=scalar(umin=1)
2: (15) if r0 == 0x1 goto pc+2        ; R0_w=scalar(umin=2)
3: (95) exit

from 2 to 5: R0=1 R10=fp0
5: (95) exit

from 1 to 4: safe
`, []int{0, 1}, false},
		{"a jump that had one way only pushed nothing", `0: R1=ctx() R10=fp0
0: (b7) r6 = 0                        ; R6_w=0
1: (85) call bpf_get_prandom_u32#7    ; R0_w=scalar()
2: (15) if r0 == 0x7 goto pc+3        ; R0_w=scalar()
3: (07) r6 += 1                       ; R6_w=1
4: (b7) r0 = 1                        ; R0_w=1
5: (05) goto pc-4
2: (15) if r0 == 0x7 goto pc+3        ; R0_w=1
3: (07) r6 += 1                       ; R6_w=2
4: (95) exit

from 2 to 6: R0=7 R6=0 R10=fp0
6: (0f) r6 += r1
R1 !read_ok
`, []int{0, 1, 2, 6}, false},
		{"speculation", `0: R1=ctx() R10=fp0
0: (b7) r0 = 0                        ; R0_w=0
1: (15) if r0 == 0x0 goto pc+1        ; R0_w=0
3: (95) exit

from 1 to 2 (speculative execution): R0=0 R10=fp0
2: (bf) r0 = r5
R5 !read_ok
`, []int{0, 1, 2}, true},
		{"a push that is not in the log", `7: (b7) r0 = 0                        ; R0_w=0
8: (95) exit

from 2 to 5: R0=1 R10=fp0
5: (bf) r0 = r5
R5 !read_ok
`, []int{5}, false},
		{"another program behind the statistics", `0: R1=ctx() R10=fp0
0: (95) exit
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
0: R1=ctx() R10=fp0
0: (bf) r0 = r5
R5 !read_ok
`, []int{0}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ReadPath(strings.NewReader(c.log))
			if err != nil {
				t.Fatal(err)
			}
			if got := insnsOf(t, []byte(c.log)); !slices.Equal(got, c.insns) {
				t.Errorf("got %v, not %v", got, c.insns)
			}
			if p.Speculative != c.spec {
				t.Errorf("Speculative is %v", p.Speculative)
			}
			exercise(t, p)
		})
	}
}
