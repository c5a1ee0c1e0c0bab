package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// TestMain lets the test program stand in for a bpfdiag that builds: see
// TestKilledBuild.
func TestMain(m *testing.M) {
	if tree := os.Getenv("KERNEL_TEST_BUILD"); tree != "" {
		recipeFiles = testRecipes
		_, err := Build(context.Background(), BuildOptions{Source: tree, Name: "mine", Jobs: 2})
		fmt.Println(err)
		return
	}
	os.Exit(m.Run())
}

// testRecipes are patches and fragments for the tree that newTree makes.
var testRecipes = fstest.MapFS{
	"patches/6.12/0001-greet.patch": {Data: []byte(`A patch as any other.
--- a/init/greeting.h
+++ b/init/greeting.h
@@ -1,3 +1,3 @@
 /* what the image says */
-#define GREETING "unpatched"
+#define GREETING VERSION
 #define OTHER 1
`)},
	"config/base.config": {Data: []byte("CONFIG_BPF_SYSCALL=y\nCONFIG_OLD=y\n")},
	"config/6.12.config": {Data: []byte("# CONFIG_OLD is absent\n# CONFIG_MODULES is not set\n")},
}

// useRecipes puts a test's own patches in the place of the real ones, and
// gives it an empty cache.
func useRecipes(t *testing.T, files fstest.MapFS) {
	t.Helper()
	before := recipeFiles
	recipeFiles = files
	t.Cleanup(func() { recipeFiles = before })
	t.Setenv("BPFDIAG_CACHE", t.TempDir())
}

// treeMakefile is a kernel's as far as Build can tell: three files to
// compile, of which the second takes as long as the file hold exists, and an
// executable that has a .BTF section and knows --version.
const treeMakefile = `# SPDX-License-Identifier: GPL-2.0
VERSION = 6
PATCHLEVEL = 12
SUBLEVEL = 95
EXTRAVERSION = -rc1
NAME = Baby Opossum Posse

release = $(VERSION).$(PATCHLEVEL).$(SUBLEVEL)$(EXTRAVERSION)
hold = HOLD

allnoconfig:
	@test "$(ARCH)" = um
	@grep -v NO_SUCH $(KCONFIG_ALLCONFIG) > .config

linux: init/one.o init/two.o init/three.o
	@mkdir -p include/config
	@echo $(release) > include/config/kernel.release
	@echo "  LD      vmlinux.o"
	@gcc -static -DVERSION='"$(release)"' -o linux init/main.c
	@echo "  LINK    linux"

init/two.o: wait
wait:
	@echo $$$$ >> $(hold).pids
	@while test -e $(hold); do sleep 0.02; done

%.o:
	@echo "  CC      $@"
	@touch $@
	@echo >> $(hold).compiled

mrproper:
	@rm -f .config

.PHONY: allnoconfig linux wait mrproper
`

// newTree makes a small kernel tree. It returns its folder and the file that,
// while it exists, stops a build in the middle.
func newTree(t *testing.T) (tree, hold string) {
	t.Helper()
	top := t.TempDir()
	tree, hold = filepath.Join(top, "tree"), filepath.Join(top, "hold")
	for name, text := range map[string]string{
		"Makefile":        strings.ReplaceAll(treeMakefile, "HOLD", hold),
		"Kconfig":         "config BPF_SYSCALL\n\tbool\n",
		"init/greeting.h": "/* what the image says */\n#define GREETING \"unpatched\"\n#define OTHER 1\n",
		"init/main.c": `#include <stdio.h>
#include "greeting.h"
__attribute__((section(".BTF"), used)) static const unsigned char btf[24] = { 0x9f, 0xeb, 1 };
const char banner[] = "Linux version " VERSION " (bpfdiag@bpfdiag)";
int main(void) { return puts(GREETING) < 0; }
`,
		"init/left-over.o": "of a build in place",
		".git/config":      "not for us",
	} {
		write(t, filepath.Join(tree, name), text)
	}
	return tree, hold
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// needTools skips where kernels can't be built.
func needTools(t *testing.T) {
	t.Helper()
	if err := missing(context.Background(), true); err != nil {
		t.Skip(err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error lacks %q:\n%v", p, err)
		}
	}
}

// compiled counts how many files a test tree's builds have compiled.
func compiled(t *testing.T, hold string) int {
	t.Helper()
	return strings.Count(read(t, hold+".compiled"), "\n")
}

// cacheHolds lists kernels and work, to see what a build leaves behind.
func cacheHolds(t *testing.T) (kernels, work []string) {
	t.Helper()
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string]*[]string{"kernels": &kernels, "work": &work} {
		entries, err := os.ReadDir(filepath.Join(cache, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, e := range entries {
			*list = append(*list, e.Name())
		}
	}
	return kernels, work
}
