package verifierlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// findWrappings are the ways that a log comes in which lose nothing of it: each
// makes of a program's name and log what somebody has in a file.
var findWrappings = []struct {
	name, loader string
	wrap         func(program, log string) string
}{
	{"plain", "", func(_, log string) string { return log }},
	{"libbpf", "libbpf", findAsLibbpf},
	{"libbpf 0.5", "libbpf", func(program, log string) string {
		return "# ./loader\nlibbpf: load bpf program failed: Permission denied\nlibbpf: -- BEGIN DUMP LOG ---\nlibbpf: \n" + log +
			"\nlibbpf: -- END LOG --\nlibbpf: failed to load program '" + program + "'\nlibbpf: failed to load object 'x.o'\n"
	}},
	{"cilium/ebpf", "cilium/ebpf", findAsGo},
	{"aya", "aya", func(program, log string) string {
		return "Error: Failed to load program '" + program + "'\n\nCaused by: the BPF_PROG_LOAD syscall returned Permission denied (os error 13). Verifier output: " + log +
			"\n\nCaused by:\n    Permission denied (os error 13)\n"
	}},
	{"tc", "iproute2", func(program, log string) string {
		return "\nProg section '" + program + "' rejected: Permission denied (13)!\n - Type:         3\n - Attach Type:  0\n" +
			" - Instructions: 108 (0 over limit)\n - License:      GPL\n\nVerifier analysis:\n\n" + log + "\nError fetching program/map!\nUnable to load program\n"
	}},
	{"bcc", "bcc", func(program, log string) string {
		return "> Compiling BPF\nbpf: Failed to load program: Permission denied\n" + log +
			"\nHINT: The invalid mem access 'inv' error can happen if you try to dereference\n    memory\n" +
			"Traceback (most recent call last):\nException: Failed to load BPF program b'" + program + "': Permission denied\n"
	}},
	{"bpftrace", "bpftrace", func(program, log string) string {
		return "AST node count: 6\nAttaching 1 probe...\nERROR: Error loading BPF program for " + program + ".\nKernel error log:\n" +
			log + "\nERROR: Loading BPF object(s) failed.\n"
	}},
	{"veristat", "veristat", func(program, log string) string {
		return "Processing 'x.bpf.o'...\nPROCESSING x.bpf.o/" + program + ", DURATION US: 310, VERDICT: failure, VERIFIER LOG:\n" + log +
			"\nPROCESSING x.bpf.o/other, DURATION US: 1, VERDICT: success, VERIFIER LOG:\n\n"
	}},
	{"bpf_load.c", "bpf_load.c", func(_, log string) string { return "bpf_load_program() err=13\n" + log + "\n" }},
	{"terminal", "", func(_, log string) string { return "user@host:~/x$ sudo ./run\n" + log + "user@host:~/x$ \n" }},
	{"fenced", "", func(_, log string) string { return "It says this:\n\n```\n" + log + "```\n\nWhat now?\n" }},
	{"CRLF", "libbpf", func(p, log string) string { return strings.ReplaceAll(findAsLibbpf(p, log), "\n", "\r\n") }},
	{"quoted mail", "libbpf", func(p, log string) string {
		return "A. wrote:\n" + findEach("> > ", findAsLibbpf(p, log)) + "\nI see.\n"
	}},
	{"journal", "libbpf", func(p, log string) string {
		return findEachNumbered(findAsLibbpf(p, log), func(i int) string {
			return fmt.Sprintf("Nov %2d 12:%02d:%02d host loader[%d]: ", 9+i%3, i%60, i%60, 71+i%2)
		})
	}},
	{"docker", "libbpf", func(p, log string) string {
		return findEachNumbered(findAsLibbpf(p, log), func(i int) string {
			return fmt.Sprintf("2026-11-20T12:58:35.%dZ ", 1000+i*7919)
		})
	}},
	{"kubectl, Go", "cilium/ebpf", func(p, log string) string {
		return findEach("2026-11-20T12:58:35.123456789Z stderr F ", findAsGo(p, log))
	}},
	{"dmesg", "libbpf", func(p, log string) string {
		return findEachNumbered(findAsLibbpf(p, log), func(i int) string { return fmt.Sprintf("[%5d.%06d] ", i/7, i) })
	}},
	{"cat -n", "libbpf", func(p, log string) string {
		return findEachNumbered(findAsLibbpf(p, log), func(i int) string { return fmt.Sprintf("%6d\t", i+1) })
	}},
	{"code block of Markdown", "libbpf", func(p, log string) string {
		return "Hello,\n\n" + findEach("    ", findAsLibbpf(p, log)) + "\nthanks\n"
	}},
	{"colours", "libbpf", func(p, log string) string {
		return strings.ReplaceAll(strings.ReplaceAll(findAsLibbpf(p, log), "\n", "\x1b[0m\n"), ": (", "\x1b[1;31m: (")
	}},
	{"HTML", "libbpf", func(p, log string) string {
		r := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&quot;")
		return "<p>Hello</p>\n<pre><code>" + r.Replace(findAsLibbpf(p, log)) + "</code></pre>\n"
	}},
	{"logrus", "cilium/ebpf", func(p, log string) string {
		return `time="2026-11-20T12:58:35Z" level=fatal msg="loading" error=` + strconv.Quote(strings.TrimSuffix(findAsGo(p, log), "\n")) + " subsys=x\n"
	}},
	{"JSON", "cilium/ebpf", func(p, log string) string {
		s, _ := json.Marshal(strings.TrimSuffix(findAsGo(p, log), "\n"))
		return `{"level":"error","ts":1690000000.12,"msg":"loading","error":` + string(s) + "}\n"
	}},
	{"docker's JSON", "libbpf", func(p, log string) string {
		var b strings.Builder
		for line := range strings.Lines(findAsLibbpf(p, log)) {
			s, _ := json.Marshal(line)
			fmt.Fprintf(&b, `{"log":%s,"stream":"stderr","time":"2026-11-20T12:58:35Z"}`+"\n", s)
		}
		return b.String()
	}},
}

func findAsLibbpf(program, log string) string {
	return "libbpf: prog '" + program + "': BPF program load failed: Permission denied\nlibbpf: prog '" + program + "': -- BEGIN PROG LOAD LOG --\n" +
		log + "-- END PROG LOAD LOG --\nlibbpf: prog '" + program + "': failed to load: -13\nlibbpf: failed to load object 'x'\n"
}

func findAsGo(program, log string) string {
	return "2026/11/20 12:58:35 field X: program " + program + ": load program: permission denied:\n" + findEach("\t", log)
}

func findEach(prefix, text string) string {
	return findEachNumbered(text, func(int) string { return prefix })
}

func findEachNumbered(text string, prefix func(int) string) string {
	var b strings.Builder
	i := 0
	for line := range strings.Lines(text) {
		b.WriteString(prefix(i) + line)
		i++
	}
	return b.String()
}

// findAll reads all logs of a text and checks what must hold for every one.
func findAll(t testing.TB, text string) (logs []*Found, clean []string) {
	t.Helper()
	f := NewFinder(strings.NewReader(text))
	for f.Next() {
		l := f.Log()
		b, err := io.ReadAll(l)
		if err != nil {
			t.Fatal(err)
		}
		logs, clean = append(logs, l), append(clean, string(b))
		findCheckPlaces(t, text, l, string(b))
	}
	if f.Err() != nil {
		t.Fatal(f.Err())
	}
	return logs, clean
}

// findCheckPlaces: each line is where Origin says: at that byte, in that line.
func findCheckPlaces(t testing.TB, text string, l *Found, clean string) {
	t.Helper()
	n, offset := 0, int64(0)
	at, line := int64(0), 1
	for s := range strings.Lines(clean) {
		n++
		o, ok := l.Origin(n, offset)
		if !ok && n < findMaxRuns {
			t.Fatalf("line %d %q of %.200q has no origin (%d lines, %d known, %d runs)", n, s, text, l.places.lines, l.places.known, len(l.places.runs))
		}
		if o.Offset < at || o.Offset > int64(len(text)) {
			t.Fatalf("line %d %q: offset %d after %d, of %d", n, s, o.Offset, at, len(text))
		}
		line += strings.Count(text[at:o.Offset], "\n")
		at = o.Offset
		if line != o.Line {
			t.Fatalf("line %d %q: line %d, but offset %d is in line %d", n, s, o.Line, o.Offset, line)
		}
		s = strings.TrimSuffix(s, "\n")
		raw, _, _ := strings.Cut(text[at:], "\n")
		if !strings.HasPrefix(raw, s) && !strings.ContainsAny(raw, "\x1b&<\\\r") {
			t.Fatalf("line %d %q is not at %d: %q", n, s, o.Offset, raw)
		}
		offset += int64(len(s)) + 1
	}
}

// TestFindReal wraps logs of the kernel's self-tests in every way. BPFDIAG_LOGS
// is a folder of clean logs, which are not part of the repository.
func TestFindReal(t *testing.T) {
	dir := os.Getenv("BPFDIAG_LOGS")
	if dir == "" {
		t.Skip("BPFDIAG_LOGS is not set")
	}
	i := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".log" {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() > 8<<20 || info.Size() == 0 {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if b[len(b)-1] != '\n' {
			return nil
		}
		i++
		findCheckWrapped(t, path, string(b), i)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d logs", i)
}

// findCheckWrapped wraps a log plainly and in one more way, another each time;
// some in all ways.
func findCheckWrapped(t *testing.T, name, log string, i int) {
	all := findWrappings
	for w := range all {
		if w != 0 && w != 1+i%(len(all)-1) && i%97 != 0 {
			continue
		}
		logs, clean := findAll(t, all[w].wrap("my_prog", log))
		if len(clean) != 1 || clean[0] != log {
			t.Errorf("%s as %s: %d logs, %s", name, all[w].name, len(clean), findDifference(log, clean))
			continue
		}
		l := logs[0]
		if l.Loader != all[w].loader || l.HeadMissing || l.TailMissing != !strings.Contains(log, "processed ") {
			t.Errorf("%s as %s: %q head missing %v tail missing %v", name, all[w].name, l.Loader, l.HeadMissing, l.TailMissing)
		}
	}
}

func findDifference(want string, got []string) string {
	if len(got) == 0 {
		return "none"
	}
	a, b := strings.SplitAfter(want, "\n"), strings.SplitAfter(got[0], "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			rest := b[min(i, len(b)-1)]
			return fmt.Sprintf("line %d of %d is %.80q, not %.80q (%d lines)", i+1, len(a), rest, a[i], len(b))
		}
	}
	return "more lines than there are"
}

// BenchmarkFind: a log that is alone is passed on near the speed of a copy.
func BenchmarkFind(b *testing.B) {
	log, err := os.ReadFile(filepath.Join("testdata", "find", "plain.log"))
	if path := os.Getenv("BPFDIAG_LOG"); path != "" {
		log, err = os.ReadFile(path)
	}
	if err != nil {
		b.Fatal(err)
	}
	for _, w := range findWrappings {
		text := []byte(w.wrap("my_prog", strings.Repeat(string(bytes.TrimSuffix(log, []byte("\n")))+"\n", 1+(4<<20)/len(log))))
		b.Run(strings.ReplaceAll(w.name, " ", "-"), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				for f := NewFinder(bytes.NewReader(text)); f.Next(); {
					if _, err := io.Copy(io.Discard, f.Log()); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
