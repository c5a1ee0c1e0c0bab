package diag

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what comes out into the archives of testdata")

// archive is a txtar file of testdata: its files but the golden ones are in
// the working folder while its test runs.
type archive struct {
	*txtar.Archive
	t      *testing.T
	path   string
	golden []string
}

// eachArchive runs a test for each archive of a folder.
func eachArchive(t *testing.T, folder string, golden []string, run func(*archive)) {
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range paths {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			a := &archive{ar, t, path, golden}
			t.Chdir(a.extract())
			run(a)
			if *update {
				if err := os.WriteFile(path, txtar.Format(ar), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// extract writes the archive's files. FILE.quoted holds FILE as Go strings, a
// part in each line, for what cannot stand in an archive.
func (a *archive) extract() string {
	dir := a.t.TempDir()
	for _, f := range a.Files {
		name, data := f.Name, f.Data
		if slices.Contains(a.golden, name) {
			continue
		}
		if plain, ok := strings.CutSuffix(name, ".quoted"); ok {
			var b bytes.Buffer
			for l := range strings.Lines(string(data)) {
				part, err := strconv.Unquote(strings.TrimSpace(l))
				if err != nil {
					a.t.Fatalf("%s: %v: %s", name, err, l)
				}
				b.WriteString(part)
			}
			name, data = plain, b.Bytes()
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			a.t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			a.t.Fatal(err)
		}
	}
	return dir
}

func (a *archive) file(name string) *txtar.File {
	for i := range a.Files {
		if a.Files[i].Name == name {
			return &a.Files[i]
		}
	}
	return nil
}

// decode reads a JSON file of the archive, if it is there.
func (a *archive) decode(name string, into any) {
	f := a.file(name)
	if f == nil {
		return
	}
	d := json.NewDecoder(bytes.NewReader(f.Data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		a.t.Fatalf("%s: %v", name, err)
	}
}

// expect compares with a golden file of the archive, if it is there.
func (a *archive) expect(name, got string) {
	f := a.file(name)
	switch {
	case f == nil:
	case *update:
		f.Data = []byte(got)
	case string(f.Data) != got:
		a.t.Errorf("%s: got\n%s\nwant\n%s", name, got, f.Data)
	}
}
