package stat

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/diag"
)

// TestShards: each object is in one shard, whatever the order and the folder.
func TestShards(t *testing.T) {
	var paths, elsewhere []string
	for i := range 23 {
		paths = append(paths, fmt.Sprintf("build/x86/%c/prog_%d.bpf.o", 'a'+i%3, i/3))
		elsewhere = append(elsewhere, "/ci/"+paths[i])
	}
	slices.Reverse(elsewhere)
	for _, parts := range []int{1, 2, 5, 23, 40} {
		var all []string
		var list string
		for part := 1; part <= parts; part++ {
			s, err := ParseShard(fmt.Sprintf("%d/%d", part, parts))
			if err != nil {
				t.Fatal(err)
			}
			mine := s.Of(paths)
			if n := len(mine); n < len(paths)/parts || n > (len(paths)+parts-1)/parts {
				t.Errorf("%s has %d of %d", &s, n, len(paths))
			}
			if !slices.IsSortedFunc(mine, func(a, b string) int { return slices.Index(paths, a) - slices.Index(paths, b) }) {
				t.Errorf("%s has another order: %q", &s, mine)
			}
			other := Shard{Part: part, Parts: parts}
			theirs := other.Of(elsewhere)
			slices.Reverse(theirs)
			for i := range theirs {
				theirs[i] = strings.TrimPrefix(theirs[i], "/ci/")
			}
			if !slices.Equal(theirs, mine) || other != s || list != "" && s.List != list {
				t.Errorf("%s: %q on another machine, %q here", &s, theirs, mine)
			}
			list = s.List
			all = append(all, mine...)
		}
		slices.Sort(all)
		if want := slices.Sorted(slices.Values(paths)); !slices.Equal(all, want) {
			t.Errorf("%d shards have %q", parts, all)
		}
	}
	for _, wrong := range []string{"", "2", "0/3", "4/3", "-1/3", "1/0", "1/2/3", "a/b", "1/99999999"} {
		if s, err := ParseShard(wrong); err == nil {
			t.Errorf("%q is %+v", wrong, s)
		}
	}
}

const firstLine = "file_name,prog_name,verdict,duration,total_insns\n"

func results(t *testing.T, name, text string) []Results {
	t.Helper()
	all, err := ReadAll(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].Name = name
	}
	return all
}

func shard(part, parts int, list, rows string) string {
	return fmt.Sprintf(`{"about":{"kernel":{"release":"7.3.1"},"shard":{"part":%d,"parts":%d,"objects":9,"list":"%s"}},"rows":[%s]}`, part, parts, list, rows)
}

// old is a text of an older kernel.
func old(text string) string { return strings.Replace(text, "7.3.1", "6.1.9", 1) }

// sides is a file of two kernels with one program.
func sides(insns string) string {
	return `{"about":{"kernels":[{"name":"7.3","release":"7.3.1"},{"name":"6.1","release":"6.1.9"}]},"rows":[{"file_name":"a.o","prog_name":"p","total_insns":` + insns + `}]}`
}

// TestKernelNames: as short as they may be.
func TestKernelNames(t *testing.T) {
	of := func(name, series, release, jit string) Results {
		return Results{Kernel: name, About: About{Kernel: &diag.Kernel{Series: series, Release: release, JIT: jit}}}
	}
	for _, c := range []struct {
		tables []Results
		want   string
	}{
		{[]Results{of("", "6.1", "6.1.9", "x86-64"), of("mine", "7.3", "7.3.1", "x86-64")}, "6.1, mine"},
		{[]Results{of("", "6.1", "6.1.9", "x86-64"), of("", "6.1", "6.1.7", "x86-64")}, "6.1.9, 6.1.7"},
		{[]Results{of("6.1", "6.1", "6.1.9", "x86-64"), of("6.1", "6.1", "6.1.9", "arm64")}, "6.1.9 x86-64, 6.1.9 arm64"},
	} {
		if got := strings.Join(KernelNames(c.tables), ", "); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestMerge(t *testing.T) {
	const p, p2, q = `{"file_name":"a.o","prog_name":"p","total_insns":3}`, `{"file_name":"a.o","prog_name":"p","total_insns":4}`, `{"file_name":"b.o","prog_name":"q","total_insns":5}`
	for _, c := range []struct {
		name    string
		texts   []string
		want    string // programs, and what they cost
		missing string
		err     string
	}{
		{name: "two", texts: []string{firstLine + "a.o,p,success,9,1\n", firstLine + "b.o,q,failure,9,2\n"}, want: "a.o/p 1 b.o/q 2"},
		{name: "the same row twice", texts: []string{firstLine + "a.o,p,success,9,1\n", firstLine + "a.o,p,success,7,1\nb.o,q,success,1,2\n"}, want: "a.o/p 1 b.o/q 2"},
		{name: "two objects of one name in a file", texts: []string{firstLine + "a.o,p,success,9,1\na.o,p,success,9,2\n", firstLine + "a.o,p,success,9,1\na.o,p,success,9,2\n"}, want: "a.o/p 1 a.o/p 2"},
		{name: "contradiction", texts: []string{firstLine + "a.o,p,success,9,1\n", firstLine + "a.o,p,failure,9,2\n"},
			err: "a.o/p: verdict is success and failure, total_insns is 1 and 2 (0, 1)"},
		{name: "what only one file has", texts: []string{firstLine + "a.o,p,success,9,1\n", "file,prog,insns,states\na.o,p,1,7\nb.o,q,2,8\n"}, want: "a.o/p 1 b.o/q 2"},
		{name: "shards", texts: []string{shard(2, 2, "x", q), shard(1, 2, "x", p)}, want: "b.o/q 5 a.o/p 3"},
		{name: "a shard is missing", texts: []string{shard(1, 3, "x", p), shard(3, 3, "x", q)}, want: "a.o/p 3 b.o/q 5", missing: "2/3"},
		{name: "objects of one name in two shards", texts: []string{shard(1, 2, "x", p), shard(2, 2, "x", p2), shard(2, 2, "x", p2)}, want: "a.o/p 3 a.o/p 4"},
		{name: "a shard that was done twice", texts: []string{shard(1, 2, "x", p), shard(1, 2, "x", p2)}, err: "a.o/p: total_insns is 3 and 4"},
		{name: "shards of two wholes", texts: []string{shard(1, 2, "x", p), shard(2, 3, "x", q)}, err: "0 is shard 1/2, 1 shard 2/3"},
		{name: "shards of two lists", texts: []string{shard(1, 2, "x", p), shard(2, 2, "y", q)}, err: "0 and 1 are shards of different lists"},
		{name: "a shard and another file", texts: []string{shard(1, 2, "x", p), firstLine + "b.o,q,success,9,5\n"}, want: "a.o/p 3 b.o/q 5"},
		{name: "two kernels", texts: []string{shard(1, 2, "x", p), old(shard(2, 2, "x", q)), old(shard(1, 2, "x", p2))},
			want: "a.o/p 3, b.o/q 5 a.o/p 4", missing: "2/2 of 7.3.1"},
		{name: "several kernels in a file", texts: []string{sides(`{"7.3":3,"6.1":4}`), sides(`{"7.3":3,"6.1":4}`)}, want: "a.o/p 3, a.o/p 4"},
		{name: "and in the other one of them", texts: []string{sides(`{"7.3":3,"6.1":null}`), old(shard(1, 1, "x", p2))}, want: "a.o/p 3, a.o/p 4"},
		{name: "contradiction in one kernel", texts: []string{sides(`{"7.3":3,"6.1":4}`), shard(1, 1, "x", p), old(shard(1, 1, "x", p))},
			err: "a.o/p: total_insns is 4 and 3 (0, 2)"},
		{name: "two kernels and one that is not known", texts: []string{shard(1, 2, "x", p), old(shard(2, 2, "x", q)), firstLine + "b.o,q,success,9,5\n"},
			err: "2 does not say of what kernel it is, and the others are of several (0 of Linux 7.3.1 with the  JIT, 1 of Linux 6.1.9"},
	} {
		var tables []Results
		for i, text := range c.texts {
			tables = append(tables, results(t, fmt.Sprint(i), text)...)
		}
		all, missing, err := Merge(tables)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want …%s…", c.name, err, c.err)
			}
			continue
		}
		var kernels []string
		for _, table := range all {
			var got []string
			for _, r := range table.Rows {
				got = append(got, fmt.Sprintf("%s/%s %d", r.File, r.Program, r.Numbers[TotalInsns]))
			}
			kernels = append(kernels, strings.Join(got, " "))
		}
		if s := strings.Join(kernels, ", "); err != nil || s != c.want || strings.Join(missing, " ") != c.missing {
			t.Errorf("%s: got %s (%q, %v)\nwant %s", c.name, s, missing, err, c.want)
		}
	}
	all, _, err := Merge(results(t, "a", shard(1, 1, "x", p)))
	if err != nil || *all[0].About.Kernel != (diag.Kernel{Release: "7.3.1"}) || all[0].About.Shard != nil {
		t.Errorf("%+v, %v", all[0].About, err)
	}
}

// TestMergeTells: not a thousand contradictions.
func TestMergeTells(t *testing.T) {
	a, b := firstLine, firstLine
	for i := range 30 {
		a += fmt.Sprintf("a.o,p%d,success,1,1\n", i)
		b += fmt.Sprintf("a.o,p%d,success,1,2\n", i)
	}
	if _, _, err := Merge(append(results(t, "a", a), results(t, "b", b)...)); err == nil || !strings.HasSuffix(err.Error(), "and 20 more") {
		t.Error(err)
	}
}
