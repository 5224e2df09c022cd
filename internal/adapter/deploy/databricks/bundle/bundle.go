// Package bundle reads the configuration of a Databricks bundle (databricks.yml
// and what it includes), resolves it for a target, and checks it for a release.
//
// It is written from the public documentation of bundles and of the Jobs API.
// It asks no workspace and runs nothing: a lookup of an id and code that
// changes the configuration are refused.
package bundle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Place is where a value was written. Line and column count from 1; 0 is a
// value that nobody wrote.
type Place struct {
	File         string // relative to the root of the bundle, with slashes
	Line, Column int
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Severity says whether a finding stops.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// The rules. BND000 is about what can be read, the others about what can be
// released; catalog-shared about two environments: each has data of its own.
const (
	RuleRead        = "BND000" // the configuration can be read and resolved
	RuleTarget      = "BND001" // every environment has its target
	RuleVariable    = "BND002" // every variable has a value
	RuleEnvironment = "BND003" // the name of the environment follows from the target
	RuleDefault     = "BND004" // a forgotten --target deploys to nothing that is shared
	RuleRoot        = "BND005" // the root path does not follow from who deploys
	RuleMode        = "BND006" // a shared environment has mode production
	RuleRunIf       = "BND007" // who depends on a task does not run after its failure
	RuleClient      = "BND008" // environment_version instead of client
	RuleFiles       = "BND009" // what is named as a file is there and uploaded
	RuleBuild       = "BND010" // nothing is built or run at deploy
	RuleSchedule    = "BND011" // what runs by itself does so in production, and there alone
	RuleName        = "BND012" // no two jobs have one name
	RuleShared      = "catalog-shared"
)

// Finding is one thing that is wrong: where, against which rule, and what helps.
type Finding struct {
	Rule     string
	Severity Severity
	Place    Place
	What     string
	Fix      string
}

func (f Finding) String() string {
	text := fmt.Sprintf("%s: %s: %s (%s)", f.Place, f.Severity, f.What, f.Rule)
	if f.Fix != "" {
		text += ": " + f.Fix
	}
	return text
}

// Failed says whether one of the findings is an error.
func Failed(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Error })
}

// findings gathers; each stands once.
type findings []Finding

func (f *findings) add(rule string, s Severity, at Place, fix, format string, args ...any) {
	n := Finding{rule, s, at, fmt.Sprintf(format, args...), fix}
	if !slices.Contains(*f, n) {
		*f = append(*f, n)
	}
}

// refuse is what makes the configuration unreadable.
func (f *findings) refuse(at Place, fix, format string, args ...any) {
	f.add(RuleRead, Error, at, fix, format, args...)
}

func (f *findings) warn(at Place, fix, format string, args ...any) {
	f.add(RuleRead, Warning, at, fix, format, args...)
}

// sorted orders by file, line, column and rule.
func (f findings) sorted() []Finding {
	slices.SortStableFunc(f, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Place.File, b.Place.File), a.Place.Line-b.Place.Line,
			a.Place.Column-b.Place.Column, strings.Compare(a.Rule, b.Rule), strings.Compare(a.What, b.What))
	})
	return f
}
