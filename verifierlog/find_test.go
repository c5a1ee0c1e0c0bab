package verifierlog

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rogpeppe/go-internal/txtar"
)

func init() {
	// Package variables are made before this: another test's flag is there.
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "write the expected files anew")
	}
}

// TestFindGolden shows what is found in what people have in their files. Each
// archive has the file "input", quoted, the clean logs as "log 1" and so on, and
// "facts": what is said of each.
func TestFindGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/find/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Comment: a.Comment, Files: a.Files[:1]}
			// The input is quoted: "-- END LOG --" would begin another file.
			input, err := txtar.Unquote(a.Files[0].Data)
			if err != nil {
				t.Fatal(err)
			}
			logs, clean := findAll(t, string(input))
			facts := ""
			for i, l := range logs {
				got.Files = append(got.Files, txtar.File{Name: fmt.Sprintf("log %d", i+1), Data: []byte(clean[i])})
				facts += fmt.Sprintf("log %d: %s\n", i+1, findFacts(l))
			}
			got.Files = append(got.Files, txtar.File{Name: "facts", Data: []byte(facts)})
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if text := txtar.Format(got); !bytes.Equal(text, want) {
				if flag.Lookup("update").Value.String() != "true" {
					t.Fatalf("got\n%s", text)
				}
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func findFacts(l *Found) string {
	var b strings.Builder
	fmt.Fprintf(&b, "loader %q, program %q, errno %d, begins at line %d, byte %d", l.Loader, l.Program, l.Errno, l.Start.Line, l.Start.Offset)
	if l.HeadMissing {
		b.WriteString(", head missing")
	}
	if l.TailMissing {
		b.WriteString(", tail missing")
	}
	if l.Summary {
		b.WriteString(", summary")
	}
	return b.String()
}

// TestFindWrapped: what is wrapped comes back byte for byte, however it was
// wrapped, whatever the sizes in which it is read.
func TestFindWrapped(t *testing.T) {
	for _, name := range []string{"plain", "old", "short", "report", "level2"} {
		log, err := os.ReadFile("testdata/find/" + name + ".log")
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range findWrappings {
			t.Run(w.name+"/"+name, func(t *testing.T) {
				text := w.wrap("my_prog", string(log))
				logs, clean := findAll(t, text)
				if len(clean) != 1 || clean[0] != string(log) {
					t.Fatalf("%d logs: %s\nin\n%s", len(clean), findDifference(string(log), clean), text)
				}
				l := logs[0]
				if l.Loader != w.loader || l.HeadMissing || l.TailMissing {
					t.Errorf("%s", findFacts(l))
				}
				if w.loader != "" && w.loader != "bpf_load.c" && l.Program != "my_prog" {
					t.Errorf("program %q", l.Program)
				}
				if w.loader != "" && w.loader != "bpftrace" && w.loader != "veristat" && l.Errno != 13 {
					t.Errorf("errno %d", l.Errno)
				}
				f := NewFinder(iotest.OneByteReader(strings.NewReader(text)))
				if !f.Next() {
					t.Fatal("nothing found, a byte at a time")
				}
				if b, err := io.ReadAll(f.Log()); err != nil || string(b) != string(log) {
					t.Errorf("a byte at a time: %q %v", b, err)
				}
			})
		}
	}
}

// TestFindLong: lines longer than the window, as of a log of megabytes within a
// string, and as no kernel prints them.
func TestFindLong(t *testing.T) {
	log := "0: R1=ctx() R10=fp0\n0: (b7) r0 = 0\n" + strings.Repeat("; printk(\"a\\n\") @ a.c:1\n1: (07) r0 += 1                        ; R0=1\n", 20000) +
		"processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
	for _, w := range findWrappings {
		if _, clean := findAll(t, w.wrap("my_prog", log)); len(clean) != 1 || clean[0] != log {
			t.Errorf("%s: %s", w.name, findDifference(log, clean))
		}
	}
	log = "0: R1=ctx() R10=fp0\n1: R1=" + strings.Repeat("ctx()\\", 3*findWindow) + "\n2: (95) exit\n"
	for _, w := range findWrappings[:12] {
		if _, clean := findAll(t, w.wrap("my_prog", log)); len(clean) != 1 || clean[0] != log {
			t.Errorf("%s: a long line: %s", w.name, findDifference(log, clean))
		}
	}
}

// TestFindNothing: a text without a log has none, and that is no error.
func TestFindNothing(t *testing.T) {
	for name, text := range map[string]string{
		"empty":   "",
		"prose":   "The verifier rejects it at insn 12: (b7) r0 = 0, they say.\nR1 = 5 Ohm\nfrom 9 to 5: work\n; a comment\n",
		"xlated":  "int f(struct xdp_md * ctx):\n; return 0;\n   0: (b7) r0 = 0\n   1: (95) exit\n",
		"objdump": "0000000000000000 <f>:\n       0:\tr0 = 0\n       1:\texit\n",
		"loader":  "libbpf: prog 'x': BPF program load failed: Permission denied\nlibbpf: prog 'x': failed to load: -13\n",
		"frame":   "libbpf: prog 'x': -- BEGIN PROG LOAD LOG --\n-- END PROG LOAD LOG --\n",
		"binary":  "\x7fELF\x00\xff\n\x1b[\n\x1b]\n\\n\"\n",
		"Go":      "open x: permission denied: try sudo\nload program: permission denied\n",
	} {
		t.Run(name, func(t *testing.T) {
			if logs, clean := findAll(t, text); len(logs) > 0 {
				t.Errorf("found %q", clean)
			}
		})
	}
}

// TestFindError: what the reader says is kept, and what was read before it.
func TestFindError(t *testing.T) {
	f := NewFinder(io.MultiReader(strings.NewReader("0: (b7) r0 = 0\n1: (95) exit\n"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if !f.Next() {
		t.Fatal("nothing found")
	}
	if b, err := io.ReadAll(f.Log()); err != nil || len(b) != 28 {
		t.Errorf("%q, %v", b, err)
	}
	if f.Next() || f.Err() != io.ErrUnexpectedEOF {
		t.Errorf("error %v", f.Err())
	}
}
