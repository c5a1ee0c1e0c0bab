package verifierlog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzFind: whatever the text, nothing panics, nothing runs on, no log is longer
// than the text, and each line is where it is said to be.
func FuzzFind(f *testing.F) {
	archives, _ := filepath.Glob("testdata/find/*.txtar")
	for _, path := range archives {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		input, err := txtar.Unquote(a.Files[0].Data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(input))
	}
	log, err := os.ReadFile("testdata/find/level2.log")
	if err != nil {
		f.Fatal(err)
	}
	for _, w := range findWrappings {
		f.Add(w.wrap("my_prog", string(log)))
	}
	f.Add("x \"\\n0: (b7) r0 = 0\\u00e9\\x\n1: (b7\"" + strings.Repeat("\\n1: (95) exit", 30000))
	f.Fuzz(func(t *testing.T, text string) {
		_, clean := findAll(t, text)
		// A log's line may get a line feed that the text has not.
		if n := len(strings.Join(clean, "")); n > len(text)+len(text)/2+4 {
			t.Errorf("%d bytes found in %d", n, len(text))
		}
	})
}
