package archtest

import (
	"go/ast"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Proof is a test as it is found in the sources: a function, a case of a table
// that carries an id of the checklist, or a script.
type Proof struct {
	Path string   // of the file, relative to the module
	Name string   // function, text of the case; "" of a script
	IDs  []string // GXP014, Attack30: the rules that the name says it shows
}

// String is the proof as it is cited: path and name.
func (p Proof) String() string { return strings.TrimSpace(p.Path + " " + p.Name) }

var (
	ruleID    = regexp.MustCompile(`(GXP|Attack)\d+`)
	ruleCase  = regexp.MustCompile(`^(Test)?(GXP|Attack)\d+[_ ]`)
	testNames = []string{"Test", "Fuzz", "Benchmark"}
)

// Proofs lists the tests of the sources: every function, and the cases that
// carry an id.
func Proofs(files []File) []Proof {
	var out []Proof
	for _, f := range files {
		if (!f.Test && f.named("testing") == "") || strings.HasPrefix(f.Dir, "internal/archtest") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && slices.ContainsFunc(testNames, func(p string) bool { return strings.HasPrefix(n.Name.Name, p) }) {
					out = append(out, Proof{f.Path, n.Name.Name, ruleID.FindAllString(n.Name.Name, -1)})
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && ruleCase.MatchString(text) {
					out = append(out, Proof{f.Path, text, ruleID.FindAllString(text, -1)})
				}
			}
			return true
		})
	}
	return out
}

// Scripts lists the scripts below dir of the module at root, with the ids that
// their comments carry.
func Scripts(root, dir string) ([]Proof, error) {
	var out []Proof
	err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".txtar" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		p := Proof{Path: filepath.ToSlash(rel)}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "#") {
				p.IDs = append(p.IDs, ruleID.FindAllString(line, -1)...)
			}
		}
		out = append(out, p)
		return nil
	})
	return out, err
}
