package editors

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/lsp"
)

// TestVSCode has VS Code, with the extension installed, show an error and make
// its fix; testdata/vscode/drive.mjs presses the keys.
func TestVSCode(t *testing.T) {
	needs(t, "node", "chromium")
	modules := built(t, "code-server/node_modules", "scripts/code-server")
	vsix := built(t, "vscode/bpfdiag.vsix", "scripts/vsix")
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	p := newProject(t)
	screenshots := tempDir(t)
	if *update {
		screenshots = filepath.Join("..", "docs", "editors")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join("testdata", "vscode", "drive.mjs"), modules, vsix, p.folder, example, screenshots)
	cmd.Env = append(p.env, "BPFDIAG="+os.Getenv("BPFDIAG_BIN"), "CHROMIUM="+chromium)
	// It ends what it has started.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p.accepted(t)
}

// built is the path of something that a script has put into build/.
func built(t *testing.T, name, script string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "build", filepath.FromSlash(name)))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		missing(t, "build/"+name+" is not there; run "+script)
	}
	return path
}

// extension is what VS Code reads of the extension's package.json.
type extension struct {
	Contributes struct {
		Configuration struct {
			Properties map[string]struct {
				Default json.RawMessage `json:"default"`
			} `json:"properties"`
		} `json:"configuration"`
		Snippets []struct{ Path string } `json:"snippets"`
	} `json:"contributes"`
}

func readExtension(t *testing.T) (e extension) {
	t.Helper()
	readJSON(t, filepath.Join("vscode", "package.json"), &e)
	return e
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestVSCodeSettings: the extension has the server's settings with the server's
// defaults, and the path of the server.
func TestVSCodeSettings(t *testing.T) {
	theirs := readExtension(t).Contributes.Configuration.Properties
	data, err := json.Marshal(lsp.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	var ours map[string]any
	if err := json.Unmarshal(data, &ours); err != nil {
		t.Fatal(err)
	}
	ours["kernels"], ours["path"] = []any{}, "bpfdiag" // none is an empty list to people
	for name, want := range ours {
		var got any
		p, ok := theirs["bpfdiag."+name]
		if ok {
			if err := json.Unmarshal(p.Default, &got); err != nil {
				t.Fatal(err)
			}
		}
		if !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("bpfdiag.%s is %v (there: %v), and %v in the server", name, got, ok, want)
		}
	}
	if len(theirs) != len(ours) {
		t.Errorf("the extension has %d settings, the server %d", len(theirs), len(ours))
	}
}
