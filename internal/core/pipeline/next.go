package pipeline

import (
	"fmt"
	"slices"
	"time"
)

// Next decides what has to happen in a run now. It returns nothing while the
// run waits for a worker, a person or a time. Applying the events of its
// commands and asking again reaches a state without commands.
func Next(s State, o Outside) []Command {
	if s.Finished || s.ID == 0 {
		return nil
	}
	out := s.leave(o)
	o.Groups = o.Groups.after(out)
	entered, commands := s.enterRun(o)
	if out = append(out, commands...); !entered || len(commands) > 0 {
		return out
	}
	for _, j := range s.Plan.Jobs {
		if j.Scope != "" && s.Jobs[j.Scope].Status != Open || j.Group != "" {
			continue
		}
		commands := s.nextOf(j, o)
		o.Groups = o.Groups.after(commands)
		out = append(out, commands...)
	}
	if cancel := cancellations(out); len(cancel) > 0 {
		return cancel
	}
	if len(out) > 0 {
		return together(out)
	}
	if s.allDone("") {
		return append(s.leaveAll(o), Finish{Conclusion: s.aggregate("")})
	}
	return nil
}

// cancellations are the commands that let something stop: they come before what
// else would begin at the same time.
func cancellations(commands []Command) []Command {
	var out []Command
	for _, c := range commands {
		if _, ok := c.(CancelJob); ok {
			out = append(out, c)
		}
	}
	return out
}

// together makes one of the decisions of a job that follow one another.
func together(commands []Command) []Command {
	var out []Command
	at := map[string]int{}
	for _, c := range commands {
		d, ok := c.(Decide)
		if !ok {
			out = append(out, c)
			continue
		}
		if i, seen := at[d.Job]; seen {
			first := out[i].(Decide)
			first.Decisions = append(first.Decisions[:len(first.Decisions):len(first.Decisions)], d.Decisions...)
			out[i] = first
			continue
		}
		at[d.Job] = len(out)
		out = append(out, c)
	}
	return out
}

// Due is the earliest time at which a run moves by itself, zero for none.
func (s State) Due() time.Time {
	var due time.Time
	for _, st := range s.Jobs {
		if st.Status == Held && !st.Until.IsZero() && (due.IsZero() || st.Until.Before(due)) {
			due = st.Until
		}
	}
	return due
}

func (s State) nextOf(j Job, o Outside) []Command {
	st := s.Jobs[j.Key]
	if c := s.stop(j, st, o); c != nil {
		return c
	}
	switch st.Status {
	case Pending:
		if s.needsDone(j) {
			return s.begin(j, o)
		}
	case Held:
		return s.start(j, st.Name, o)
	case Waiting:
		return s.atGate(j, st.Name, o)
	case Open:
		if j.IsGroup() {
			return s.nextOfLegs(j, o)
		}
		if s.allDone(j.Key) {
			return []Command{s.closeScope(j, o)}
		}
	}
	return nil
}

// nextOfLegs moves the legs of a group that is open, as many at once as it
// allows, and closes it behind the last one.
func (s State) nextOfLegs(g Job, o Outside) []Command {
	legs, st := s.Plan.Legs(g.Key), s.Jobs[g.Key]
	if failed := s.failedLeg(legs); failed != "" && st.FailFast && st.Cancel == "" && !s.done(legs) {
		return []Command{CancelJob{Job: g.Key, Reason: fmt.Sprintf("%s failed, and the strategy is to fail fast", failed)}}
	}
	if s.done(legs) {
		return []Command{CloseScope{Job: g.Key, Conclusion: s.conclude(legs), Outputs: st.Outputs}}
	}
	room := len(legs)
	if st.Parallel > 0 {
		room = st.Parallel
	}
	for _, l := range legs {
		if status := s.Jobs[l.Key].Status; status != Pending && status != Done {
			room--
		}
	}
	var out []Command
	for _, l := range legs {
		if s.Jobs[l.Key].Status == Pending {
			if room--; room < 0 && s.cancelReason(l) == "" {
				continue
			}
		}
		commands := s.nextOf(l, o)
		o.Groups = o.Groups.after(commands)
		out = append(out, commands...)
	}
	return out
}

// failedLeg is the first leg that failed for good.
func (s State) failedLeg(legs []Job) string {
	for _, l := range legs {
		if s.Jobs[l.Key].Conclusion == Failure {
			return l.Key
		}
	}
	return ""
}

func (s State) done(jobs []Job) bool {
	return !slices.ContainsFunc(jobs, func(j Job) bool { return s.Jobs[j.Key].Status != Done })
}

// stop ends what waits in a job that is to be cancelled; a job that runs is told
// by its worker's next renewal.
func (s State) stop(j Job, st JobState, o Outside) []Command {
	if c := s.superseded(j, st, o); c != nil {
		return c
	}
	reason := s.cancelReason(j)
	if reason == "" {
		return nil
	}
	switch st.Status {
	case Queued:
		return []Command{Unqueue{Job: j.Key, Execution: st.Execution, Reason: reason}}
	case Held, Waiting:
		return []Command{Conclude{Job: j.Key, Name: st.Name, Conclusion: Cancelled, Reason: reason}}
	}
	return nil
}

// cancelReason says why a job is to stop: by itself, or because of a call or
// group around it or the run. What began in spite of that goes on.
func (s State) cancelReason(j Job) string {
	st := s.Jobs[j.Key]
	switch {
	case st.Despite:
		return ""
	case st.Cancel != "":
		return st.Cancel
	}
	for _, above := range []string{j.Group, j.Scope} {
		if above == "" {
			continue
		}
		if outer, ok := s.Plan.Job(above); ok {
			return s.cancelReason(outer) // which looks further up
		}
	}
	if s.Cancelled {
		return "the run was cancelled"
	}
	return ""
}

// Stopping reports whether a job is to be cancelled.
func (s State) Stopping(key string) bool {
	j, ok := s.Plan.Job(key)
	return ok && s.cancelReason(j) != ""
}

func (s State) needsDone(j Job) bool {
	return !slices.ContainsFunc(j.Needs, func(key string) bool { return s.Jobs[key].Status != Done })
}

// allDone reports whether every job of a scope has concluded.
func (s State) allDone(scope string) bool {
	for j := range s.Plan.Children(scope) {
		if s.Jobs[j.Key].Status != Done {
			return false
		}
	}
	return true
}

// aggregate is the conclusion of a scope's jobs together.
func (s State) aggregate(scope string) Conclusion {
	var jobs []Job
	for j := range s.Plan.Children(scope) {
		jobs = append(jobs, *j)
	}
	return s.conclude(jobs)
}

// conclude is the conclusion of jobs together: a failure beats a cancellation,
// which beats success; all skipped is skipped.
func (s State) conclude(jobs []Job) Conclusion {
	out := Skipped
	for _, j := range jobs {
		switch s.Jobs[j.Key].Conclusion {
		case Failure:
			return Failure
		case Cancelled:
			out = Cancelled
		case Success:
			if out == Skipped {
				out = Success
			}
		}
	}
	return out
}

// ancestors are all jobs that must have concluded before j, in its scope.
func (s State) ancestors(j Job) []string {
	seen := map[string]bool{}
	var out []string
	var walk func(Job)
	walk = func(j Job) {
		for _, key := range j.Needs {
			if seen[key] {
				continue
			}
			seen[key] = true
			out = append(out, key)
			if need, ok := s.Plan.Job(key); ok {
				walk(need)
			}
		}
	}
	walk(j)
	return out
}
