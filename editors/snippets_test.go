package editors

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// snippet is one of the extension's, as VS Code reads it.
type snippet struct {
	Prefix string
	Body   []string
}

// TestSnippets: what the snippets insert, as it is when nothing else is typed,
// compiles, and the verifier accepts it. Those that are parts of programs have a
// program around them in testdata/snippets.
func TestSnippets(t *testing.T) {
	p := newProject(t)
	folder := t.TempDir()
	p.put(t, filepath.Join("testdata", "snippets", "preamble.h"), filepath.Join(folder, "preamble.h"))
	all := map[string]string{}
	for _, file := range readExtension(t).Contributes.Snippets {
		var some map[string]snippet
		readJSON(t, filepath.Join("vscode", file.Path), &some)
		for _, s := range some {
			all[s.Prefix] = expand(strings.Join(s.Body, "\n"))
		}
	}
	var sources []string
	for prefix, text := range all {
		if prefix == "bpf-includes" || prefix == "bpf-license" {
			continue // these are around the others
		}
		around, err := os.ReadFile(filepath.Join("testdata", "snippets", prefix+".c"))
		switch {
		case err == nil:
			text = strings.Replace(string(around), "SNIPPET", text, 1)
		case strings.HasPrefix(prefix, "bpf-map-") || prefix == "bpf-rodata":
			text += "\nSEC(\"xdp\")\nint program(struct xdp_md *ctx)\n{\n\treturn XDP_PASS;\n}\n"
		}
		source := filepath.Join(folder, prefix+".bpf.c")
		text = "#include \"preamble.h\"\n" + text + "\n" + all["bpf-license"]
		if err := os.WriteFile(source, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, source)
	}
	if len(sources) < 30 {
		t.Errorf("only %d snippets", len(sources))
	}
	cmd := exec.Command(os.Getenv("BPFDIAG_BIN"), append([]string{"check"}, sources...)...)
	cmd.Env = p.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

var (
	choice      = regexp.MustCompile(`\$\{\d+\|([^,|]*)[^}]*\}`) // ${1|ingress,egress|}
	placeholder = regexp.MustCompile(`\$\{\d+:([^}]*)\}`)        // ${1:name}
)

// expand is a snippet's text with what it suggests.
func expand(body string) string {
	body = choice.ReplaceAllString(body, "$1")
	body = placeholder.ReplaceAllString(body, "$1")
	return strings.ReplaceAll(body, "$0", "")
}
