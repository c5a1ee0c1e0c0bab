package kernel

import (
	"context"
	"debug/elf"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestBuildOwnTree(t *testing.T) {
	needTools(t)
	useRecipes(t, testRecipes)
	tree, hold := newTree(t)
	before := treeState(t, tree)
	var log strings.Builder
	var seen []string
	options := BuildOptions{Source: tree, Log: &log, Progress: func(s Step) {
		if len(seen) == 0 || seen[len(seen)-1] != s.Name {
			seen = append(seen, s.Name)
		}
	}}
	img, err := Build(context.Background(), options)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if img.Name != "6.12.95-rc1" || img.Series != "6.12" || img.Release != "6.12.95-rc1" || img.Source != tree || img.Stale || img.Objects != 3 {
		t.Errorf("%+v", img)
	}
	if !slices.Equal(seen, steps) {
		t.Errorf("steps %v", seen)
	}
	if out, err := exec.Command(img.Path, "--version").Output(); err != nil || string(out) != "6.12.95-rc1\n" {
		t.Errorf("the image says %q, %v", out, err)
	}
	if got := treeState(t, tree); got != before {
		t.Errorf("the tree was changed:\n%s\nbefore:\n%s", got, before)
	}
	if config := read(t, filepath.Join(filepath.Dir(img.Path), "config")); config != "CONFIG_BPF_SYSCALL=y\n# CONFIG_MODULES is not set\n" {
		t.Errorf("configuration:\n%s", config)
	}
	if kernels, work := cacheHolds(t); len(kernels) != 1 || len(work) != 0 {
		t.Errorf("left behind: %v, %v", kernels, work)
	}
	// The copy of the image tells its release by itself.
	other := filepath.Join(t.TempDir(), "linux")
	text := read(t, img.Path)
	if err := os.WriteFile(other, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	if byPath, err := Find(other); err != nil || byPath.Release != "6.12.95-rc1" || byPath.Series != "6.12" {
		t.Errorf("by path: %+v, %v", byPath, err)
	}

	again, err := Build(context.Background(), options)
	if err != nil || again != img || compiled(t, hold) != 3 {
		t.Errorf("built again: %+v, %v", again, err)
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", "")
	if again, err = Build(context.Background(), options); err != nil || again != img {
		t.Errorf("a kernel that is there does not do without a compiler: %+v, %v", again, err)
	}
	t.Setenv("PATH", path)
	write(t, filepath.Join(tree, "init", "new.c"), "")
	if again, err = Build(context.Background(), options); err != nil || again.Key == img.Key || compiled(t, hold) != 6 {
		t.Errorf("a changed tree is not built: %+v, %v", again, err)
	}
}

// treeState is names, sizes and times of all files.
func treeState(t *testing.T, tree string) string {
	t.Helper()
	out, err := exec.Command("find", tree, "-printf", "%P %s %T@ %C@\n").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestBuildTarball(t *testing.T) {
	needTools(t)
	tree, _ := newTree(t)
	for name, args := range map[string][]string{
		"top folder, xz":    {"-cJf", "-C", filepath.Dir(tree), "tree"},
		"no top folder, gz": {"-czf", "-C", tree, "."},
		"plain":             {"-cf", "-C", filepath.Dir(tree), "tree"},
	} {
		t.Run(name, func(t *testing.T) {
			useRecipes(t, testRecipes)
			path := filepath.Join(t.TempDir(), "own.tar")
			if out, err := exec.Command("tar", slices.Insert(args, 1, path)...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v", out, err)
			}
			img, err := Build(context.Background(), BuildOptions{Source: path, Name: "mine"})
			if err != nil || img.Release != "6.12.95-rc1" || img.Name != "mine" {
				t.Errorf("%+v, %v", img, err)
			}
		})
	}
}

func TestBuildErrors(t *testing.T) {
	needTools(t)
	tree, _ := newTree(t)
	extra := filepath.Join(t.TempDir(), "extra")
	write(t, extra, "CONFIG_NO_SUCH_THING=y\n")
	broken, _ := newTree(t)
	write(t, filepath.Join(broken, "init", "main.c"), "int main(void) { return nothing; }\n")
	otherPatch := maps.Clone(testRecipes)
	otherPatch["patches/6.12/0002-more.patch"] = &fstest.MapFile{Data: []byte("Why.\n--- a/init/main.c\n+++ b/init/main.c\n@@ -1 +1 @@\n-x\n+y\n")}

	for _, c := range []struct {
		name    string
		recipes fstest.MapFS
		options BuildOptions
		parts   []string
	}{
		{"option", testRecipes, BuildOptions{Source: tree, Config: extra}, []string{"CONFIG_NO_SUCH_THING=y (" + extra + ":1)", "no such option"}},
		{"compiler", testRecipes, BuildOptions{Source: broken}, []string{"make ARCH=um", "'nothing' undeclared", "build.log"}},
		{"patch", otherPatch, BuildOptions{Source: tree}, []string{"6.12/0002-more.patch no longer applies: init/main.c, hunk 1", "Hunk #1 FAILED", "-x\n"}},
		{"no tree", testRecipes, BuildOptions{Source: t.TempDir()}, []string{"not a kernel tree"}},
		{"nothing", testRecipes, BuildOptions{Source: "/nonexistent"}, []string{"/nonexistent"}},
		{"series' name", testRecipes, BuildOptions{Source: tree, Name: "6.12"}, []string{"belongs to Debian's kernel"}},
		{"bad name", testRecipes, BuildOptions{Source: tree, Name: "a/b"}, []string{"letters, digits"}},
		{"no series", testRecipes, BuildOptions{Series: "six"}, []string{`"six" is not a kernel series`, "6.12"}},
		{"config alone", testRecipes, BuildOptions{Config: extra}, []string{"source of one's own"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			useRecipes(t, c.recipes)
			_, err := Build(context.Background(), c.options)
			wantError(t, err, c.parts...)
			if images, _ := List(); len(images) > 0 {
				t.Errorf("built %v", images)
			}
		})
	}
}

// What is missing is named with the packages to install, in one line.
func TestMissingTools(t *testing.T) {
	if supported() != nil {
		t.Skip("nothing is built here")
	}
	tree, _ := newTree(t)
	useRecipes(t, testRecipes)
	t.Setenv("PATH", t.TempDir())
	_, err := Build(context.Background(), BuildOptions{Source: tree})
	if !errors.As(err, new(*MissingError)) {
		t.Error(err)
	}
	wantError(t, err, "\n  apt-get install gcc binutils make flex bison bc tar xz-utils patch dwarves", "libelf-dev")
}

// The environment of whoever runs us, such as another make, must not reach
// the kernel's.
func TestEnvironment(t *testing.T) {
	for _, name := range []string{"MAKEFLAGS", "ARCH", "CROSS_COMPILE", "KCFLAGS", "LC_ALL"} {
		t.Setenv(name, "poison")
	}
	t.Setenv("https_proxy", "kept")
	out, err := (&runner{log: io.Discard}).output(context.Background(), command{program: "env"})
	if err != nil {
		t.Skip(err)
	}
	if strings.Contains(out, "poison") || !strings.Contains(out, "https_proxy=kept") || !strings.Contains(out, "LC_ALL=C\n") {
		t.Error(out)
	}
}

// The guest's init is one more thing that Build makes: a static executable
// that asks for no library, under a name that tells its content.
func TestGuestInit(t *testing.T) {
	needTools(t)
	useRecipes(t, testRecipes)
	if path, err := GuestInit(); err == nil {
		t.Errorf("there is one before any build: %s", path)
	} else {
		wantError(t, err, "bpfdiag kernel build")
	}
	tree, _ := newTree(t)
	if _, err := Build(context.Background(), BuildOptions{Source: tree}); err != nil {
		t.Fatal(err)
	}
	path, err := GuestInit()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it has %v", p.Type)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 16<<10 || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("left beside it: %v", entries)
	}
	// A cache that came from elsewhere without it gets it without a build.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(context.Background(), BuildOptions{Source: tree}); err != nil {
		t.Fatal(err)
	}
	if _, err := GuestInit(); err != nil {
		t.Error(err)
	}
}
