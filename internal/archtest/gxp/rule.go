// Package gxp lists the rules of regulated computerised systems that this
// program is designed against, each with what the framework does about it and
// what is still missing. Which tests show it is found in the sources: a test
// carries the id of its rule in its name.
package gxp

// Rule is one duty of the checklist, or one attack or fault that has to be
// withstood.
type Rule struct {
	ID     string // GXP014, Attack30: what tests carry in their names
	Clause string // where the duty comes from; "" of an attack
	Must   string // one sentence, without full stop
	// By names tests that show it under a name of their own: "path" of a script,
	// "path TestName" of a function.
	By []string
	// Waits is what the rest of it waits for, "" when all of it is shown.
	Waits Part
	// Shown is what of a waiting rule is shown already, "" for nothing.
	Shown string
	// Some are the tests that carry the id of a waiting rule and show only this
	// much of it.
	Some []string
}

// Part is what a rule waits for.
type Part string

// The parts, and what no program does.
const (
	PostgreSQL     Part = "PostgreSQL"
	GitHub         Part = "GitHub"
	RemoteWorkers  Part = "remote workers"
	Documents      Part = "documents"
	Deployment     Part = "deployment"
	Backup         Part = "backup"
	Risk           Part = "risk assessment"
	PeriodicReview Part = "periodic review"
	NotBySoftware  Part = "not by software"
	NotTested      Part = "a test of its own"
)

// Parts is the closed list.
var Parts = []Part{PostgreSQL, GitHub, RemoteWorkers, Documents, Deployment, Backup, Risk, PeriodicReview, NotBySoftware, NotTested}

// All are the rules in the order of their ids.
func All() []Rule { return append(append([]Rule{}, Checklist...), Attacks...) }
