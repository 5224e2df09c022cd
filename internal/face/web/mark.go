package web

import (
	"cmp"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
)

// mark is a state as people see it: never by its colour alone.
type mark struct {
	Class string // of the style sheet: done, broken, busy, wait, off
	Sign  string // one character
	Text  string
}

// ended is the mark of a conclusion.
func ended(conclusion string) mark {
	switch pipeline.Conclusion(conclusion) {
	case pipeline.Success:
		return mark{"done", "✓", "succeeded"}
	case pipeline.Skipped:
		return mark{"off", "–", "skipped"}
	case pipeline.Cancelled:
		return mark{"off", "■", "cancelled"}
	}
	return mark{"broken", "✕", "failed"}
}

// markOf is the mark of a job.
func markOf(j inspect.Job) mark {
	switch pipeline.Status(j.Status) {
	case pipeline.Done:
		return ended(j.Conclusion)
	case pipeline.Running:
		if j.Silent {
			return mark{"broken", "?", "its worker is silent"}
		}
		m := mark{"busy", "●", "runs"}
		if j.Step != nil {
			m.Text = j.Step.Name
		}
		return m
	case pipeline.Queued:
		return mark{"busy", "…", "waits for a worker"}
	case pipeline.Open:
		return mark{"busy", "●", "is under way"}
	case pipeline.Held, pipeline.Waiting:
		return mark{"wait", "◇", cmp.Or(j.Reason, "waits to be let in")}
	}
	return mark{"off", "○", "not yet"}
}

// markOfRun is the mark of a run that has the conclusion, "" while it runs.
func markOfRun(conclusion string) mark {
	if conclusion == "" {
		return mark{"busy", "●", "runs"}
	}
	return ended(conclusion)
}

// markOfGate is the mark of a gate.
func markOfGate(phase string) mark {
	switch gate.Phase(phase) {
	case gate.PhaseOpen:
		return mark{"wait", "◇", "waits for signatures"}
	case gate.PhaseConsumed:
		return mark{"done", "✓", "passed"}
	case gate.PhaseRejected:
		return mark{"broken", "✕", "rejected"}
	}
	return mark{"off", "○", "closed"}
}

// markOfRelease is the mark of a release.
func markOfRelease(state string) mark {
	switch release.State(state) {
	case release.Effective:
		return mark{"done", "✓", state}
	case release.StateRejected:
		return mark{"broken", "✕", state}
	case release.StateSuperseded:
		return mark{"off", "–", state}
	}
	return mark{"busy", "●", state}
}
