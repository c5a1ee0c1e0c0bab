package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bpfdiag/bpfdiag/umlinux/loader"
)

// saveLog writes a program's whole log to DIR/OBJECT/PROGRAM.log.
func saveLog(dir, path string, r loader.Result) error {
	if r.Log == "" {
		return nil
	}
	folder := filepath.Join(dir, filepath.Base(path))
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("save the log of %s: %w", r.Name, err)
	}
	name := strings.Map(func(c rune) rune {
		if c == '/' || c < ' ' {
			return '_'
		}
		return c
	}, r.Name)
	if err := os.WriteFile(filepath.Join(folder, name+".log"), []byte(r.Log), 0o666); err != nil {
		return fmt.Errorf("save the log of %s: %w", r.Name, err)
	}
	return nil
}
