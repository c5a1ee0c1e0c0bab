package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var documents = filepath.Join("..", "..", "docs", "side-by-side")

// row is a line of a document's table.
type row struct {
	name, code, at               string
	report, ours, share, missing int
}

var tableRow = regexp.MustCompile(`^\| (\S+/\S+) \| (BPF\d{4}) \| (\d+) \| (\d+) \| (\d+) % \| (\w+) \| \d+ \| \d+ \| \d+ \| \d+ \| (\d+) \|$`)

func readRows(t *testing.T, name string) (rows []row) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(documents, name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 200<<10 {
		t.Errorf("%s.md has %d bytes", name, len(text))
	}
	for line := range strings.Lines(string(text)) {
		m := tableRow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		r := row{name: m[1], code: m[2], at: m[6]}
		for i, n := range map[int]*int{3: &r.report, 4: &r.ours, 5: &r.share, 7: &r.missing} {
			*n, _ = strconv.Atoi(m[i])
		}
		rows = append(rows, r)
	}
	return rows
}

// TestDocuments holds the documents to what README.md says of them: nothing is
// missing, every place agrees or is argued, every text is at most a third as
// long or there is a reason, and no reason is of what needs none.
func TestDocuments(t *testing.T) {
	a, err := readArguments(argumentsText)
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]bool{}
	for _, name := range []string{"examples", "selftests"} {
		for _, r := range readRows(t, name) {
			if r.missing > 0 {
				t.Errorf("%s: %d facts are missing", r.name, r.missing)
			}
			if r.at != "agrees" {
				needed["at "+r.name] = true
				if a.at[r.name] == "" {
					t.Errorf("%s: nothing is said of its place", r.name)
				}
			}
			if 3*r.ours > r.report {
				if a.long[r.name] != "" {
					needed["long "+r.name] = true
				}
				if a.tooLong(r.name, r.report, r.ours) == "" {
					t.Errorf("%s: %d lines beside %d, and nothing is said of it", r.name, r.ours, r.report)
				}
			}
		}
	}
	for _, f := range a.facts {
		if !unsaidIn(t, f) {
			t.Errorf("arguments.txt argues about %v of %s, which nothing leaves unsaid", f.match, f.code)
		}
	}
	for name := range a.at {
		if !needed["at "+name] {
			t.Errorf("arguments.txt argues about the place of %s, which agrees or is not compared", name)
		}
	}
	for name := range a.long {
		if !needed["long "+name] {
			t.Errorf("arguments.txt argues about the length of %s, which is not too long or not compared", name)
		}
	}
}

var leftUnsaid = regexp.MustCompile(`(\S+) \[unsaid\]`)

// unsaidIn says whether a document leaves out what a rule is about.
func unsaidIn(t *testing.T, f factRule) bool {
	t.Helper()
	for _, name := range []string{"examples", "selftests"} {
		text, err := os.ReadFile(filepath.Join(documents, name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range leftUnsaid.FindAllStringSubmatch(string(text), -1) {
			if f.match.MatchString(m[1]) {
				return true
			}
		}
	}
	return false
}

// TestSelftests: the document is about the hundred programs of the list.
func TestSelftests(t *testing.T) {
	only := programList(selftestsText)
	if len(only) != 100 {
		t.Errorf("selftests.txt has %d programs", len(only))
	}
	rows := map[string]bool{}
	for _, r := range readRows(t, "selftests") {
		rows[r.name] = true
	}
	for _, name := range only {
		if !rows[name] {
			t.Errorf("selftests.md does not have %s", name)
		}
	}
	if len(rows) != len(only) {
		t.Errorf("selftests.md has %d programs", len(rows))
	}
}
