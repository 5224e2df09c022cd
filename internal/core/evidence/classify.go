package evidence

import (
	"fmt"
	"slices"
	"strings"
)

// Proof is one thing that a job may prove, fixed by the plan.
type Proof struct {
	Verification Verification `json:"verification"`
	Environment  string       `json:"environment"` // "" for UT and DT
}

// Origin is where a result file came from; it decides what its cases are.
type Origin struct {
	// Path of the file in the workspace, with slashes.
	Path string `json:"path"`
	// Environment of the job: dev, tst, val, prd, "" for none.
	Environment string `json:"environment"`
	// Configured is the verification of the evidence rule that matched the
	// file, "" when none did.
	Configured Verification `json:"configured,omitempty"`
	// Proves is what the plan lets the job prove.
	Proves []Proof `json:"proves"`
	// ByPerson says that a person recorded the file: only then acceptance
	// counts.
	ByPerson bool `json:"by_person,omitempty"`
}

// Tested is the origin of a file that a tester recorded in an environment: all
// of its cases are of the verification that the tester signed for.
func Tested(path string, v Verification, environment string) Origin {
	return Origin{Path: path, Environment: environment, Configured: v, Proves: []Proof{{Verification: v, Environment: environment}}, ByPerson: true}
}

// Rule names what decided the verification of a case.
type Rule string

// The rules in the order in which they are asked.
const (
	ByConfiguration Rule = "configured"
	ByTag           Rule = "tag or property"
	ByFolder        Rule = "folder"
	ByEnvironment   Rule = "environment"
)

// Classified is a case with its verification and whether it counts.
type Classified struct {
	Case         Case         `json:"case"`
	Verification Verification `json:"verification"`
	Environment  string       `json:"environment"` // "" for UT and DT
	Rule         Rule         `json:"rule"`
	Counted      bool         `json:"counted"`
	Flag         string       `json:"flag,omitempty"` // why it does not count
}

// folders are the usual test folders; verification differs between PRD and
// the other environments.
var folders = []struct {
	name       string
	other, prd Verification
}{
	{"tests/unit", UT, UT},
	{"tests/integration", OV, OV},
	{"tests/verification", OV, POV},
	{"tests/installation", IV, PIV},
	{"tests/acceptance", AV, AV},
}

// Classify gives every case of a report its verification: the configured rule,
// else the case's tag or property, else the test folder, else the environment
// (none is UT, PRD is pOV, the others OV). Cases outside what the job may prove
// are kept and flagged, never counted; acceptance is never counted from a
// machine.
func Classify(r Report, o Origin) []Classified {
	out := make([]Classified, 0, len(r.Cases))
	for _, c := range r.Cases {
		out = append(out, classify(c, o))
	}
	return out
}

func classify(c Case, o Origin) Classified {
	v, rule := verificationOf(c, o)
	k := Classified{Case: c, Verification: v, Environment: o.Environment, Rule: rule}
	if v.BoundToCommit() {
		k.Environment = ""
	}
	k.Flag = refusal(k, o)
	k.Counted = k.Flag == ""
	return k
}

func verificationOf(c Case, o Origin) (Verification, Rule) {
	if o.Configured != "" {
		return o.Configured, ByConfiguration
	}
	if c.Verification != "" {
		return c.Verification, ByTag
	}
	for _, place := range []string{c.File, strings.ReplaceAll(c.Class, ".", "/"), o.Path} {
		if v, ok := byFolder(place, o.Environment); ok {
			return v, ByFolder
		}
	}
	switch o.Environment {
	case "":
		return UT, ByEnvironment
	case "prd":
		return POV, ByEnvironment
	default:
		return OV, ByEnvironment
	}
}

func byFolder(place, environment string) (Verification, bool) {
	place = "/" + strings.ReplaceAll(place, `\`, "/") + "/"
	for _, f := range folders {
		if !strings.Contains(place, "/"+f.name+"/") {
			continue
		}
		if environment == "prd" {
			return f.prd, true
		}
		return f.other, true
	}
	return "", false
}

func refusal(k Classified, o Origin) string {
	if k.Verification.ByPeople() && !o.ByPerson {
		return "acceptance verification is recorded by people and never counted from a machine"
	}
	if slices.Contains(o.Proves, Proof{Verification: k.Verification, Environment: k.Environment}) {
		return ""
	}
	if k.Environment == "" {
		return fmt.Sprintf("the plan does not let this job prove %s", k.Verification)
	}
	return fmt.Sprintf("the plan does not let this job prove %s in %s", k.Verification, k.Environment)
}

// FolderOf is the verification that a path outside of PRD belongs to, "" where
// no folder says.
func FolderOf(path string) Verification {
	v, _ := byFolder(path, "")
	return v
}
