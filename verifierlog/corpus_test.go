package verifierlog

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestCorpus reads logs that are too many or not ours to check in: BPFDIAG_LOGS
// names folders of *.log, separated as in PATH; without it, corpus/logs beside
// the checkout. With -v it says what was Unknown, and what of a state the
// grammar lacks.
func TestCorpus(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("BPFDIAG_LOGS"))
	if len(dirs) == 0 {
		dirs = []string{"../../shared/corpus/logs/v7.3", "../../shared/corpus/logs/big"}
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if _, err := os.Stat(dir); err != nil {
				t.Skip("no logs: ", err)
			}
			total := readCorpus(t, dir)
			t.Logf("%d logs, %d lines: %d Unknown (%.4f %%), %d states, %d of them with unknown parts; %d of %d instructions not decoded; %d of %d values and instructions differ when printed",
				total.files, total.lines, total.unknown, 100*float64(total.unknown)/float64(max(total.lines, 1)),
				total.states, total.badStates, total.badInsns, total.insns, total.differ, total.values)
			for _, e := range total.examples {
				t.Log(e)
			}
			if total.unknown*500 > total.lines {
				t.Errorf("more than 0.2 %% of the lines are Unknown")
			}
		})
	}
}

// tally counts what was read.
type tally struct {
	files, lines, unknown, states, badStates, insns, badInsns int

	values, differ int // values printed again, and otherwise than they were
	kinds          [numKinds]int
	examples       []string
}

func (t *tally) add(o *tally) {
	t.files += o.files
	t.lines += o.lines
	t.unknown += o.unknown
	t.states += o.states
	t.badStates += o.badStates
	t.insns += o.insns
	t.badInsns += o.badInsns
	t.values += o.values
	t.differ += o.differ
	for k := range o.kinds {
		t.kinds[k] += o.kinds[k]
	}
	for _, e := range o.examples {
		t.example(e)
	}
}

func (t *tally) example(e string) {
	if len(t.examples) < 60 && !slices.Contains(t.examples, e) {
		t.examples = append(t.examples, e)
	}
}

func readCorpus(t *testing.T, dir string) *tally {
	paths := make(chan string)
	total := &tally{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for p := range paths {
				one := readLog(t, p)
				mu.Lock()
				total.add(one)
				mu.Unlock()
			}
		})
	}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".log") {
			paths <- p
		}
		return err
	})
	close(paths)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return total
}

// readLog reads one log, compares it with the nodes joined, and parses each
// state and instruction.
func readLog(t *testing.T, path string) *tally {
	f, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return &tally{}
	}
	defer f.Close()
	again, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return &tally{}
	}
	defer again.Close()
	var (
		sum   = &tally{files: 1}
		state State
		same  = comparer{r: again}
	)
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: %v", path, r)
		}
	}()
	sc := NewScanner(f)
	line := 0
	for sc.Scan() {
		n := sc.Node()
		if n.Offset != same.offset {
			t.Errorf("%s:%d: offset %d, not %d", path, n.Line, n.Offset, same.offset)
		}
		if !same.next(n.Raw) {
			t.Errorf("%s:%d: differs from the input: %q", path, n.Line, n.Raw)
			return sum
		}
		if n.Line != line {
			line = n.Line
			sum.lines++
		}
		sum.kinds[n.Kind]++
		sum.inspect(n, &state)
	}
	if err := sc.Err(); err != nil {
		t.Error(err)
	}
	if !same.end() {
		t.Errorf("%s: ends too early", path)
	}
	return sum
}

func (t *tally) inspect(n *Node, state *State) {
	switch n.Kind {
	case KindUnknown:
		t.unknown++
		t.example("unknown: " + clip(n.Raw))
	case KindState:
		t.states++
		n.State(state)
		bad := len(state.Other) > 0
		for i := range state.Values {
			v := &state.Values[i]
			bad = bad || len(v.Other) > 0 || v.Base == OtherType
			if text := string(n.Text[v.Start:v.End]); text != printOldValue(v, false) && text != printOldValue(v, true) {
				t.compare(alike.Replace(text), printValue(v))
			}
		}
		if bad {
			t.badStates++
			t.example("state: " + clip(n.Raw))
		}
	case KindInsn:
		t.insns++
		i := n.Decode()
		if i.Op == OpUnknown {
			t.badInsns++
			t.example("insn: " + clip(n.Raw))
		}
		t.compare(string(n.Text), printInsn(i))
	case KindPrecision:
		if p := n.Precision(); p.Form == PrecisionBefore {
			t.insns++
			if p.Insn.Op == OpUnknown {
				t.badInsns++
				t.example("insn: " + clip(n.Raw))
			}
		}
	}
}

// alike has what is read as the same: the older name of a dynptr's parent, and
// an id plus nothing.
var alike = strings.NewReplacer("dynptr_id=", "parent_id=", "+0,", ",", "+0)", ")")

func (t *tally) compare(text, printed string) {
	if t.values++; text != printed {
		t.differ++
		t.example("printed: " + clip([]byte(text)) + " -> " + clip([]byte(printed)))
	}
}

func clip(b []byte) string {
	if len(b) > 200 {
		b = b[:200]
	}
	return string(bytes.ToValidUTF8(b, []byte("?")))
}

// comparer reads the input a second time.
type comparer struct {
	r      io.Reader
	buf    []byte
	offset int64
}

func (c *comparer) next(b []byte) bool {
	c.buf = slices.Grow(c.buf[:0], len(b))[:len(b)]
	_, err := io.ReadFull(c.r, c.buf)
	c.offset += int64(len(b))
	return err == nil && bytes.Equal(b, c.buf)
}

func (c *comparer) end() bool {
	n, _ := c.r.Read(make([]byte, 1))
	return n == 0
}
