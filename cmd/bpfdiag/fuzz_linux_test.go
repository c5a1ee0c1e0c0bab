package main

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/check"
	"github.com/bpfdiag/bpfdiag/internal/object"
	"github.com/bpfdiag/bpfdiag/rules"
	"github.com/bpfdiag/bpfdiag/umlinux"
	"github.com/bpfdiag/bpfdiag/umlinux/loader"
	"github.com/rogpeppe/go-internal/txtar"
)

// The fuzz targets go the whole way from bytes to every format, without a
// kernel: objects, logs and sources are whatever somebody feeds us.

// What one input may cost. Processor time, so that a busy machine is no finding.
const (
	fuzzInput  = 64 << 10 // bytes of a log or a source
	fuzzTime   = 2 * time.Second
	fuzzMemory = 512 << 20 // allocated in all
	fuzzOutput = 4 << 20   // of one format
)

// hostile is what the fuzzer changes: the rejected program of a page.
type hostile struct {
	name   string // of the source
	object []byte
	spans  [][2]int // what damage is done in: sections, and the headers
	source string
	logs   []string
}

// hostiles are the pages whose objects are in testdata/objects. They are made
// by TestPagePrograms with -record.
func hostiles(f testing.TB) (all []hostile) {
	paths, err := filepath.Glob("testdata/objects/*.bpf.o")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no objects: %v", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".bpf.o")
		h := hostile{name: name + ".bpf.c"}
		if h.object, err = os.ReadFile(path); err != nil {
			f.Fatal(err)
		}
		file, err := elf.NewFile(bytes.NewReader(h.object))
		if err != nil {
			f.Fatal(err)
		}
		h.spans = append(h.spans, [2]int{0, 64}, [2]int{len(h.object) - 64*len(file.Sections), len(h.object)})
		for _, s := range file.Sections {
			if s.Type != elf.SHT_NOBITS && s.Size > 0 {
				h.spans = append(h.spans, [2]int{int(s.Offset), int(s.Offset + s.Size)})
			}
		}
		code, _, _ := strings.Cut(name, ".")
		page, ok := rules.PageOf(code)
		if !ok {
			f.Fatalf("%s has no page", code)
		}
		h.source = page.Rejected
		a, err := txtar.ParseFile(filepath.Join("..", "..", "rules", "testdata", "logs", code+".txtar"))
		if errors.Is(err, fs.ErrNotExist) {
			a = new(txtar.Archive) // the loader refuses it
		} else if err != nil {
			f.Fatal(err)
		}
		for _, l := range a.Files {
			if strings.HasSuffix(l.Name, ".log") {
				h.logs = append(h.logs, string(l.Data))
			}
		}
		all = append(all, h)
	}
	return all
}

// recordedLogs are logs of all codes, one of each.
func recordedLogs(f testing.TB) (logs []string) {
	archives, _ := filepath.Glob("../../rules/testdata/logs/*.txtar")
	for _, path := range archives {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for i := len(a.Files) - 1; i >= 0; i-- {
			if strings.HasSuffix(a.Files[i].Name, ".log") {
				logs = append(logs, string(a.Files[i].Data))
				break
			}
		}
	}
	return logs
}

// damage makes other bytes at some places of an object, which keeps most of it
// whole. An edit has five bytes: what is done, in which section, where (two),
// and a number.
func (h *hostile) damage(edits []byte) []byte {
	data := bytes.Clone(h.object)
	for n := 0; len(edits) >= 5 && n < 64; edits, n = edits[5:], n+1 {
		s := h.spans[int(edits[1])%len(h.spans)]
		part := data[s[0]:s[1]]
		part = part[(int(edits[2])<<8|int(edits[3]))%len(part):]
		v := edits[4]
		switch edits[0] % 5 {
		case 0:
			part[0] = v
		case 1:
			part[0] ^= 1 << (v % 8)
		case 2: // a small number, or a negative one
			if len(part) >= 4 {
				binary.LittleEndian.PutUint32(part, uint32(int32(int8(v))))
			}
		case 3:
			if len(part) >= 4 {
				binary.LittleEndian.PutUint32(part, 1<<(v%32))
			}
		case 4: // something that stands elsewhere in the section
			copy(part[:min(len(part), 16)], data[s[0]+int(v)*16%(s[1]-s[0]):s[1]])
		}
	}
	return data
}

// FuzzObject: damaged objects, with any log.
func FuzzObject(f *testing.F) {
	all := hostiles(f)
	for i, h := range all {
		f.Add(uint8(i), true, []byte{}, "")
		for j, log := range h.logs {
			f.Add(uint8(i), j%2 == 0, []byte{byte(j), byte(i), byte(i), byte(j * 40), 0xff, 2, byte(i + j), 0, byte(i * 8), 4}, log)
		}
	}
	for i, log := range recordedLogs(f) { // of other programs
		f.Add(uint8(i), i%2 == 0, []byte{}, log)
	}
	f.Fuzz(func(t *testing.T, which uint8, load bool, edits []byte, log string) {
		h := all[int(which)%len(all)]
		explainHostile(t, t.TempDir(), h.damage(edits), h.name, h.source, log, load)
	})
}

// FuzzSource: sources that are not what was compiled, and places that the line
// information does not have in fact.
func FuzzSource(f *testing.F) {
	all := hostiles(f)
	for i, h := range all {
		f.Add(uint8(i), uint8(0), []byte{}, h.source)
		f.Add(uint8(i), uint8(1), []byte{}, strings.ReplaceAll(h.source, "\n", "\r\n"))
		f.Add(uint8(i), uint8(2), []byte{2, byte(i), 0, byte(i * 8), 4}, strings.ReplaceAll(h.source, ";\n", ";"))
	}
	f.Fuzz(func(t *testing.T, which, log uint8, edits []byte, source string) {
		h := all[int(which)%len(all)]
		if len(h.logs) == 0 {
			return
		}
		explainHostile(t, t.TempDir(), h.damage(edits), h.name, source, h.logs[int(log)%len(h.logs)], false)
	})
}

// explainHostile does what `bpfdiag log --object` does, or, with load, what
// `bpfdiag check` does where a guest answers with a log.
func explainHostile(t *testing.T, dir string, data []byte, name, source, log string, load bool) {
	if len(log) > fuzzInput || len(source) > fuzzInput {
		return
	}
	defer watch()()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	began, before := processorTime(), allocated()

	sources := diag.NewSources(dir)
	o := diag.Object{Path: "x.bpf.o"}
	obj, err := object.Parse(filepath.Join(dir, "x.bpf.o"), data)
	if err != nil {
		o.Error = err.Error()
		obj = nil
	}
	if load && obj != nil {
		ck := check.For(&loader.Kernel{Path: "/nonexistent", Release: "6.12.1"}, check.Options{Explain: true}, sources)
		if o, err = ck.Parsed(context.Background(), answering(log), obj); err != nil {
			t.Fatal(err)
		}
	} else {
		r := &logReader{object: obj, dir: dir, sources: sources}
		found, err := r.file("-", strings.NewReader(log))
		o.Programs = found.Programs
		if err != nil {
			o.Error = err.Error()
		}
		check.Finish(&o, sources, dir)
	}
	checkHostile(t, &o, source, filepath.Join(dir, name))
	for _, format := range formats {
		for _, raw := range []bool{false, true} {
			if raw && format != "text" {
				continue
			}
			out := new(bytes.Buffer)
			r := newReporter(out, outputFlags{format: format, raw: raw}, diag.Kernel{}, sources)
			if err := r.object(o); err != nil {
				t.Fatal(err)
			}
			if err := r.end(diag.Document{Objects: []diag.Object{o}}); err != nil {
				t.Fatal(err)
			}
			if out.Len() > fuzzOutput {
				t.Errorf("%s: %d bytes", format, out.Len())
			}
			checkFormat(t, format, out)
		}
	}

	if took := processorTime() - began; took > fuzzTime {
		t.Errorf("it took %v", took)
	}
	if n := allocated() - before; n > fuzzMemory {
		t.Errorf("%d MB were allocated", n>>20)
	}
}

// checkHostile: no rule panicked, and every edit is one of the file.
func checkHostile(t *testing.T, o *diag.Object, source, path string) {
	for _, p := range o.Programs {
		for _, d := range p.Diagnostics {
			for _, n := range d.Notes {
				if strings.HasPrefix(n, rules.Failed) {
					t.Error(n)
				}
			}
			if d.Message == "" || strings.Contains(d.Message, "\n") {
				t.Errorf("%s: headline %q", d.Code, d.Message)
			}
			for _, h := range d.Helps {
				if len(h.Edits) == 0 || h.Edits[0].File != path {
					continue
				}
				if _, err := diag.Apply(path, source, h.Edits); err != nil {
					t.Errorf("%s: %q: %v", d.Code, h.Text, err)
				}
			}
		}
	}
}

func checkFormat(t *testing.T, format string, out *bytes.Buffer) {
	switch format {
	case "json", "sarif", "gitlab":
		if !json.Valid(out.Bytes()) {
			t.Errorf("%s is no JSON", format)
		}
	case "json-lines":
		for line := range bytes.Lines(out.Bytes()) {
			if !json.Valid(line) {
				t.Errorf("%q is no JSON", line)
			}
		}
	case "junit":
		d := xml.NewDecoder(out)
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s: %v", format, err)
				break
			}
		}
	}
}

// answering is a guest in which every program fails with a log.
type answering string

func (log answering) Do(_ context.Context, calls []umlinux.Call, _ time.Duration) (out []umlinux.Reply, err error) {
	for _, c := range calls {
		r := umlinux.Reply{}
		if c.Op == umlinux.OpBPF && c.Cmd == 5 { // BPF_PROG_LOAD
			r = umlinux.Reply{Value: -1, Errno: syscall.EACCES, Log: []byte(log)}
		}
		out = append(out, r)
	}
	return out, nil
}

func (answering) Grow() bool { return false }

// watch ends the process when an input hangs: the fuzzer keeps the input then.
func watch() (stop func()) {
	done := make(chan bool)
	began := processorTime()
	go func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-time.After(time.Second):
				if took := processorTime() - began; took > 10*fuzzTime || n > 1200 {
					panic(fmt.Sprintf("still running after %v", took))
				}
			}
		}
	}()
	return func() { close(done) }
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
