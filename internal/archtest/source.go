// Package archtest holds the repository to its own rules: who may import whom,
// how long a file and a function may be, what may not be written at all, and
// that every catalog has its proofs. It parses the sources; asking `go list`
// would be answered from the test cache after a breach.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Module is the import path that our own packages begin with.
const Module = "github.com/dc-release/dc-release/"

// File is one parsed source.
type File struct {
	Path      string // relative to the module, with slashes
	Dir       string
	Test      bool
	Generated bool // has the standard marker line
	Lines     int

	syntax *ast.File
	places *token.FileSet
}

// Breach is one place where a rule is broken.
type Breach struct {
	Rule    string
	Path    string
	Line    int
	Message string
}

// String is the breach as a line of output: path:line: message (rule).
func (b Breach) String() string {
	return fmt.Sprintf("%s:%d: %s (%s)", b.Path, b.Line, b.Message, b.Rule)
}

// Parse reads one source. The path says which rules hold for it.
func Parse(path string, source []byte) (File, error) {
	set := token.NewFileSet()
	syntax, err := parser.ParseFile(set, path, source, parser.ParseComments)
	if err != nil {
		return File{}, fmt.Errorf("parse %s: %w", path, err)
	}
	dir := "."
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir = path[:i]
	}
	return File{
		Path: path, Dir: dir, Test: strings.HasSuffix(path, "_test.go"), Generated: ast.IsGenerated(syntax),
		Lines: strings.Count(string(source), "\n"), syntax: syntax, places: set,
	}, nil
}

// Load parses every Go source of the module at root, without testdata, hidden
// folders and modules of their own.
func Load(root string) ([]File, error) {
	var out []File
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipped(root, path, d.Name())
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f, err := Parse(filepath.ToSlash(rel), source)
		out = append(out, f)
		return err
	})
	return out, err
}

func skipped(root, path, name string) error {
	if path == root {
		return nil
	}
	if name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func (f File) breach(rule string, at token.Pos, format string, args ...any) Breach {
	return Breach{Rule: rule, Path: f.Path, Line: f.places.Position(at).Line, Message: fmt.Sprintf(format, args...)}
}

// named gives the name under which the file knows an import, "" for none.
func (f File) named(path string) string {
	for _, spec := range f.syntax.Imports {
		if strings.Trim(spec.Path.Value, `"`) != path {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path[strings.LastIndexByte(path, '/')+1:]
	}
	return ""
}

// selects lists the places where the file says pkg.Name of an import.
func (f File) selects(path string, names ...string) []*ast.SelectorExpr {
	pkg := f.named(path)
	if pkg == "" {
		return nil
	}
	var out []*ast.SelectorExpr
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg {
				for _, name := range names {
					if s.Sel.Name == name {
						out = append(out, s)
					}
				}
			}
		}
		return true
	})
	return out
}
