package archtest

import "go/ast"

// The budgets: who needs more room has two things in one place.
const (
	MaxFile     = 500 // lines
	MaxFunction = 60  // lines, tests excluded: their tables are data
)

// Exception lets one place break one rule, for a reason.
type Exception struct {
	Rule, Path, Function string
	Reason               string
}

// Exceptions is the whole list; a line that nothing needs any more fails.
var Exceptions = []Exception{
	{"skip", "acceptance/main_test.go", "", "names each missing program when all scripts are done, and follows the same variable"},
	{"sleep", "internal/adapter/sandbox/hostile_test.go", "", "asks /proc whether foreign processes are gone; the kernel gives no event for a process that is not a child"},
}

func excepted(rule, path, function string) bool {
	for _, e := range Exceptions {
		if e.Rule == rule && e.Path == path && e.Function == function {
			return true
		}
	}
	return false
}

func budget(f File) []Breach {
	if f.Generated {
		return nil
	}
	var out []Breach
	if f.Lines > MaxFile && !excepted("budget", f.Path, "") {
		out = append(out, f.breach("budget", f.syntax.Package, "%d lines in a file: want at most %d", f.Lines, MaxFile))
	}
	if f.Test {
		return out
	}
	for _, d := range f.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		lines := f.places.Position(fn.End()).Line - f.places.Position(fn.Pos()).Line + 1
		if lines > MaxFunction && !excepted("budget", f.Path, fn.Name.Name) {
			out = append(out, f.breach("budget", fn.Pos(), "%d lines in %s: want at most %d", lines, fn.Name.Name, MaxFunction))
		}
	}
	return out
}
