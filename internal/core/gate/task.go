package gate

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dc-release/dc-release/internal/core/policy"
)

// Commented records what somebody who is consulted says about an open gate. It
// is no signature, and it stops nothing.
type Commented struct {
	Gate     string `json:"gate"`
	Manifest string `json:"manifest"`
	Text     string `json:"text"`
}

// EventType implements ledger.Payload.
func (Commented) EventType() (string, int) { return "gate.commented", 1 }

// TaskKind is what a person has to do beside signing.
type TaskKind string

// Who is responsible provides what is missing, who is consulted reviews, and who
// is informed, or accountable without a signature of their own, takes notice.
const (
	TaskProvide TaskKind = "provide"
	TaskReview  TaskKind = "review"
	TaskNotice  TaskKind = "notice"
)

// Task is one thing that waits for a person at a gate.
type Task struct {
	Gate string   `json:"gate"`
	Kind TaskKind `json:"kind"`
	Text string   `json:"text"`
}

// Tasks are what waits for a person at the gates of a release by the RACI
// matrix, beside signatures.
func Tasks(s Standing, matrix []policy.Activity, p policy.Subject, solution string) []Task {
	var out []Task
	for _, name := range Names {
		g, known := s.Gates[name]
		if !known {
			continue
		}
		involved := policy.Involved(matrix, name, p, solution)
		for _, activity := range slices.Sorted(maps.Keys(involved)) {
			if kind, text := s.task(name, g, involved[activity], p); kind != "" {
				out = append(out, Task{name, kind, activity + ": " + text})
			}
		}
	}
	return out
}

// task is what an involvement means at a gate as it stands, "" for nothing.
func (s Standing) task(name string, g State, i policy.Involvement, p policy.Subject) (TaskKind, string) {
	switch {
	case i == policy.Responsible && g.Phase == PhaseClosed && len(g.Missing) > 0:
		return TaskProvide, fmt.Sprintf("gate %s waits for %s", name, g.Missing[0])
	case i == policy.Consulted && g.Phase == PhaseOpen && !s.commented(g, p):
		return TaskReview, fmt.Sprintf("gate %s is open: say what you think of manifest %.12s", name, g.Opened.Manifest)
	case (i == policy.Informed || i == policy.Accountable) && g.Phase == PhaseOpen:
		return TaskNotice, fmt.Sprintf("gate %s is %s", name, g.Phase)
	}
	return "", ""
}

func (s Standing) commented(g State, p policy.Subject) bool {
	return slices.ContainsFunc(s.Comments, func(c Comment) bool { return c.Person == p.ID && c.Manifest == g.Opened.Manifest })
}

// MayComment names every reason why the person has nothing to say at the gate.
func MayComment(s Standing, name string, matrix []policy.Activity, p policy.Subject, solution string) []string {
	var out []string
	if g := s.Gate(name); g.Phase != PhaseOpen {
		out = append(out, fmt.Sprintf("gate %s is %s", name, g.Phase))
	}
	if p.Disabled || len(policy.Involved(matrix, name, p, solution)) == 0 {
		out = append(out, fmt.Sprintf("%s has no part in gate %s of %s", p.Login, name, solution))
	}
	return out
}

// Comment is what somebody said about a gate.
type Comment struct {
	Commented
	Person string
	Time   string
}
