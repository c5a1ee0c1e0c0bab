package stat

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
)

// What veristat of Linux 7.3 writes.
const written = `file_name,prog_name,verdict,duration,total_insns,total_states,peak_states,max_states_per_insn,max_mark_read_len,prog_size,prog_size_jited,prog_type,attach_type,stack_depth,max_stack_depth,mem_peak
a.bpf.o,count,success,310,812,40,38,3,12,120,0,xdp,xdp,96,96,-1
a.bpf.o,drop,failure,20,7,0,0,0,0,30,0,sched_cls,cgroup_inet_ingress,8,8,-1
b.bpf.o,trace,success,11,5,0,0,0,0,5,0,tracing,trace_fentry,0,0,-1
`

func rows(t *testing.T, text string) []Record {
	t.Helper()
	table, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return table.Rows
}

// TestFormats: what is written is read back, and CSV to the byte.
func TestFormats(t *testing.T) {
	all := rows(t, written)
	for name, write := range map[string]func(*Grid, *bytes.Buffer) error{
		"CSV": func(g *Grid, b *bytes.Buffer) error { return g.WriteCSV(b) },
		"JSON": func(g *Grid, b *bytes.Buffer) error {
			return g.WriteJSON(b, About{Kernel: &diag.Kernel{Series: "7.3"}})
		},
		"JSON lines": func(g *Grid, b *bytes.Buffer) error { return g.WriteJSONLines(b) },
	} {
		var b bytes.Buffer
		if err := write(Table(all, CSVColumns()), &b); err != nil {
			t.Fatal(err)
		}
		if name == "CSV" && b.String() != written {
			t.Errorf("got\n%s", b.String())
		}
		if got := rows(t, b.String()); !reflect.DeepEqual(got, all) {
			t.Errorf("%s: got\n%v\nwant\n%v", name, got, all)
		}
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	spec, err := ParseSpec("prog,verdict,insns,prog_type")
	if err != nil {
		t.Fatal(err)
	}
	all := rows(t, written)
	order, _ := ParseSpec("insns")
	Sort(all, order)
	if err := Table(all, spec).WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	const want = `Program  Verdict  Insns  Program type
-------  -------  -----  ------------
count    success    812  xdp         
drop     failure      7  sched_cls   
trace    success      5  tracing     
-------  -------  -----  ------------
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

// TestComparison is the example of veristat.c's comment on variants, and rows
// that one of the tables does not have.
func TestComparison(t *testing.T) {
	const head = "file_name,prog_name,verdict,total_insns\n"
	pairs := Join(rows(t, head+"a.o,p,success,21547\na.o,old,success,1\n"), rows(t, head+"a.o,p,failure,20920\na.o,zero,success,0\n"))
	spec, _ := ParseSpec("prog,verdict,insns")
	var b strings.Builder
	if err := Comparison(pairs, spec).WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	const want = `Program  Verdict (A)  Verdict (B)  Verdict (DIFF)  Insns (A)  Insns (B)  Insns  (DIFF)
-------  -----------  -----------  --------------  ---------  ---------  -------------
old      success      N/A          N/A                     1        N/A            N/A
p        success      failure      MISMATCH            21547      20920  -627 (-2.91%)
zero     N/A          success      N/A                   N/A          0            N/A
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestFilters(t *testing.T) {
	for _, c := range []struct {
		filters []string
		want    string // programs that are left
	}{
		{nil, "count drop trace"},
		{[]string{"count"}, "count"},
		{[]string{"a*"}, "count drop"},
		{[]string{"a*/d*", "/trace"}, "drop trace"},
		{[]string{"b*/"}, "trace"},
		{[]string{"!a*/drop"}, "count trace"},
		{[]string{"insns>6"}, "count drop"},
		{[]string{"insns<=7", "!verdict=failure"}, "trace"},
		{[]string{"verdict=fail", "states==40"}, "count drop"},
		{[]string{"*.bpf.o", "dur<>310"}, "drop trace"},
	} {
		var f Filters
		for _, text := range c.filters {
			if err := f.Add(text); err != nil {
				t.Fatal(err)
			}
		}
		var left []string
		for _, r := range rows(t, written) {
			if f.MayHave(r.File) && f.Has(r.File, r.Program) && f.Shows(&r) {
				left = append(left, r.Program)
			}
		}
		if got := strings.Join(left, " "); got != c.want {
			t.Errorf("%q: got %s, want %s", c.filters, got, c.want)
		}
	}
}

// TestWrong: what is not understood is named.
func TestWrong(t *testing.T) {
	spec := func(s string) error { _, err := ParseSpec(s); return err }
	filter := func(s string) error { return new(Filters).Add(s) }
	csv := func(s string) error { _, err := Read(strings.NewReader(s)); return err }
	for _, c := range []struct {
		err  error
		says string
	}{
		{spec("insn"), `no column is called "insn"; did you mean insns?`},
		{filter("cost>3"), `no column is called "cost"`},
		{filter("file>3"), `"file" is not a number`},
		{filter("insns>many"), `"many" is neither a whole number`},
		{filter(""), "is empty"},
		{csv(""), "the file is empty"},
		{csv("file,insns\n"), "rows need the columns file_name and prog_name"},
		{csv("file,prog,insns\na,b\n"), "line 2"},
		{csv("file,prog,insns\na,b,c\n"), `line 2, column insns: "c" is no whole number`},
		{csv("file,prog,verdict\na,b,maybe\n"), `"maybe" is neither success nor failure`},
		{csv(`{"rows":[{"file_name":"a","prog_name":"b","total_insns":"x"}]}`), `row 1: total_insns: "x" is no whole number`},
		{csv(`{"rows":[{"file_name":"a"}]}`), "row 1: it names no file or no program"},
		{csv(`{"rows":[{"file_name":"a","prog_name":"b","verdict":{"6.1":"success"}}]}`), "row 1: verdict: it has the numbers of several kernels"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("got %v, want …%s…", c.err, c.says)
		}
	}
}

// TestMet: the lines of --fail-on.
func TestMet(t *testing.T) {
	const head = "file_name,prog_name,verdict,total_insns\n"
	pairs := Join(rows(t, head+"a.o,p,success,100\n"), rows(t, head+"a.o,p,success,112\na.o,new,success,9\n"))
	var f Filters
	for _, text := range []string{"insns_pct>10", "insns_diff<0", "insns>1000"} {
		if err := f.Add(text); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for i := range pairs {
		got = append(got, f.Met(&pairs[i])...)
	}
	if want := "total_insns_pct is 12 (> 10)"; strings.Join(got, "\n") != want {
		t.Errorf("got %q", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(written)
	f.Add(`{"schema":1,"rows":[{"file_name":"a","prog_name":"b","total_insns":3}]}`)
	f.Add("file,prog,|insns|_a\na,b,1\n")
	f.Add(sides(`{"7.3":3,"6.1":4}`))
	f.Add(`{"about":{"kernels":[]},"rows":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		tables, err := ReadAll(strings.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		for _, t := range tables {
			_ = Table(t.Rows, t.Columns).WriteCSV(&b)
			_ = Comparison(Join(t.Rows, t.Rows), t.Columns).WriteTable(&b)
		}
		merged, _, err := Merge(slices.Concat(tables, tables))
		if len(tables) > 1 {
			return // which may be called by one name and contradict each other
		}
		if err != nil || len(merged[0].Rows) != len(tables[0].Rows) {
			t.Fatalf("merged with itself: %d rows of %d, %v", len(merged[0].Rows), len(tables[0].Rows), err)
		}
	})
}

func TestAcross(t *testing.T) {
	const head = "file_name,prog_name,verdict,total_insns\n"
	a, b := rows(t, head+"a.o,p,success,100\na.o,q,failure,7\n"), rows(t, head+"a.o,p,success,100\na.o,q,success,31\na.o,r,success,2\n")
	spec, _ := ParseSpec("prog,verdict,insns")
	var out strings.Builder
	if err := Across([]string{"6.1", "7.3"}, JoinAll(a, b), spec).WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	const want = `Program  Verdict (6.1)  Verdict (7.3)  Insns (6.1)  Insns (7.3)  Changed       
-------  -------------  -------------  -----------  -----------  --------------
p        success        success                100          100                
q        failure        success                  7           31  verdict, insns
r        N/A            success                N/A            2  verdict, insns
-------  -------------  -------------  -----------  -----------  --------------
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
