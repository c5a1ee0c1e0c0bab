package verifierlog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	f.Add("0 <br>0\nprocessed 0 insns\n<br>0")
	f.Fuzz(func(t *testing.T, text string) {
		hangs := time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("still running: %q", text)) })
		defer hangs.Stop()
		_, clean := findAll(t, text)
		// A log's line may get a line feed that the text has not.
		if n := len(strings.Join(clean, "")); n > len(text)+len(text)/2+4 {
			t.Errorf("%d bytes found in %d", n, len(text))
		}
	})
}
