package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bpfdiag/bpfdiag/rules/messages"
)

var update = flag.Bool("update", false, "write coverage.txt and selftests.txt anew")

// The table that is checked in is what the kernels' sources and messages.txt
// say. BPFDIAG_KERNEL_TREES names the trees of all series, separated by spaces.
func TestTrees(t *testing.T) {
	trees := strings.Fields(os.Getenv("BPFDIAG_KERNEL_TREES"))
	if len(trees) == 0 {
		t.Skip("BPFDIAG_KERNEL_TREES names no kernel trees")
	}
	var sites []Site
	for _, tree := range trees {
		s, err := readTree(tree)
		if err != nil {
			t.Fatal(err)
		}
		sites = append(sites, s...)
		allCallsFound(t, tree)
	}
	for _, s := range sites {
		if !s.Claimed() {
			t.Errorf("nothing claims %s %s:%d: %s", s.Series, s.File, s.Line, s.Message)
		}
	}
	for _, p := range unused(sites) {
		t.Errorf("%s claims what no kernel prints: %s", p.Code, p.Text)
	}
	var table bytes.Buffer
	printTable(&table, sites)
	golden(t, "coverage.txt", table.Bytes())
}

// allCallsFound: no call of a printer is outside of what the reader takes for
// a function, other than the printers' own declarations.
func allCallsFound(t *testing.T, tree string) {
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(tree, folder), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".c") {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil || !printing.Match(text) {
				return err
			}
			tokens, _ := lex(string(text))
			inside := map[int]bool{}
			for _, f := range splitFunctions(tokens) {
				for _, x := range f.body {
					inside[x.line] = true
				}
			}
			for i, x := range tokens {
				if _, ok := printers[x.text]; !ok || inside[x.line] || i+2 >= len(tokens) || !tokens[i+1].is("(") {
					continue
				}
				if next := tokens[i+2].text; next != "struct" && next != "void" {
					t.Errorf("%s:%d: %s is called outside of a function", path, x.line, x.text)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// Also without the trees, the table says of each message what messages.txt
// says now.
func TestTable(t *testing.T) {
	text, err := os.ReadFile("coverage.txt")
	if err != nil {
		t.Fatal(err)
	}
	code, seen, lines := "", map[string]bool{}, 0
	for line := range strings.Lines(string(text)) {
		entry, ok := strings.CutPrefix(line, "\t")
		if !ok {
			code, _, _ = strings.Cut(strings.TrimSpace(line), " ")
			continue
		}
		if !strings.HasPrefix(code, "BPF") {
			continue
		}
		lines++
		seen[code] = true
		message, _, _ := strings.Cut(entry, "\t[")
		_, message, _ = strings.Cut(message, " ")
		message = strings.TrimSpace(message)
		role := messages.Complaint
		for _, r := range []messages.Role{messages.Preface, messages.Detail} {
			if m, ok := strings.CutPrefix(message, r.String()+": "); ok {
				message, role = m, r
			}
		}
		p, _ := messages.Line(messages.Sample(message))
		if p == nil || p.Code != code || p.Role != role {
			t.Errorf("coverage.txt is old: it says %s %v: %s", code, role, message)
		}
	}
	if lines < 900 {
		t.Errorf("coverage.txt has only %d claimed messages", lines)
	}
	special := map[string]bool{}
	for _, p := range messages.Patterns() {
		special[p.Code] = true
	}
	for _, c := range messages.Codes() {
		// A code that only takes special cases of another's messages is not in
		// the table.
		if !seen[c.ID] && c.Unclaimed == "" && !special[c.ID] {
			t.Errorf("%s claims no message and does not say why", c.ID)
		}
	}
}

// Every rejection in the logs of BPFDIAG_LOGS, folders separated by spaces, has
// a code, and no code holds more than 8 % of a folder, but the one that says
// that the programs were compiled for a newer kernel.
func TestLogs(t *testing.T) {
	dirs := strings.Fields(os.Getenv("BPFDIAG_LOGS"))
	if len(dirs) == 0 {
		t.Skip("BPFDIAG_LOGS names no folders of logs")
	}
	for _, dir := range dirs {
		all, err := readLogs(dir)
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, r := range all {
			if !r.Known {
				t.Errorf("%s %s/%s: no code for %q", dir, r.Object, r.Program, r.Message)
			}
			count[r.Match.Code]++
		}
		for code, n := range count {
			if 100*n > 8*len(all) && code != "BPF0640" {
				t.Errorf("%s: %s holds %d of %d rejections", dir, code, n, len(all))
			}
		}
	}
	var table bytes.Buffer
	if err := printLogs(&table, dirs); err != nil {
		t.Fatal(err)
	}
	golden(t, "selftests.txt", table.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the command prints now; -update writes it anew", name)
	}
}
