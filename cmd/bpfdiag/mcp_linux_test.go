package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// mcpOld is a version of the protocol in which servers ask clients for their roots.
const mcpOld = "2025-06-18"

// agent is a client that has started `bpfdiag mcp`.
type agent struct {
	*mcp.ClientSession
	t        *testing.T
	cmd      *exec.Cmd
	dir      string
	progress chan string
}

// newAgent starts a server in a new folder, with the environment that is added. The
// options are the client's, and may be nil.
func newAgent(t *testing.T, o *mcp.ClientSessionOptions, env ...string) *agent {
	t.Helper()
	a := &agent{t: t, dir: t.TempDir(), progress: make(chan string, 1000)}
	a.cmd = exec.Command(bpfdiagBin(t), "mcp")
	a.cmd.Dir, a.cmd.Stderr = a.dir, os.Stderr
	a.cmd.Env = append(os.Environ(), env...)
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
			a.progress <- fmt.Sprintf("%v %s", r.Params.Progress, r.Params.Message)
		},
	})
	if o != nil {
		client.AddRoots(&mcp.Root{Name: "elsewhere", URI: "file://" + filepath.Join(a.dir, "root")}) //lint:ignore SA1019 most clients have it
	}
	var err error
	if a.ClientSession, err = client.Connect(t.Context(), &mcp.CommandTransport{Command: a.cmd, TerminateDuration: time.Minute}, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// write writes a file into the agent's folder.
func (a *agent) write(name, text string) {
	a.t.Helper()
	put(a.t, filepath.Join(a.dir, name), text)
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// call calls a tool, and sees to it that its answer is as large as it may be.
func (a *agent) call(tool string, args map[string]any) (text string, data json.RawMessage, failed bool) {
	a.t.Helper()
	r, err := a.CallTool(a.t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		a.t.Fatalf("%s %v: %v", tool, args, err)
	}
	text = r.Content[0].(*mcp.TextContent).Text
	if data, err = json.Marshal(r.StructuredContent); err != nil {
		a.t.Fatal(err)
	}
	max := mostJSON
	if n, ok := args["max_bytes"].(int); ok {
		max = n
	}
	if !r.IsError && (len(text) > max || len(data) > max) {
		a.t.Errorf("%s %v: %d bytes of text and %d of JSON", tool, args, len(text), len(data))
	}
	return text, data, r.IsError
}

// must is call of what has to succeed.
func (a *agent) must(tool string, args map[string]any) (string, json.RawMessage) {
	a.t.Helper()
	text, data, failed := a.call(tool, args)
	if failed {
		a.t.Fatalf("%s %v: %s", tool, args, text)
	}
	return text, data
}

// check is the tool's document.
func (a *agent) check(args map[string]any) diag.Document {
	a.t.Helper()
	_, data := a.must("check", args)
	var d diag.Document
	if err := json.Unmarshal(data, &d); err != nil {
		a.t.Fatal(err)
	}
	return d
}

// brokenText is a broken program of examples/.
func brokenText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(root("examples", "broken", name+".bpf.c"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMCPLoop: an agent mends a program: check says what is wrong, fix offers what
// helps and writes nothing, then writes it, and check accepts.
func TestMCPLoop(t *testing.T) {
	needClang(t)
	testKernels(t)
	a := newAgent(t, nil)
	for _, name := range []string{"kprobe_no_null_check", "xdp_no_bounds_check"} {
		source, path := brokenText(t, name), name+".bpf.c"
		a.write(path, source)
		d := a.check(map[string]any{"path": path})
		p := d.Objects[0].Programs[0]
		if d.Objects[0].Path != path || p.Verdict != diag.Rejected || len(p.Diagnostics) != 1 || len(p.Diagnostics[0].Helps) == 0 {
			t.Fatalf("%s: %+v", name, d)
		}
		if !p.Diagnostics[0].Helps[0].Verified {
			t.Errorf("%s: the first help is not verified: %+v", name, p.Diagnostics[0].Helps[0])
		}
		if page, _ := a.must("explain", map[string]any{"code": p.Diagnostics[0].Code}); !strings.Contains(page, p.Diagnostics[0].Name) {
			t.Errorf("%s: explained as %q", p.Diagnostics[0].Code, page)
		}
		offered, _ := a.must("fix", map[string]any{"path": path})
		if text, _ := os.ReadFile(filepath.Join(a.dir, path)); string(text) != source || !strings.Contains(offered, "\n+") {
			t.Fatalf("%s: offered:\n%s", name, offered)
		}
		_, data := a.must("fix", map[string]any{"path": path, "apply": true})
		var fixed fixDocument
		if err := json.Unmarshal(data, &fixed); err != nil || !fixed.Applied || !strings.Contains(fixed.Changes[0].Diff, "\n+") {
			t.Fatalf("%s: %v: %s", name, err, data)
		}
		if text, _ := os.ReadFile(filepath.Join(a.dir, path)); string(text) == source {
			t.Errorf("%s: nothing was written", name)
		}
		if d := a.check(map[string]any{"path": path}); d.Objects[0].Programs[0].Verdict != diag.Accepted {
			t.Errorf("%s: after the fix: %+v", name, d)
		}
	}
}

// TestMCPText: an edit is tried before it is written, by the text alone and in place of
// a file.
func TestMCPText(t *testing.T) {
	needClang(t)
	testKernels(t)
	a := newAgent(t, nil)
	broken := brokenText(t, "kprobe_no_null_check")
	mended := strings.Replace(broken, "\t*count += 1;", "\tif (count)\n\t\t*count += 1;", 1)
	for _, args := range []map[string]any{{}, {"path": "new.bpf.c"}, {"path": "there.bpf.c"}} {
		a.write("there.bpf.c", "this is not C")
		for text, want := range map[string]diag.Verdict{broken: diag.Rejected, mended: diag.Accepted} {
			args = maps.Clone(args)
			args["text"] = text
			d := a.check(args)
			if len(d.Objects) != 1 || len(d.Objects[0].Programs) != 1 || d.Objects[0].Programs[0].Verdict != want {
				t.Fatalf("%v: %+v", args["path"], d)
			}
			if want == diag.Accepted {
				continue
			}
			g := d.Objects[0].Programs[0].Diagnostics[0]
			if i := slices.IndexFunc(g.Labels, func(l diag.Label) bool { return l.Primary }); g.Labels[i].Line != 20 || g.Labels[i].Source != "\t*count += 1;" {
				t.Errorf("%v: %+v", args["path"], g.Labels)
			}
			if !strings.Contains(g.Rendered, "*count += 1;") || !g.Helps[0].Verified {
				t.Errorf("%v: %s", args["path"], g.Rendered)
			}
		}
	}
	if entries, err := os.ReadDir(a.dir); err != nil || len(entries) != 1 {
		t.Errorf("%v: %v", entries, err)
	}
	said, _ := a.must("check", map[string]any{"text": "#include <linux/bpf.h>\nint f(void) { return nothing; }\n"})
	if !strings.Contains(said, "inline.bpf.c:2:") || !strings.Contains(said, "'nothing'") {
		t.Errorf("the compiler's error: %s", said)
	}
}

// TestMCPErrors: what is wrong with a call is said to the agent, with what to do.
func TestMCPErrors(t *testing.T) {
	needClang(t)
	testKernels(t)
	a := newAgent(t, nil)
	a.write("a.bpf.c", brokenText(t, "kprobe_no_null_check"))
	a.write("a.txt", "text")
	a.write("empty.bpf.o", "")
	for _, c := range []struct {
		tool string
		args map[string]any
		want string
	}{
		{"check", nil, "give path"},
		{"check", map[string]any{"path": "none.bpf.c"}, "none.bpf.c: no such file or directory; give an absolute path"},
		{"check", map[string]any{"path": "a.bpf.c", "file": "x"}, `"file"`},
		{"check", map[string]any{"path": 7}, "path"},
		{"check", map[string]any{"path": "a.bpf.c", "kernel": "5.4"}, "is not built; build it once"},
		{"check", map[string]any{"path": "a.bpf.c", "jit": "z80"}, "jit \"z80\": it is one of x86-64"},
		{"check", map[string]any{"path": "a.bpf.c", "program": "["}, "program \"[\": syntax error in pattern"},
		{"check", map[string]any{"path": "a.bpf.c", "max_bytes": 10}, "1000 or more"},
		{"check", map[string]any{"path": "a.txt", "text": "int x;"}, "is none"},
		{"fix", nil, "path"},
		{"fix", map[string]any{"path": "a.bpf.c", "max_steps": 1000}, "from 1 to 100"},
		{"explain", map[string]any{"code": "E0277"}, "BPF and four digits"},
		{"log", map[string]any{"text": "all is well"}, "no verifier log in it"},
		{"log", map[string]any{"text": "x", "path": "a.txt"}, "exclude each other"},
		{"log", nil, "give text"},
		{"features", map[string]any{"names": []string{"bpf_lop"}}, "did you mean bpf_loop"},
		{"features", map[string]any{"names": []string{"xdp"}, "kernel": "5.4"}, "is not built"},
	} {
		text, _, failed := a.call(c.tool, c.args)
		if !failed || !strings.Contains(text, c.want) || strings.Contains(text, "--") {
			t.Errorf("%s %v: failed: %t, %s", c.tool, c.args, failed, text)
		}
	}
	// What is wrong with the program is no error of the call.
	if d := a.check(map[string]any{"path": "empty.bpf.o"}); d.Objects[0].Error == "" {
		t.Errorf("%+v", d)
	}
	if r, err := a.CallTool(t.Context(), &mcp.CallToolParams{Name: "nothing"}); err == nil {
		t.Errorf("an unknown tool: %+v", r)
	}
}

// TestMCPTools: agents learn from the list what tools do, and which may be called
// without asking.
func TestMCPTools(t *testing.T) {
	a := newAgent(t, nil)
	list, err := a.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		if h := tool.Annotations; len(tool.Description) < 80 || h.ReadOnlyHint == (tool.Name == "fix" || tool.Name == "check") || *h.DestructiveHint != (tool.Name == "fix") || h.Title == "" {
			t.Errorf("%s: %+v %s", tool.Name, h, tool.Description)
		}
		properties, _ := tool.InputSchema.(map[string]any)["properties"].(map[string]any)
		for name, p := range properties {
			if said, _ := p.(map[string]any)["description"].(string); len(said) < 10 {
				t.Errorf("%s: %s: %v", tool.Name, name, p)
			}
		}
	}
	if !slices.Equal(names, []string{"check", "explain", "features", "fix", "kernels", "log"}) {
		t.Errorf("%v", names)
	}
}

// TestMCPBound: the smallest answers still say what is wrong, and what they lack.
func TestMCPBound(t *testing.T) {
	needClang(t)
	kernel := testKernels(t)[0]
	a := newAgent(t, nil)
	var source strings.Builder
	source.WriteString("#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\nchar LICENSE[] SEC(\"license\") = \"GPL\";\n")
	for i := range 12 {
		fmt.Fprintf(&source, "SEC(\"xdp\") int p%d(struct xdp_md *ctx) { return *(char *)(long)(ctx->data + %d); }\n", i, i)
	}
	for _, max := range []int{1500, 4000} {
		d := a.check(map[string]any{"text": source.String(), "max_bytes": max})
		if d.LeftOut == nil || d.LeftOut.Rejected+len(d.Objects[0].Programs) != 12 || d.Objects[0].Programs[0].Diagnostics[0].Message == "" {
			t.Errorf("%d: %+v", max, d)
		}
	}
	whole := a.check(map[string]any{"text": source.String(), "max_bytes": 1 << 20})
	if whole.LeftOut != nil || len(whole.Objects[0].Programs) != 12 {
		t.Errorf("%+v", whole.LeftOut)
	}
	for _, name := range []string{"xdp", "bpf_loop"} {
		_, whole := a.must("features", map[string]any{"names": []string{name}, "kernel": kernel})
		_, short := a.must("features", map[string]any{"names": []string{name}, "kernel": kernel, "max_bytes": 4000})
		if strings.Contains(string(whole), "left_out") || strings.Contains(string(short), `"left_out":{"how"`) != (len(whole) > 4000) {
			t.Errorf("%s: %d bytes, then %d: %s", name, len(whole), len(short), short)
		}
	}
	if said, _, failed := a.call("features", map[string]any{"kernel": kernel, "max_bytes": 1000}); !failed || !strings.Contains(said, "max_bytes: 1000 is too small") {
		t.Errorf("the overview: %s", said)
	}
}

// TestMCPLog: logs of any length, pasted or in a file.
func TestMCPLog(t *testing.T) {
	a := newAgent(t, nil, "BPFDIAG_CACHE="+t.TempDir()) // no kernel is needed
	log := "0: R1=ctx() R10=fp0\n; return *p; @ a.c:3\n0: (b7) r1 = 0                       ; R1_w=0\n1: (79) r0 = *(u64 *)(r1 +0)\n" +
		"R1 invalid mem access 'scalar'\nprocessed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"
	a.write("failed.log", "libbpf: it failed\n"+log)
	for _, args := range []map[string]any{{"text": log}, {"path": "failed.log"}, {"text": strings.Repeat("all is well\n", 1<<18) + log}} {
		text, data := a.must("log", args)
		if !strings.Contains(text, "rejected\nerror[BPF") || !strings.Contains(string(data), "R1 invalid mem access 'scalar'") && !strings.Contains(string(data), `R1 invalid mem access`) {
			t.Errorf("%.100v: %s", args, text)
		}
	}
}

// TestMCPWithoutKernel: the way out is said, and what needs no kernel works.
func TestMCPWithoutKernel(t *testing.T) {
	a := newAgent(t, nil, "BPFDIAG_CACHE="+t.TempDir())
	a.write("a.bpf.c", brokenText(t, "kprobe_no_null_check"))
	for _, tool := range []string{"check", "fix"} {
		if text, _, failed := a.call(tool, map[string]any{"path": "a.bpf.c"}); !failed || !strings.Contains(text, "bpfdiag kernel build") {
			t.Errorf("%s: %s", tool, text)
		}
	}
	text, _ := a.must("kernels", nil)
	if !strings.HasPrefix(text, "not built: 6.1, 6.12") || !strings.Contains(text, "bpfdiag kernel build") {
		t.Error(text)
	}
	a.must("explain", map[string]any{"code": "null-pointer-dereference"})
}

// TestMCPRebuilt: a kernel that is built again while the server runs is the one that judges.
func TestMCPRebuilt(t *testing.T) {
	kernels := testKernels(t)
	if len(kernels) < 2 {
		t.Skip("one kernel alone")
	}
	there, err := kernel.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	own := filepath.Join(cache, "kernels", "own")
	if err := errors.Join(os.Mkdir(filepath.Join(cache, "kernels"), 0o777), os.Symlink(filepath.Join(there, "guest"), filepath.Join(cache, "guest"))); err != nil {
		t.Fatal(err)
	}
	a := newAgent(t, nil, "BPFDIAG_CACHE="+cache)
	for _, name := range kernels[:2] {
		img, err := kernel.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(own)
		if err := os.Symlink(filepath.Dir(img.Path), own); err != nil {
			t.Fatal(err)
		}
		d := a.check(map[string]any{"path": objectOf(t, "ok"), "kernel": "own"})
		if d.Kernel.Release != img.Release || d.Objects[0].Programs[0].Verdict != diag.Accepted {
			t.Errorf("%s: %+v", img.Release, d)
		}
	}
}

// TestMCPRoots: paths are relative to the folders that the client works in.
func TestMCPRoots(t *testing.T) {
	needClang(t)
	testKernels(t)
	a := newAgent(t, &mcp.ClientSessionOptions{ProtocolVersion: mcpOld})
	a.write("root/a.bpf.c", brokenText(t, "kprobe_no_null_check"))
	a.write("b.bpf.c", brokenText(t, "kprobe_no_null_check"))
	for _, path := range []string{"a.bpf.c", "b.bpf.c"} {
		if d := a.check(map[string]any{"path": path}); d.Objects[0].Programs[0].Verdict != diag.Rejected {
			t.Errorf("%s: %+v", path, d)
		}
	}
}

// TestMCPSideBySide: calls do not disturb each other.
func TestMCPSideBySide(t *testing.T) {
	needClang(t)
	testKernels(t)
	a := newAgent(t, nil)
	a.write("a.bpf.c", brokenText(t, "kprobe_no_null_check"))
	first := a.check(map[string]any{"path": "a.bpf.c"})
	first.Objects[0].Programs[0].Stats = nil
	var calls sync.WaitGroup
	for range 6 {
		calls.Go(func() {
			d := a.check(map[string]any{"path": "a.bpf.c"})
			d.Objects[0].Programs[0].Stats = nil
			if got, want := fmt.Sprintf("%+v", d.Objects[0]), fmt.Sprintf("%+v", first.Objects[0]); len(got) != len(want) { // pointers aside
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	calls.Wait()
}

// slowCompiler puts a compiler that takes for ever into PATH, and returns a command with
// it and a word that tells its process from all others.
func slowCompiler(t *testing.T) (command, word string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	word = "clang-slow-" + filepath.Base(filepath.Dir(dir)) + fmt.Sprint(os.Getpid())
	path := filepath.Join(dir, word)
	put(t, path, "#!/bin/sh\nwhile :; do sleep 1; done\n")
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path + " --target=bpf -c {source} -o {output}", word
}

// running says whether a process has a word in its command line.
func running(word string) bool {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		if line, err := os.ReadFile(path); err == nil && strings.Contains(string(line), word) {
			return true
		}
	}
	return false
}

// within waits for something to be so.
func within(t *testing.T, limit time.Duration, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v: %s", limit, what)
		}
	}
}

// TestMCPCancel: what the client gives up ends, and the server goes on; meanwhile the
// client is told what is being done.
func TestMCPCancel(t *testing.T) {
	testKernels(t)
	command, word := slowCompiler(t)
	a := newAgent(t, nil)
	a.write("a.bpf.c", "int x;\n")
	for _, tool := range []string{"check", "fix"} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		params := &mcp.CallToolParams{Name: tool, Arguments: map[string]any{"path": "a.bpf.c", "compile": command}}
		params.SetProgressToken(tool)
		go func() {
			_, err := a.CallTool(ctx, params)
			ended <- err
		}()
		within(t, time.Minute, "the compiler is not started", func() bool { return running(word) })
		for range 2 {
			select {
			case said := <-a.progress:
				if !strings.Contains(said, "compiling") && !strings.Contains(said, "trying edits") {
					t.Errorf("%s: %s", tool, said)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%s: no progress is told", tool)
			}
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", tool, err)
		}
		within(t, time.Minute, "the compiler goes on", func() bool { return !running(word) })
	}
	a.must("kernels", nil)
	// No program but a compiler is run.
	for _, tool := range []string{"check", "fix"} {
		text, _, failed := a.call(tool, map[string]any{"path": "a.bpf.c", "compile": "sh -c 'touch made' --target=bpf {source}"})
		if _, err := os.Stat(filepath.Join(a.dir, "made")); !failed || !strings.Contains(text, "sh is no clang") || err == nil {
			t.Errorf("%s (%v): %s", tool, err, text)
		}
	}
}

// TestMCPEnd: when the client ends its input in the middle of a call, or the server is
// told to end, nothing is left behind.
func TestMCPEnd(t *testing.T) {
	testKernels(t)
	for name, end := range map[string]func(*exec.Cmd, io.Closer) error{
		"input":  func(_ *exec.Cmd, in io.Closer) error { return in.Close() },
		"signal": func(c *exec.Cmd, _ io.Closer) error { return c.Process.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			command, word := slowCompiler(t)
			a := &agent{t: t, dir: t.TempDir(), cmd: exec.Command(bpfdiagBin(t), "mcp")}
			a.cmd.Dir = a.dir
			in, err := a.cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := a.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			a.write("a.bpf.c", "int x;\n")
			args, err := json.Marshal(map[string]any{"path": "a.bpf.c", "compile": command})
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(in, mcpHello+`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"check","arguments":`+string(args)+"}}\n")
			within(t, time.Minute, "the compiler is not started", func() bool { return running(word) })
			began := time.Now()
			if err := end(a.cmd, in); err != nil {
				t.Error(err)
			}
			_ = a.cmd.Wait()
			if took := time.Since(began); took > 50*time.Second {
				t.Errorf("it took %v", took)
			}
			if status := a.cmd.ProcessState.ExitCode(); status != map[string]int{"input": 0, "signal": 128 + int(syscall.SIGTERM)}[name] {
				t.Errorf("status %d", status)
			}
			within(t, time.Minute, "the compiler goes on", func() bool { return !running(word) })
		})
	}
}

// mcpHello is how a session begins.
const mcpHello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
`

// TestMCPPiped: requests may come from a file; the answers come before it ends.
func TestMCPPiped(t *testing.T) {
	cmd := exec.Command(bpfdiagBin(t), "mcp")
	cmd.Stdin = strings.NewReader(mcpHello + `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"explain","arguments":{"code":"BPF0101"}}}
`)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "null-pointer-dereference") || strings.Count(string(out), "\n") != 2 {
		t.Errorf("%v: %s", err, out)
	}
	// What is no message ends the server with an error, not silently.
	cmd = exec.Command(bpfdiagBin(t), "mcp")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		io.WriteString(in, "hello\n")
		in.Close()
	}()
	if err := cmd.Wait(); err == nil || !strings.HasPrefix(said.String(), "bpfdiag: mcp: ") {
		t.Errorf("%v: %q", err, said.String())
	}
}

func needClang(t *testing.T) {
	t.Helper()
	if clang() == "" {
		missing(t, "no clang is installed")
	}
}
