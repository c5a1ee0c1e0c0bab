package verifierlog

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the expected files anew")

// TestNodes reads the logs in testdata/nodes: "log" is the input, "nodes" what
// it is taken for, a line per node; what a state, instruction or precision
// node holds is indented below it. -update writes the latter.
func TestNodes(t *testing.T) {
	files, err := filepath.Glob("testdata/nodes/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files: ", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Files) == 0 || a.Files[0].Name != "log" {
				t.Fatal("the first file must be log")
			}
			got := describeLog(t, a.Files[0].Data)
			if *update {
				a.Files = append(a.Files[:1], txtar.File{Name: "nodes", Data: got})
				if err := os.WriteFile(f, txtar.Format(a), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(a.Files) != 2 || !bytes.Equal(a.Files[1].Data, got) {
				t.Errorf("nodes differ; got:\n%s", got)
			}
		})
	}
}

func describeLog(t *testing.T, log []byte) []byte {
	var out, joined bytes.Buffer
	sc := NewScanner(bytes.NewReader(log))
	for sc.Scan() {
		n := sc.Node()
		joined.Write(n.Raw)
		describe(&out, n)
	}
	if !bytes.Equal(joined.Bytes(), log) {
		t.Error("the nodes joined are not the input")
	}
	return out.Bytes()
}

func describe(out *bytes.Buffer, n *Node) {
	fmt.Fprintf(out, "%d %s", n.Line, n.Kind)
	if n.Form != FormNone {
		fmt.Fprintf(out, " %s", n.Form)
	}
	number := func(name string, v, none int) {
		if v != none {
			fmt.Fprintf(out, " %s=%d", name, v)
		}
	}
	number("insn", n.Insn, -1)
	number("from", n.From, -1)
	number("func", n.Func, -1)
	number("frame", n.Frame, 0)
	for _, f := range []struct {
		set  bool
		name string
	}{{n.After, "after"}, {n.Safe, "safe"}, {n.Speculative, "speculative"}, {n.Partial, "partial"}} {
		if f.set {
			out.WriteString(" " + f.name)
		}
	}
	if n.Name != nil {
		fmt.Fprintf(out, " name=%q", n.Name)
	}
	if n.File != nil {
		fmt.Fprintf(out, " at=%s:%d", n.File, n.SourceLine)
	}
	fmt.Fprintf(out, " %q\n", n.Text)
	switch n.Kind {
	case KindState:
		var s State
		n.State(&s)
		describeState(out, &s)
	case KindInsn:
		i := n.Decode()
		fmt.Fprintf(out, "\t%s\n", fields(i))
	case KindPrecision:
		fmt.Fprintf(out, "\t%s\n", fields(n.Precision()))
	case KindStats:
		var s Stats
		s.Read(n.Text)
		fmt.Fprintf(out, "\t%s\n", fields(s))
	}
}

func describeState(out *bytes.Buffer, s *State) {
	for _, v := range s.Values {
		where := fmt.Sprintf("R%d", v.Reg)
		if v.Reg < 0 {
			where = fmt.Sprintf("fp%d", v.Slot)
		}
		v.Reg, v.Slot, v.Start, v.End = 0, 0, 0, 0
		if v.FrameNo < 0 {
			v.FrameNo = 0
		}
		if v.Bounds == (Bounds{Smin: -1 << 63, Smax: 1<<63 - 1, Umax: 1<<64 - 1, Smin32: -1 << 31, Smax32: 1<<31 - 1, Umax32: 1<<32 - 1, Mask: 1<<64 - 1}) ||
			v.Base == Scalar && v.Const {
			v.Bounds = Bounds{}
		}
		fmt.Fprintf(out, "\t%s %s\n", where, fields(v))
	}
	s.Values = nil
	if f := fields(*s); f != "" {
		fmt.Fprintf(out, "\t%s\n", f)
	}
}

// fields prints the exported fields of a struct that are not zero.
func fields(v any) string {
	var out []string
	r := reflect.ValueOf(v)
	for i := range r.NumField() {
		name, f := r.Type().Field(i).Name, r.Field(i)
		if f.IsZero() || !r.Type().Field(i).IsExported() || f.Kind() == reflect.Int && f.Int() == -1 {
			continue
		}
		switch f.Kind() {
		case reflect.Bool:
			out = append(out, name)
		case reflect.Struct:
			if inner := fields(f.Interface()); inner != "" {
				out = append(out, name+"{"+inner+"}")
			}
		case reflect.Slice:
			if f.Type().Elem().Kind() == reflect.Uint8 {
				out = append(out, fmt.Sprintf("%s=%s", name, f.Bytes()))
				continue
			}
			out = append(out, fmt.Sprintf("%s=%+v", name, f.Interface()))
		case reflect.Uint64:
			out = append(out, fmt.Sprintf("%s=%#x", name, f.Uint()))
		default:
			out = append(out, fmt.Sprintf("%s=%v", name, f.Interface()))
		}
	}
	return strings.Join(out, " ")
}

// TestLineEnds: nothing of the input is lost, whatever ends its lines.
func TestLineEnds(t *testing.T) {
	long := strings.Repeat("x", 3*MaxLine+5)
	for _, c := range []struct {
		name, log, kinds string
	}{
		{"CRLF", "0: (b7) r0 = 0    ; R0=0\r\n\r\nR0 !read_ok\r\n", "insn state blank message"},
		{"no final newline", "0: (95) exit", "insn"},
		{"cut", "0: (95) exit\nmark_prec", "insn unknown"},
		{"cut in a number", "0: (95) exit\n12", "insn unknown"},
		{"a complaint that lost its newline", "0: (95) exit\nframe pointer is read only", "insn message"},
		{"NUL", "0: (95) exit\nR0\x00\n", "insn unknown"},
		{"invalid UTF-8", "; caf\xe9\nR1 \xff\n", "source unknown"},
		{"only newlines", "\n\n", "blank blank"},
		{"a carriage return alone", "\r0: (95) exit\n", "unknown"},
		{"a long line", "; " + long + "\n1: (95) exit\n", "source unknown unknown unknown insn"},
		{"a long line without end", long, "message unknown unknown unknown"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var joined strings.Builder
			var kinds []string
			sc := NewScanner(strings.NewReader(c.log))
			for sc.Scan() {
				n := sc.Node()
				if n.Offset != int64(joined.Len()) {
					t.Errorf("offset %d, not %d", n.Offset, joined.Len())
				}
				if n.Partial != (len(c.log) > MaxLine && n.Kind != KindInsn) {
					t.Errorf("line %d: Partial is %v", n.Line, n.Partial)
				}
				joined.Write(n.Raw)
				kinds = append(kinds, n.Kind.String())
			}
			if joined.String() != c.log {
				t.Error("the nodes joined are not the input")
			}
			if got := strings.Join(kinds, " "); got != c.kinds {
				t.Errorf("got %s, not %s", got, c.kinds)
			}
		})
	}
}

// TestStateReuse: a State that is parsed into again keeps nothing, and what
// was taken from it stays.
func TestStateReuse(t *testing.T) {
	text := []byte("frame1: R1=map_value(map=flows,ks=4,vs=8) fp-8=mmmm???? refs=2 cb bogus")
	var s State
	s.Parse(text)
	name := s.Reg(1).Map
	copy(text, bytes.Repeat([]byte("x"), len(text)))
	s.Parse([]byte("R1=5"))
	if s.Frame != 0 || len(s.Values) != 1 || len(s.Refs) != 0 || s.Callback || len(s.Other) != 0 {
		t.Errorf("something is left: %+v", s)
	}
	if v := s.Reg(1); v == nil || v.Map != "" || !v.Const || v.Number != 5 {
		t.Errorf("R1 is %+v", v)
	}
	if name != "flows" {
		t.Errorf("the map's name became %q", name)
	}
	if s.Reg(2) != nil || s.Slot(-8) != nil {
		t.Error("values that are not there")
	}
	text = []byte("R1=ctx(off=8) fp-8=mmmm????")
	s.Parse(text)
	if n := testing.AllocsPerRun(100, func() { s.Parse(text) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
