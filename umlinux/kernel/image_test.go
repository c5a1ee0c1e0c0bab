package kernel

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeImage publishes something that Find takes for a kernel.
func fakeImage(t *testing.T, name string, change func(*Image)) string {
	t.Helper()
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	r, err := recipeFor("6.12")
	if err != nil {
		t.Fatal(err)
	}
	img := Image{Name: name, Series: "6.12", Release: name + ".1", Size: 8, Recipe: r.hash(), Built: time.Now()}
	change(&img)
	text, err := json.Marshal(img)
	if err != nil {
		t.Fatal(err)
	}
	folder := imageFolder(cache, name)
	write(t, filepath.Join(folder, "linux"), "\x7fELF0000")
	write(t, filepath.Join(folder, "image.json"), string(text))
	return folder
}

func TestFind(t *testing.T) {
	useRecipes(t, testRecipes)
	same := func(*Image) {}
	for name, text := range map[string]string{
		"":       "kernel 6.12 is not built; build it once with `bpfdiag kernel build 6.12` (about 5 minutes)",
		"7.2":    "kernel 7.2 is not built; build it once with `bpfdiag kernel build 7.2` (about 5 minutes)",
		"mine":   "kernel mine is not built",
		"newest": "no kernel is built",
	} {
		_, err := Find(name)
		var missing NotBuiltError
		if !errors.As(err, &missing) {
			t.Errorf("%q: %v", name, err)
			continue
		}
		wantError(t, err, text)
	}
	for _, name := range []string{"mine", "6.9", "6.12", "zz-7.9"} {
		fakeImage(t, name, same)
	}
	for name, want := range map[string]string{"": "6.12", "newest": "6.12", "mine": "mine", "6.9": "6.9"} {
		img, err := Find(name)
		if err != nil || img.Name != want || img.Stale {
			t.Errorf("Find(%q) = %+v, %v", name, img, err)
		}
		if byPath, err := Find(img.Path); err != nil || byPath != img {
			t.Errorf("by path: %+v, %v", byPath, err)
		}
	}
	images, err := List()
	if err != nil {
		t.Fatal(err)
	}
	var names string
	for _, img := range images {
		names += img.Name + " "
	}
	if names != "6.9 6.12 mine zz-7.9 " {
		t.Errorf("listed: %s", names)
	}
	for _, name := range []string{"a b", ".new-6.12", "all"} {
		if _, err := Find(name); err == nil || errors.As(err, new(NotBuiltError)) {
			t.Errorf("%q is no name, but: %v", name, err)
		}
	}
}

// A kernel that this program would build otherwise is found, and marked.
func TestFindStale(t *testing.T) {
	useRecipes(t, testRecipes)
	fakeImage(t, "6.12", func(img *Image) { img.Recipe = "of before" })
	img, err := Find("")
	if err != nil || !img.Stale || img.StaleReason == "" {
		t.Errorf("%+v, %v", img, err)
	}
}

func TestFindDamaged(t *testing.T) {
	useRecipes(t, testRecipes)
	for what, damage := range map[string]func(folder string) error{
		"cut short":     func(f string) error { return os.Truncate(filepath.Join(f, "linux"), 5) },
		"not ELF":       func(f string) error { return os.WriteFile(filepath.Join(f, "linux"), make([]byte, 8), 0o755) },
		"no executable": func(f string) error { return os.Remove(filepath.Join(f, "linux")) },
		"no record":     func(f string) error { return os.Remove(filepath.Join(f, "image.json")) },
		"bad record":    func(f string) error { return os.Truncate(filepath.Join(f, "image.json"), 20) },
	} {
		if err := damage(fakeImage(t, "6.12", func(*Image) {})); err != nil {
			t.Fatal(err)
		}
		_, err := Find("")
		if err == nil || errors.As(err, new(NotBuiltError)) {
			t.Errorf("%s: %v", what, err)
			continue
		}
		wantError(t, err, "kernel 6.12 is damaged", "bpfdiag kernel")
		if images, err := List(); err != nil || len(images) > 0 {
			t.Errorf("%s: listed %v, %v", what, images, err)
		}
	}
}

func TestFindFileThatIsNoKernel(t *testing.T) {
	useRecipes(t, testRecipes)
	path := filepath.Join(t.TempDir(), "linux")
	_, err := Find(path)
	wantError(t, err, path, "no such file")
	write(t, path, strings.Repeat("hello", 20))
	_, err = Find(path)
	wantError(t, err, path, "bad magic number")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Find(self)
	wantError(t, err, self)
}

func TestRemove(t *testing.T) {
	useRecipes(t, testRecipes)
	if err := Remove("6.12"); !errors.As(err, new(NotBuiltError)) {
		t.Error(err)
	}
	folder := fakeImage(t, "6.12", func(*Image) {})
	cache, _ := CacheDir()
	write(t, filepath.Join(cache, "work", "6.12", "tree", "Makefile"), "")
	if err := Remove("6.12"); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{folder, filepath.Join(cache, "work", "6.12")} {
		if _, err := os.Stat(gone); err == nil {
			t.Errorf("%s is still there", gone)
		}
	}
	if err := Remove("../x"); err == nil {
		t.Error("removes anything")
	}
}

func BenchmarkFind(b *testing.B) {
	b.Setenv("BPFDIAG_CACHE", b.TempDir())
	cache, _ := CacheDir()
	folder := imageFolder(cache, Default)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"linux": "\x7fELF0000", "image.json": `{"name":"6.12","series":"6.12","size":8}`} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o755); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := Find(""); err != nil {
			b.Fatal(err)
		}
	}
}
