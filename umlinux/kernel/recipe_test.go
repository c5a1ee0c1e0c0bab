package kernel

import (
	"maps"
	"testing"
	"testing/fstest"
)

// Whatever decides which bytes come out changes the key, and nothing else.
func TestKey(t *testing.T) {
	useRecipes(t, testRecipes)
	key := func(change func(fstest.MapFS), source, own string, tools toolchain) string {
		files := maps.Clone(testRecipes)
		change(files)
		recipeFiles = files
		r, err := recipeFor("6.12")
		if err != nil {
			t.Fatal(err)
		}
		return r.key(source, own, tools)
	}
	same := func(fstest.MapFS) {}
	tools := toolchain{"gcc 12", "v1.24"}
	base := key(same, "a", "", tools)
	if again := key(func(f fstest.MapFS) { f["patches/7.2/0001.patch"] = &fstest.MapFile{} }, "a", "", tools); again != base {
		t.Error("another series' patch changes the key")
	}
	keys := map[string]string{base: "nothing"}
	for what, k := range map[string]string{
		"source":   key(same, "b", "", tools),
		"own":      key(same, "a", "CONFIG_X=y\n", tools),
		"compiler": key(same, "a", "", toolchain{"gcc 13", "v1.24"}),
		"pahole":   key(same, "a", "", toolchain{"gcc 12", "v1.25"}),
		"patch": key(func(f fstest.MapFS) {
			f["patches/6.12/0001-greet.patch"] = &fstest.MapFile{Data: []byte("other")}
		}, "a", "", tools),
		"second patch": key(func(f fstest.MapFS) { f["patches/6.12/0002.patch"] = &fstest.MapFile{} }, "a", "", tools),
		"base":         key(func(f fstest.MapFS) { f["config/base.config"] = &fstest.MapFile{} }, "a", "", tools),
		"fragment":     key(func(f fstest.MapFS) { f["config/6.12.config"] = &fstest.MapFile{} }, "a", "", tools),
	} {
		if other, taken := keys[k]; taken {
			t.Errorf("changing the %s gives the same key as changing %s", what, other)
		}
		keys[k] = what
	}
}
