package kernel

import (
	"context"
	"errors"
	"io"
	"maps"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
)

// A patch that no longer applies is named with file and hunk, in patch's own
// words, and has changed nothing.
func TestPatchFails(t *testing.T) {
	if _, err := exec.LookPath("patch"); err != nil {
		t.Skip(err)
	}
	const source = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\ntwelve\n"
	for _, c := range []struct {
		name, patch string
		want        PatchError
		said        string
	}{
		{
			"second hunk",
			"Why.\n--- a/kernel/bpf/core.c\n+++ b/kernel/bpf/core.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n@@ -9,4 +9,4 @@ ten\n nine\n ten\n-ELEVEN\n+11\n twelve\n",
			PatchError{File: "kernel/bpf/core.c", Hunk: 2, Line: 9, Text: "@@ -9,4 +9,4 @@ ten\n nine\n ten\n-ELEVEN\n+11\n twelve"},
			"Hunk #2 FAILED at 9",
		},
		{
			"file is gone",
			"Why.\n--- a/kernel/gone.c\n+++ b/kernel/gone.c\n@@ -1 +1 @@\n-x\n+y\n",
			PatchError{File: "kernel/gone.c"}, "can't find file to patch",
		},
		{
			"applied already",
			"Why.\n--- a/kernel/bpf/core.c\n+++ b/kernel/bpf/core.c\n@@ -1,3 +1,3 @@\n one\n-2\n+two\n three\n",
			PatchError{File: "kernel/bpf/core.c"}, "previously applied",
		},
		{
			"new file is there already",
			"Why.\n--- /dev/null\n+++ b/kernel/bpf/core.c\n@@ -0,0 +1 @@\n+new\n",
			PatchError{File: "kernel/bpf/core.c"}, "already exists",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := maps.Clone(testRecipes)
			files["patches/6.12/0001-greet.patch"] = &fstest.MapFile{Data: []byte(c.patch)}
			useRecipes(t, files)
			r, err := recipeFor("6.12")
			if err != nil {
				t.Fatal(err)
			}
			tree := t.TempDir()
			write(t, tree+"/kernel/bpf/core.c", source)
			err = applyPatches(context.Background(), &runner{log: io.Discard}, tree, r, func(int) {})
			var got *PatchError
			if !errors.As(err, &got) {
				t.Fatal(err)
			}
			if !strings.Contains(got.Output, c.said) {
				t.Errorf("patch said:\n%s", got.Output)
			}
			c.want.Patch, c.want.Output = "6.12/0001-greet.patch", got.Output
			if *got != c.want {
				t.Errorf("got  %+v\nwant %+v", *got, c.want)
			}
			wantError(t, err, "6.12/0001-greet.patch no longer applies", c.want.File, c.said)
			if read(t, tree+"/kernel/bpf/core.c") != source {
				t.Error("the file was changed")
			}
		})
	}
}
