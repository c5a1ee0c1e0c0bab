package verifierlog

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/rogpeppe/go-internal/txtar"
)

// goldenLogs are the inputs of TestNodes.
func goldenLogs(f *testing.F) (logs [][]byte) {
	files, _ := filepath.Glob("testdata/nodes/*.txtar")
	for _, p := range files {
		a, err := txtar.ParseFile(p)
		if err != nil {
			f.Fatal(err)
		}
		logs = append(logs, a.Files[0].Data)
	}
	return logs
}

// goldenTexts are the texts of all nodes of one kind in them.
func goldenTexts(f *testing.F, kind Kind, use func(n *Node)) {
	for _, log := range goldenLogs(f) {
		sc := NewScanner(bytes.NewReader(log))
		for sc.Scan() {
			if n := sc.Node(); n.Kind == kind {
				use(n)
			}
		}
	}
}

// FuzzScan: whatever the input is, the nodes joined are the input, positions
// count up, and how the reader hands the input out makes no difference.
func FuzzScan(f *testing.F) {
	for _, log := range goldenLogs(f) {
		f.Add(log)
		f.Add(bytes.ReplaceAll(log, []byte("\n"), []byte("\r\n")))
		f.Add(log[len(log)/3:])
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		var joined, seen bytes.Buffer
		var s State
		var stats Stats
		line := 0
		sc := NewScanner(bytes.NewReader(log))
		for sc.Scan() {
			n := sc.Node()
			switch {
			case len(n.Raw) == 0:
				t.Fatalf("line %d: an empty node", n.Line)
			case n.Offset != int64(joined.Len()):
				t.Fatalf("line %d: offset %d, not %d", n.Line, n.Offset, joined.Len())
			case n.Line < line || n.Line > line+1 || line == 0 && n.Line != 1:
				t.Fatalf("line %d behind line %d", n.Line, line)
			case !bytes.Contains(n.Raw, n.Text) && n.Kind != KindReport:
				t.Fatalf("line %d: %q is not in %q", n.Line, n.Text, n.Raw)
			}
			line = n.Line
			joined.Write(n.Raw)
			fmt.Fprintln(&seen, n.Kind, n.Form, n.Line, n.Insn, len(n.Raw))
			n.State(&s)
			n.Decode()
			n.Precision()
			stats.Read(n.Text)
		}
		if !bytes.Equal(joined.Bytes(), log) {
			t.Fatal("the nodes joined are not the input")
		}
		var again bytes.Buffer
		sc = NewScanner(iotest.HalfReader(bytes.NewReader(log)))
		for sc.Scan() {
			n := sc.Node()
			fmt.Fprintln(&again, n.Kind, n.Form, n.Line, n.Insn, len(n.Raw))
		}
		if !bytes.Equal(again.Bytes(), seen.Bytes()) {
			t.Fatal("other nodes when read in other pieces")
		}
	})
}

// FuzzState: a state that is parsed into a used State is what it is in a new
// one, values are where they say, and ranges hold their constant.
func FuzzState(f *testing.F) {
	goldenTexts(f, KindState, func(n *Node) { f.Add(bytes.Clone(n.Text)) })
	var used State
	f.Fuzz(func(t *testing.T, text []byte) {
		var s State
		s.Parse(text)
		used.Parse(text)
		if !reflect.DeepEqual(plain(s), plain(used)) {
			t.Fatalf("new:\n%+v\nused:\n%+v", plain(s), plain(used))
		}
		for i := range s.Values {
			v := &s.Values[i]
			if v.Start < 0 || v.Start > v.End || v.End > len(text) {
				t.Fatalf("value at %d to %d of %d", v.Start, v.End, len(text))
			}
			if v.Base == Scalar && v.Const && (v.Bounds.Smin != v.Number || v.Bounds.Umax != uint64(v.Number)) {
				t.Fatalf("%+v", v)
			}
			if v.Reg >= 0 && s.Reg(v.Reg) == nil || v.Reg < 0 && s.Slot(v.Slot) == nil {
				t.Fatalf("not found: %+v", v)
			}
		}
	})
}

// plain is a State without its memory, and with nothing for empty.
func plain(s State) State {
	s.names, s.types = nil, nil
	s.Values = append([]Value(nil), s.Values...)
	s.Refs = append([]int(nil), s.Refs...)
	return s
}

// FuzzInstruction: an instruction that was understood and is printed again is
// understood as the same.
func FuzzInstruction(f *testing.F) {
	goldenTexts(f, KindInsn, func(n *Node) { f.Add(n.Insn, n.Opcode, bytes.Clone(n.Text)) })
	f.Fuzz(func(t *testing.T, index int, code uint8, text []byte) {
		i := decode(index, code, text)
		_, _ = i.Defs(), i.Uses()
		if i.Op == OpUnknown {
			return
		}
		printed := printInsn(i)
		if again := decode(index, code, []byte(printed)); printInsn(again) != printed {
			t.Fatalf("%q is %+v, printed %q, which is %+v", text, i, printed, again)
		}
	})
}
