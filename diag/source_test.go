package diag

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes a file below the working folder, of lines.
func write(t *testing.T, path string, lines ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

// located returns where a label's file is found, and the notes.
func located(s *Sources, l Label, dirs ...string) (file string, notes []string) {
	o := Object{Programs: []Program{{Diagnostics: []Diagnostic{{Labels: []Label{l}}}}}}
	s.Locate(&o, dirs...)
	d := o.Programs[0].Diagnostics[0]
	return d.Labels[0].File, d.Notes
}

// TestLocate: where a path of an object leads.
func TestLocate(t *testing.T) {
	t.Chdir(t.TempDir())
	here, _ := os.Getwd()
	write(t, "prog.bpf.c", "one")
	write(t, "lib/parse.h", "lib")
	write(t, "build/gen/prog.bpf.c", "generated")
	write(t, "root/src/only.c", "in the root")
	write(t, "root/src/parse.h", "root")
	for _, c := range []struct{ about, file, source, want string }{
		{"absolute, below the working folder", filepath.Join(here, "prog.bpf.c"), "", "prog.bpf.c"},
		{"relative to the working folder", "lib/parse.h", "", "lib/parse.h"},
		{"relative to the object's folder", "gen/prog.bpf.c", "", "build/gen/prog.bpf.c"},
		{"by way of the folder above", "../lib/parse.h", "", "lib/parse.h"},
		{"in a root that the user named", "/made/elsewhere/src/only.c", "", "root/src/only.c"},
		{"compiled on Windows", `C:\work\src\only.c`, "", "root/src/only.c"},
		{"the file with the object's line wins", "/made/elsewhere/prog.bpf.c", "generated", "build/gen/prog.bpf.c"},
		{"white space does not count", "/made/elsewhere/prog.bpf.c", "\t one", "prog.bpf.c"},
		{"nowhere", "/made/elsewhere/no.c", "x", "/made/elsewhere/no.c"},
		{"a name is not enough for a guess", "/made/elsewhere/prog.bpf.c", "other", "/made/elsewhere/prog.bpf.c"},
	} {
		dirs := []string{"build", "build/gen"}
		got, notes := located(NewSources("root"), Label{Primary: true, File: c.file, Line: 1, Source: c.source}, dirs...)
		if got != c.want || notes != nil {
			t.Errorf("%s: %s is %s (%q), want %s", c.about, c.file, got, notes, c.want)
		}
	}
}

// TestLocateChanged: a file that is not what was compiled is said, once for
// an object.
func TestLocateChanged(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "prog.bpf.c", "new")
	d := Diagnostic{
		Labels: []Label{{Primary: true, File: "prog.bpf.c", Line: 1, Source: "old"}},
		Helps:  []Help{{Text: "mend it", Applicability: Safe, Verified: true, Edits: []Edit{{File: "prog.bpf.c", Start: Position{1, 1}, End: Position{1, 1}}}}},
	}
	copy := d
	copy.Labels = append([]Label{}, d.Labels...)
	o := Object{Programs: []Program{{Name: "a", Diagnostics: []Diagnostic{d}}, {Name: "b", Diagnostics: []Diagnostic{copy}}}}
	NewSources().Locate(&o)
	first, second := o.Programs[0].Diagnostics[0], o.Programs[1].Diagnostics[0]
	if len(first.Notes) != 1 || !strings.Contains(first.Notes[0], "`prog.bpf.c` is not the file that was compiled") || second.Notes != nil {
		t.Errorf("notes %q and %q", first.Notes, second.Notes)
	}
	if h := first.Helps[0]; h.Applicability == Safe || h.Verified {
		t.Errorf("an edit of another file is called %s, verified %v", h.Applicability, h.Verified)
	}
}

// TestNotSources: what an object names as its source and is none is not shown.
func TestNotSources(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "secret", "password")
	write(t, "binary.c", "a\x00b")
	write(t, "dir.c/x", "")
	if err := os.WriteFile("huge.c", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate("huge.c", maxSourceFile+1); err != nil {
		t.Fatal(err)
	}
	s := NewSources()
	for _, path := range []string{"secret", "binary.c", "dir.c", "huge.c", "absent.c", "/dev/zero", "/dev/stdin", "a\x00.c", strings.Repeat("x", 5000) + ".c"} {
		if lines := s.lines(path); lines != nil {
			t.Errorf("%.20q has %d lines", path, len(lines))
		}
		if text := (Text{Sources: s}).Render(Diagnostic{Labels: []Label{{Primary: true, File: path, Line: 1}}}); strings.Contains(text, "password") {
			t.Errorf("%.20q: %s", path, text)
		}
	}
	if lines := s.lines("dir.c"); lines != nil {
		t.Error("a folder has lines")
	}
}

// TestVanished: a file that goes away after it was found.
func TestVanished(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.c", "int x;")
	o := Object{Programs: []Program{{Diagnostics: []Diagnostic{{Labels: []Label{{Primary: true, File: "a.c", Line: 1, Column: 5}}}}}}}
	NewSources().Locate(&o)
	if err := os.Remove("a.c"); err != nil {
		t.Fatal(err)
	}
	if text := (Text{Sources: NewSources()}).Render(o.Programs[0].Diagnostics[0]); !strings.Contains(text, "1 | int x;") {
		t.Errorf("got\n%s", text)
	}
}

// TestWatch: what a result depends on is known, files that are not there included.
func TestWatch(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "lib/parse.h", "int x;")
	s := NewSources("root")
	w := s.Watch()
	if file, _ := located(w, Label{Primary: true, File: "parse.h", Line: 1, Source: "int x;"}, "obj", "lib"); file != "lib/parse.h" {
		t.Errorf("found %s", file)
	}
	seen := w.Seen()
	if seen["obj/parse.h"] != (SourceSum{}) || seen["lib/parse.h"] != s.Sum("lib/parse.h") || seen["lib/parse.h"] == (SourceSum{}) || len(seen) != 2 {
		t.Errorf("seen: %v", seen)
	}
	if s.Seen() != nil || len(s.Watch().Seen()) != 0 {
		t.Error("what one has seen is in another")
	}
	write(t, "lib/parse.h", "int y;")
	if NewSources().Sum("lib/parse.h") == seen["lib/parse.h"] {
		t.Error("another text, the same sum")
	}
}

// TestSourcesOverlay: what an editor has not saved counts, not the file.
func TestSourcesOverlay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.c")
	if err := os.WriteFile(path, []byte("saved\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	s := NewSources().Overlay(map[string]string{path: "typed\n"})
	if got := s.lines(path); !slices.Equal(got, []string{"typed"}) {
		t.Errorf("got %q", got)
	}
}
