package check

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// accepted and rejected are what a kernel says of testdata's program.
const (
	accepted = "verification time 7 usec\nstack depth 8\nprocessed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
	rejected = `0: R1=ctx() R10=fp0
; __u32 port = ctx->ingress_ifindex; @ BPF0101.rejected.bpf.c:14
0: (61) r1 = *(u32 *)(r1 +12)         ; R1_w=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))
1: (63) *(u32 *)(r10 -4) = r1         ; R1_w=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R10=fp0 fp-8=mmmm????
2: (bf) r2 = r10                      ; R2_w=fp0 R10=fp0
3: (07) r2 += -4                      ; R2_w=fp-4
; __u64 *n = bpf_map_lookup_elem(&packets, &port); @ BPF0101.rejected.bpf.c:15
4: (18) r1 = 0x61d64c00               ; R1_w=map_ptr(map=packets,ks=4,vs=8)
6: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,map=packets,ks=4,vs=8)
; *n += 1; @ BPF0101.rejected.bpf.c:17
7: (79) r1 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
` + accepted
	source = "\n\n\n\n\n\n\n\n\n\n\n\n\n\t__u32 port = ctx->ingress_ifindex;\n\t__u64 *n = bpf_map_lookup_elem(&packets, &port);\n\n\t*n += 1;\n"
)

// fakeGuest answers every BPF_PROG_LOAD with a log, and counts them.
type fakeGuest struct {
	log   string
	errno syscall.Errno
	dies  error
	loads int
}

func (g *fakeGuest) Do(_ context.Context, calls []umlinux.Call, _ time.Duration) (out []umlinux.Reply, err error) {
	for _, c := range calls {
		r := umlinux.Reply{}
		if c.Op == umlinux.OpBPF && c.Cmd == 5 {
			g.loads++
			if g.dies != nil {
				return out, g.dies
			}
			r = umlinux.Reply{Errno: g.errno, Log: []byte(g.log)}
		}
		out = append(out, r)
	}
	return out, nil
}

func (*fakeGuest) Grow() bool { return false }

// run is one run of a program: a fresh checker on a cache.
type run struct {
	*Checker
	fakeGuest
}

func newRun(c *Cache, log string) *run {
	r := &run{For(&loader.Kernel{Release: "6.12.1"}, Options{Explain: true}, diag.NewSources()), fakeGuest{log: log}}
	if strings.HasPrefix(log, "0:") {
		r.errno = syscall.EACCES
	}
	r.Cache, r.kernelID = &Cache{dir: c.dir, program: c.program, limit: c.limit}, "kernel 1"
	return r
}

// check returns an object's result, and whether it came from the cache.
func (r *run) check(t *testing.T, path string) (diag.Object, bool) {
	t.Helper()
	before := r.loads
	o, err := r.Object(t.Context(), &r.fakeGuest, path)
	if err != nil || o.Error != "" || len(o.Programs) != 1 {
		t.Fatalf("%v: %+v", err, o)
	}
	return o, r.loads == before
}

// folder goes to a folder with an object, and returns a cache beside it.
func folder(t *testing.T) *Cache {
	t.Helper()
	data, err := os.ReadFile("../../cmd/bpfdiag/testdata/objects/BPF0101.rejected.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	put(t, "a.bpf.o", data)
	return &Cache{dir: filepath.Join(t.TempDir(), "results"), program: "1.0", limit: cacheLimit}
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestCache: what changes a result is a miss, all else is not.
func TestCache(t *testing.T) {
	for _, c := range []struct {
		name   string
		log    string
		change func(t *testing.T, r *run) (path string)
		hit    bool
	}{
		{"nothing", rejected, func(*testing.T, *run) string { return "a.bpf.o" }, true},
		{"more guests", rejected, func(_ *testing.T, r *run) string { r.Options.Jobs = 7; return "a.bpf.o" }, true},
		{"the object", accepted, func(t *testing.T, r *run) string {
			data, _ := os.ReadFile("a.bpf.o")
			put(t, "a.bpf.o", append(data, 0))
			return "a.bpf.o"
		}, false},
		{"the folder of an accepted object", accepted, func(t *testing.T, r *run) string {
			data, _ := os.ReadFile("a.bpf.o")
			put(t, "other/a.bpf.o", data)
			return "other/a.bpf.o"
		}, true},
		{"the folder of a rejected object", rejected, func(t *testing.T, r *run) string {
			data, _ := os.ReadFile("a.bpf.o")
			put(t, "other/a.bpf.o", data)
			return "other/a.bpf.o"
		}, false},
		{"the object's name", accepted, func(t *testing.T, r *run) string {
			data, _ := os.ReadFile("a.bpf.o")
			put(t, "b.bpf.o", data)
			return "b.bpf.o"
		}, false},
		{"a source that was not there", rejected, func(t *testing.T, r *run) string {
			put(t, "BPF0101.rejected.bpf.c", []byte(source))
			return "a.bpf.o"
		}, false},
		{"a source that has nothing to do with it", rejected, func(t *testing.T, r *run) string {
			put(t, "other.bpf.c", []byte(source))
			return "a.bpf.o"
		}, true},
		{"a root of sources", rejected, func(t *testing.T, r *run) string {
			r.Sources = diag.NewSources("root")
			return "a.bpf.o"
		}, false},
		{"the kernel", accepted, func(_ *testing.T, r *run) string { r.kernelID = "kernel 2"; return "a.bpf.o" }, false},
		{"no kernel that is known well", accepted, func(_ *testing.T, r *run) string { r.kernelID = ""; return "a.bpf.o" }, false},
		{"the program", accepted, func(_ *testing.T, r *run) string { r.Cache.program = "1.1"; return "a.bpf.o" }, false},
		{"logs", accepted, func(_ *testing.T, r *run) string { r.Options.KeepLogs = true; return "a.bpf.o" }, false},
		{"no cache", accepted, func(_ *testing.T, r *run) string { r.Cache = nil; return "a.bpf.o" }, false},
		{"a filter that nobody describes", accepted, func(_ *testing.T, r *run) string {
			r.Options.Select = func(string, string) bool { return true }
			return "a.bpf.o"
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := folder(t)
			first, hit := newRun(cache, c.log).check(t, "a.bpf.o")
			if hit {
				t.Fatal("found in an empty cache")
			}
			r := newRun(cache, c.log)
			path := c.change(t, r)
			again, hit := r.check(t, path)
			if hit != c.hit {
				t.Errorf("hit: %t", hit)
			}
			if first.Path = path; hit && !reflect.DeepEqual(first, again) {
				t.Errorf("got  %+v\nwant %+v", again, first)
			}
		})
	}
}

// TestCacheSources: a result that tells of a source file is only true with that file.
func TestCacheSources(t *testing.T) {
	cache := folder(t)
	put(t, "BPF0101.rejected.bpf.c", []byte(source))
	first, _ := newRun(cache, rejected).check(t, "a.bpf.o")
	if first.Programs[0].Diagnostics[0].Labels[0].Source == "" {
		t.Fatalf("the source is not in use: %+v", first.Programs[0].Diagnostics)
	}
	if again, hit := newRun(cache, rejected).check(t, "a.bpf.o"); !hit || !reflect.DeepEqual(first, again) {
		t.Errorf("hit: %t\n%+v", hit, again)
	}
	put(t, "BPF0101.rejected.bpf.c", []byte(strings.Replace(source, "*n += 1;", "*n += 2;", 1)))
	if _, hit := newRun(cache, rejected).check(t, "a.bpf.o"); hit {
		t.Error("hit after a change of the source")
	}
	if err := os.Remove("BPF0101.rejected.bpf.c"); err != nil {
		t.Fatal(err)
	}
	if _, hit := newRun(cache, rejected).check(t, "a.bpf.o"); hit {
		t.Error("hit without the source")
	}
}

// TestCacheOptions: whoever adds an option says whether it changes results.
func TestCacheOptions(t *testing.T) {
	const changes, doesNot = true, false
	known := map[string]bool{
		"JIT": changes, "Memory": changes, "Timeout": changes, "Selected": changes, "Prepared": changes,
		"Flags": changes, "LogLevel": changes, "Explain": changes, "Work": changes, "Brief": changes,
		"Jobs":   doesNot,
		"Select": doesNot, "Prepare": doesNot, // what describes them does
		"KeepLogs": doesNot, "SaveLogs": doesNot, // nothing is kept then
	}
	options := reflect.TypeFor[Options]()
	for i := range options.NumField() {
		name := options.Field(i).Name
		change, ok := known[name]
		if !ok {
			t.Errorf("Options.%s: is it part of the key?", name)
			continue
		}
		var o Options
		switch f := reflect.ValueOf(&o).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int, reflect.Int64:
			f.SetInt(1)
		case reflect.Uint32:
			f.SetUint(1)
		}
		if got := o.key() != new(Options).key(); got != change {
			t.Errorf("Options.%s changes the key: %t", name, got)
		}
	}
}

// TestCacheAccidents: what the machine is to blame for is tried again.
func TestCacheAccidents(t *testing.T) {
	for name, accident := range map[string]fakeGuest{
		"death":         {dies: &umlinux.DeadError{Cause: umlinux.Panicked}},
		"out of memory": {errno: syscall.ENOMEM},
	} {
		t.Run(name, func(t *testing.T) {
			cache := folder(t)
			r := newRun(cache, accepted)
			r.fakeGuest = accident
			if o, _ := r.check(t, "a.bpf.o"); o.Programs[0].Verdict != diag.Error {
				t.Errorf("%+v", o)
			}
			if o, hit := newRun(cache, accepted).check(t, "a.bpf.o"); hit || o.Programs[0].Verdict != diag.Accepted {
				t.Error("it was kept")
			}
		})
	}
}

// TestCacheFilters: how many programs a filter has left out is kept, too, and
// an error of the preparation is not.
func TestCacheFilters(t *testing.T) {
	cache := folder(t)
	for i := range 2 {
		r := newRun(cache, accepted)
		r.Options.Select, r.Options.Selected = func(string, string) bool { return false }, "none"
		o, err := r.Object(t.Context(), &r.fakeGuest, "a.bpf.o")
		if err != nil || len(o.Programs) != 0 || o.LeftOut != 1 {
			t.Errorf("run %d: %v, %+v", i, err, o)
		}
	}
	for range 2 {
		r := newRun(cache, accepted)
		r.Options.Prepare, r.Options.Prepared = func(*object.Object) error { return os.ErrInvalid }, "fails"
		if o, err := r.Object(t.Context(), &r.fakeGuest, "a.bpf.o"); err != nil || o.Error == "" {
			t.Errorf("%v, %+v", err, o)
		}
	}
}

// TestCacheOthers: what is said of other kernels is true while they are the same.
func TestCacheOthers(t *testing.T) {
	cache := folder(t)
	with := func(ids string) *run {
		r := newRun(cache, accepted)
		r.others = &otherKernels{ids: ids}
		r.others.once.Do(func() {})
		return r
	}
	data, err := os.ReadFile("a.bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	r, asked := with("6.1 7.2"), true
	o, _ := r.check(t, "a.bpf.o")
	k, _ := r.keys("a.bpf.o", data)
	r.asked = &asked
	r.Sources = r.Sources.Watch()
	if a, ok := r.answer(o); ok {
		r.Cache.put(k.of(a), a.Entry)
	}
	for ids, want := range map[string]bool{"6.1 7.2": true, "6.1": false} {
		if _, hit := with(ids).recall(k, "a.bpf.o"); hit != want {
			t.Errorf("with kernels %s: hit %t", ids, hit)
		}
	}
}

// TestCacheLatin1: a text that JSON does not have is not changed by keeping it.
func TestCacheLatin1(t *testing.T) {
	cache := folder(t)
	data, _ := os.ReadFile("a.bpf.o")
	put(t, "a.bpf.o", bytes.Replace(data, []byte("*n += 1;"), []byte("*n += \xe9;"), 1))
	first, _ := newRun(cache, rejected).check(t, "a.bpf.o")
	again, hit := newRun(cache, rejected).check(t, "a.bpf.o")
	if hit || !reflect.DeepEqual(first, again) || !strings.Contains(fmt.Sprintf("%+v", first), "\xe9") {
		t.Errorf("hit %t\n%+v\n%+v", hit, first, again)
	}
}

// TestCacheDamaged: whatever is in an entry's file, it is right or not there.
func TestCacheDamaged(t *testing.T) {
	cache := folder(t)
	first, _ := newRun(cache, accepted).check(t, "a.bpf.o")
	files, _ := filepath.Glob(filepath.Join(cache.dir, "*"))
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	wrong := bytes.Replace(whole, []byte(`"insns":7`), []byte(`"insns":8`), 1)
	for name, data := range map[string][]byte{
		"empty": nil, "cut": whole[:len(whole)/2], "longer": append(bytes.Clone(whole), 'x'), "another number": wrong,
		"no JSON": []byte(hexSum([]byte("what?")) + "\nwhat?"),
	} {
		put(t, files[0], data)
		if o, hit := newRun(cache, accepted).check(t, "a.bpf.o"); hit || !reflect.DeepEqual(o, first) {
			t.Errorf("%s: hit %t, %+v", name, hit, o)
		}
	}
	if _, hit := newRun(cache, accepted).check(t, "a.bpf.o"); !hit {
		t.Error("a damaged entry was not replaced")
	}
}

// TestCacheUnusable: no folder, no cache, no word.
func TestCacheUnusable(t *testing.T) {
	cache := folder(t)
	cache.dir = filepath.Join("a.bpf.o", "results") // below a file
	for range 2 {
		if _, hit := newRun(cache, accepted).check(t, "a.bpf.o"); hit {
			t.Error("hit")
		}
	}
}

// TestCacheReadOnly: what is there is found, and nothing else happens.
func TestCacheReadOnly(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	cache := folder(t)
	newRun(cache, rejected).check(t, "a.bpf.o")
	if err := os.Chmod(cache.dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(cache.dir, 0o700) })
	if _, hit := newRun(cache, rejected).check(t, "a.bpf.o"); !hit {
		t.Error("what can be read is not found")
	}
	data, _ := os.ReadFile("a.bpf.o")
	put(t, "b.bpf.o", data)
	for range 2 {
		if _, hit := newRun(cache, rejected).check(t, "b.bpf.o"); hit {
			t.Error("found what cannot have been written")
		}
	}
}

// TestCachePrivate: nobody else reads what somebody's programs are about.
func TestCachePrivate(t *testing.T) {
	cache := folder(t)
	newRun(cache, rejected).check(t, "a.bpf.o")
	err := filepath.Walk(cache.dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = fmt.Errorf("%s: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestCacheTrim: what was used last stays; what a killed process left does not.
func TestCacheTrim(t *testing.T) {
	c := &Cache{dir: filepath.Join(t.TempDir(), "results"), limit: 40 * cacheBlock}
	now := time.Now()
	age := func(name string, age time.Duration) {
		if err := os.Chtimes(filepath.Join(c.dir, name), now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 60 {
		name := fmt.Sprintf("%02d", i)
		if err := c.write(name, []byte(name)); err != nil {
			t.Fatal(err)
		}
		age(name, time.Duration(i+30)*time.Hour)
	}
	c.get("59") // is new by that
	for name, old := range map[string]time.Duration{unfinished + "old": 2 * time.Hour, unfinished + "new": 0} {
		put(t, filepath.Join(c.dir, name), nil)
		age(name, old)
	}
	c.trim(now)
	left, _ := os.ReadDir(c.dir)
	_, used := c.get("59")
	_, young := c.get("00")
	_, old := c.get("58")
	if len(left) != 30+1 || !used || !young || old {
		t.Errorf("%d files are left; the one in use %t, the youngest %t, the oldest %t", len(left), used, young, old)
	}
}

// TestCacheBounded: a folder does not grow without end.
func TestCacheBounded(t *testing.T) {
	c := &Cache{dir: filepath.Join(t.TempDir(), "results"), limit: 32 * cacheBlock}
	for i := range 200 {
		c.put(fmt.Sprint(i), []byte("x"))
	}
	if left, _ := os.ReadDir(c.dir); len(left) > 64 {
		t.Errorf("%d files", len(left))
	}
}

// TestCacheSideBySide: several that write and trim one folder at once.
func TestCacheSideBySide(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			c := &Cache{dir: dir, limit: 32 * cacheBlock}
			for i := range 60 {
				name := fmt.Sprint(i)
				c.put(name, []byte(strings.Repeat(name, 1000)))
				if body, ok := c.get(name); ok && string(body) != strings.Repeat(name, 1000) {
					t.Errorf("worker %d: entry %s has %d bytes", worker, name, len(body))
				}
			}
			if c.useless.Load() {
				t.Error("writing failed")
			}
		})
	}
	wg.Wait()
}
