package lazyregexp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestAll: every expression that the repository's packages have can be compiled.
func TestAll(t *testing.T) {
	n := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil // a test's
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "New" {
				if pkg, ok := f.X.(*ast.Ident); ok && pkg.Name == "lazyregexp" {
					text, ok := literal(call.Args[0])
					if !ok {
						t.Errorf("%s: the expression is no literal", path)
					}
					compiles(t, path, text)
					n++
				}
			}
			return true
		})
		return nil
	})
	if err != nil || n == 0 {
		t.Errorf("%d expressions, %v", n, err)
	}
}

func compiles(t *testing.T, path, text string) {
	t.Helper()
	defer func() {
		if err := recover(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}()
	New(text).MatchString("")
}

// literal is the value of a string, or of a sum of strings.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		a, ok := literal(e.X)
		b, ok2 := literal(e.Y)
		return a + b, ok && ok2
	}
	return "", false
}

func TestConcurrent(t *testing.T) {
	r := New(`^(\w+)=(\d+)$`)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if m := r.FindStringSubmatch("a=1"); len(m) != 3 || m[2] != "1" {
				t.Errorf("%q", m)
			}
		})
	}
	all.Wait()
}
