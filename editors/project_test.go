// Package editors has the tests that drive real editors with the configuration
// in these folders: each opens an example, shows its error, makes the fix, and
// sees that the verifier accepts it.
package editors

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
)

var update = flag.Bool("update", false, "write the screens in docs/editors anew")

// missing skips a test on a user's machine and fails it in CI.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// needs are programs that a test is made with.
func needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing(t, p+" is not installed; `make test` installs it")
		}
	}
}

const example = "kprobe_no_null_check.bpf.c"

// project is a folder with an example in it, and a user's home beside it.
type project struct {
	folder, home string
	env          []string
}

// newProject is for an editor that knows nothing but what a test puts into the
// user's home. Needs a finished bpfdiag in $BPFDIAG_BIN, its default kernel,
// and clang.
func newProject(t *testing.T) *project {
	t.Helper()
	bin := os.Getenv("BPFDIAG_BIN")
	if bin == "" {
		missing(t, "BPFDIAG_BIN names no bpfdiag; run `make test`")
	}
	var not kernel.NotBuiltError
	if _, err := kernel.Find(kernel.Default); errors.As(err, &not) {
		missing(t, not.Error())
	} else if err != nil {
		t.Fatal(err)
	}
	cache, err := kernel.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if clang() == "" {
		missing(t, "clang is not installed; `make test` installs it")
	}
	home := tempDir(t)
	p := &project{folder: filepath.Join(home, "counter"), home: home}
	p.env = []string{"PATH=" + filepath.Dir(bin) + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + p.home,
		"BPFDIAG_CACHE=" + cache, "CLANG=" + clang(), "LC_ALL=C.UTF-8", "TMPDIR=" + tempDir(t)}
	p.put(t, filepath.Join("..", "examples", "broken", example), filepath.Join(p.folder, example))
	return p
}

// clang is the compiler, empty if there is none.
func clang() string {
	if c := os.Getenv("CLANG"); c != "" {
		return c
	}
	c, _ := exec.LookPath("clang")
	return c
}

// put copies a file, to a folder that need not be there.
func (p *project) put(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o777)
	}
	if err == nil {
		err = os.WriteFile(to, text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// accepted says that the example, as it is on the disk, is fixed and the verifier
// accepts it.
func (p *project) accepted(t *testing.T) {
	t.Helper()
	path := filepath.Join(p.folder, example)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "if (!count)") {
		t.Errorf("the fix is not saved:\n%s", text)
	}
	cmd := exec.Command(os.Getenv("BPFDIAG_BIN"), "check", path)
	cmd.Env = p.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the fixed example is not accepted: %v\n%s", err, out)
	}
}

// picture compares a screen with the one in the documentation, or writes that.
// Another version of an editor may draw another one.
func (p *project) picture(t *testing.T, name, screen string, same bool) {
	t.Helper()
	screen = strings.ReplaceAll(screen, p.home, "/home/you")
	path := filepath.Join("..", "docs", "editors", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(screen), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if same && strings.TrimSpace(string(want)) != strings.TrimSpace(screen) {
		t.Errorf("%s is not what is shown now; `go test ./editors -update` writes it anew:\n%s", path, screen)
	}
}

// tempDir is t.TempDir for what editors and servers write into while they leave.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bpfdiag-editor-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := os.RemoveAll(dir)
		for end := time.Now().Add(patience); err != nil && time.Now().Before(end); err = os.RemoveAll(dir) {
			time.Sleep(50 * time.Millisecond)
		}
		if err != nil {
			t.Errorf("something is left behind: %v", err)
		}
	})
	return dir
}
