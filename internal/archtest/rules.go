package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// Rule is one rule with its name.
type Rule struct {
	Name  string
	Check func([]File) []Breach
}

// Rules is the list. To add one: its function in a file of its noun, a line
// here, a seeded breach in rules_test.go.
var Rules = []Rule{
	{"imports", each(imports)},
	{"clock", each(timeless)},
	{"budget", each(budget)},
	{"init", each(noInit)},
	{"skip", each(countedSkip)},
	{"sleep", each(noSleep)},
	{"name", each(packageName)},
	{"comment", packageComment},
	{"signature", each(onlySignMakes)},
	{"enter", oneCall("internal/core/gate", "MayEnter", "internal/app/enter")},
}

// Check applies every rule.
func Check(files []File) []Breach {
	var out []Breach
	for _, r := range Rules {
		out = append(out, r.Check(files)...)
	}
	return out
}

func each(check func(File) []Breach) func([]File) []Breach {
	return func(files []File) []Breach {
		var out []Breach
		for _, f := range files {
			out = append(out, check(f)...)
		}
		return out
	}
}

// noInit refuses registration behind the reader's back: catalogs are lists.
func noInit(f File) []Breach {
	var out []Breach
	for _, d := range f.syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			out = append(out, f.breach("init", fn.Pos(), "func init: write an explicit list instead"))
		}
	}
	return out
}

// skipHelper is the one place that may skip: it counts, and it fails under
// DC_RELEASE_TEST_REQUIRE=all.
const skipHelper = "internal/archtest/need"

// countedSkip finds what skips a test by itself: the name of the testing
// handle is not known from syntax, so the three method names are enough.
func countedSkip(f File) []Breach {
	if f.Dir == skipHelper || excepted("skip", f.Path, "") || (!f.Test && f.named("testing") == "") {
		return nil
	}
	var out []Breach
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if s, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name) {
			out = append(out, f.breach("skip", call.Pos(), "%s: use %s, which counts what is left out", s.Sel.Name, skipHelper))
		}
		return true
	})
	return out
}

// noSleep refuses waiting for a guessed time in tests, and in what is written
// for tests.
func noSleep(f File) []Breach {
	if excepted("sleep", f.Path, "") || (!f.Test && f.named("testing") == "") {
		return nil
	}
	var out []Breach
	for _, s := range f.selects("time", "Sleep") {
		out = append(out, f.breach("sleep", s.Pos(), "time.Sleep in a test: wait for what is meant"))
	}
	return out
}

var forbiddenNames = []string{"utils", "util", "common", "helpers", "helper", "manager", "types", "shared", "misc", "base"}

func packageName(f File) []Breach {
	name := strings.TrimSuffix(f.syntax.Name.Name, "_test")
	if !slices.Contains(forbiddenNames, name) {
		return nil
	}
	return []Breach{f.breach("name", f.syntax.Name.Pos(), "package %s says nothing: name it after what it holds", name)}
}

// packageComment asks for one in each package.
func packageComment(files []File) []Breach {
	first := map[string]File{}
	documented := map[string]bool{}
	for _, f := range files {
		if f.Test {
			continue
		}
		if _, ok := first[f.Dir]; !ok {
			first[f.Dir] = f
		}
		if f.syntax.Doc != nil {
			documented[f.Dir] = true
		}
	}
	var out []Breach
	for dir, f := range first {
		if !documented[dir] {
			out = append(out, f.breach("comment", f.syntax.Package, "package %s has no package comment", f.syntax.Name.Name))
		}
	}
	return out
}

// onlySignMakes keeps signatures in the ceremony: nobody else builds the
// event. Tests and the worlds that tests are built from forge them on purpose;
// the list of all events names the type.
func onlySignMakes(f File) []Breach {
	if f.Test || f.Dir == "internal/app/sign" || strings.HasSuffix(f.Dir, "test") || f.Path == "internal/core/event/event.go" {
		return nil
	}
	pkg := f.named(Module + "internal/core/signature")
	if f.Dir == "internal/core/signature" {
		pkg = "."
	}
	if pkg == "" {
		return nil
	}
	var out []Breach
	found := func(at token.Pos) {
		out = append(out, f.breach("signature", at, "constructs signature.Made: only internal/app/sign does"))
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if isType(n.Type, pkg, "Made") || (implicit(n) && isType(element(n.Type), pkg, "Made")) {
				found(n.Pos())
			}
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && fn.Name == "new" && len(n.Args) == 1 && isType(n.Args[0], pkg, "Made") {
				found(n.Pos())
			}
		case *ast.ValueSpec:
			if isType(n.Type, pkg, "Made") {
				found(n.Pos())
			}
		}
		return true
	})
	return out
}

// implicit reports whether a literal's elements leave their type out.
func implicit(c *ast.CompositeLit) bool {
	return slices.ContainsFunc(c.Elts, func(e ast.Expr) bool {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		inner, ok := e.(*ast.CompositeLit)
		return ok && inner.Type == nil
	})
}

// element is the type of what a list or map type holds, without its star.
func element(e ast.Expr) ast.Expr {
	switch t := e.(type) {
	case *ast.ArrayType:
		e = t.Elt
	case *ast.MapType:
		e = t.Value
	}
	if star, ok := e.(*ast.StarExpr); ok {
		return star.X
	}
	return e
}

func isType(e ast.Expr, pkg, name string) bool {
	if id, ok := e.(*ast.Ident); ok {
		return pkg == "." && id.Name == name
	}
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg && s.Sel.Name == name
}

// oneCall asks that a function is named in exactly one place outside of its
// package and of tests, and that this place is in dir.
func oneCall(pkg, name, dir string) func([]File) []Breach {
	return func(files []File) []Breach {
		var out []Breach
		count := 0
		for _, f := range files {
			if f.Test {
				continue
			}
			for _, s := range f.selects(Module+pkg, name) {
				count++
				if f.Dir != dir {
					out = append(out, f.breach("enter", s.Pos(), "%s is called by %s only", name, dir))
				}
			}
		}
		if count != 1 {
			out = append(out, Breach{Rule: "enter", Path: dir, Message: name + " must be called in exactly one place"})
		}
		return out
	}
}
