package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAgentDocs: what docs/agents tells agents to do works, in a project with a program
// that is broken and a log. Each block is a script; status 2 is a failure.
func TestAgentDocs(t *testing.T) {
	needClang(t)
	testKernels(t)
	bin := bpfdiagBin(t)
	fence := regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")
	for _, name := range []string{"AGENTS.md", "SKILL.md"} {
		t.Run(name, func(t *testing.T) {
			doc, err := os.ReadFile(root("docs", "agents", name))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			put(t, filepath.Join(dir, "prog.bpf.c"), brokenText(t, "kprobe_no_null_check"))
			log, err := os.ReadFile(filepath.Join("testdata", "script", "max_bytes.txtar"))
			if err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "failed.log"), string(log))
			blocks := fence.FindAllStringSubmatch(string(doc), -1)
			if len(blocks) == 0 {
				t.Fatal("no commands")
			}
			for _, b := range blocks {
				for line := range strings.Lines(b[1]) {
					c := exec.Command("sh", "-c", line)
					c.Dir = dir
					c.Env = append(os.Environ(), "PATH="+filepath.Dir(bin)+":"+os.Getenv("PATH"))
					out, err := c.CombinedOutput()
					var exit *exec.ExitError
					if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != exitRejected) || strings.Contains(string(out), "usage:") {
						t.Errorf("%s%v\n%s", line, err, out)
					}
				}
			}
			out, err := exec.Command(bin, "check", filepath.Join(dir, "prog.bpf.c")).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "1 accepted") {
				t.Errorf("in the end: %v\n%s", err, out)
			}
		})
	}
}

// TestAgentFields: the fields that SKILL.md names are in the JSON of a rejection.
func TestAgentFields(t *testing.T) {
	needClang(t)
	testKernels(t)
	doc, err := os.ReadFile(root("docs", "agents", "SKILL.md"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "prog.bpf.c")
	put(t, path, brokenText(t, "kprobe_no_null_check"))
	out, _ := exec.Command(bpfdiagBin(t), "check", "--format", "json", path, filepath.Join(t.TempDir(), "absent.bpf.o")).Output()
	var value any
	if err := json.Unmarshal(out, &value); err != nil {
		t.Fatal(err)
	}
	fields := regexp.MustCompile("(?m)^\\| `(objects[^`]*)` \\|").FindAllStringSubmatch(string(doc), -1)
	if len(fields) < 8 {
		t.Errorf("fields: %v", fields)
	}
	for _, f := range fields {
		if !hasField(value, strings.Split(f[1], ".")) {
			t.Errorf("no %s in\n%s", f[1], out)
		}
	}
	// Configurations are valid, and start the server.
	for _, block := range regexp.MustCompile("(?ms)^```json\n(.*?)^```$").FindAllStringSubmatch(string(doc), -1) {
		var conf map[string]map[string]struct {
			Command string
			Args    []string
		}
		if err := json.Unmarshal([]byte(block[1]), &conf); err != nil {
			t.Fatal(err)
		}
		for _, servers := range conf {
			if s := servers["bpfdiag"]; s.Command != "bpfdiag" || strings.Join(s.Args, " ") != "mcp" {
				t.Errorf("%+v", s)
			}
		}
	}
}

// hasField finds a path such as objects[].error in a JSON value.
func hasField(v any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	m, _ := v.(map[string]any)
	name, list := strings.CutSuffix(path[0], "[]")
	next, ok := m[name]
	if !list {
		return ok && hasField(next, path[1:])
	}
	all, _ := next.([]any)
	for _, e := range all {
		if hasField(e, path[1:]) {
			return true
		}
	}
	return false
}
