package pipeline

import "slices"

// Rerun names what a new attempt of a finished run does: all jobs, or with
// failed those that did not succeed and what depends on them. reopened are the
// calls and groups around them that go on with what else they hold.
func (s State) Rerun(failed bool) (jobs, reopened []string) {
	again := map[string]bool{}
	for _, j := range s.Plan.Jobs {
		c := s.Jobs[j.Key].Conclusion
		if !failed || c == Failure || c == Cancelled {
			if !failed || j.IsExecuted() || !s.entered(j) {
				again[j.Key] = true
			}
		}
	}
	return s.closure(again)
}

// RerunJob is Rerun for one job and what depends on it.
func (s State) RerunJob(key string) (jobs, reopened []string) {
	again := map[string]bool{}
	for _, j := range s.Plan.Jobs {
		if within(j.Key, key) {
			again[j.Key] = true
		}
	}
	return s.closure(again)
}

// entered reports whether a call or group was opened: what is within it decides
// what is done again.
func (s State) entered(j Job) bool {
	return slices.ContainsFunc(s.Plan.Jobs, func(c Job) bool {
		return (c.Scope == j.Key || c.Group == j.Key) && s.Jobs[c.Key].Status == Done
	})
}

// closure adds what depends on the jobs: those that need them or a call or group
// around them, with all that is within those.
func (s State) closure(again map[string]bool) (jobs, reopened []string) {
	for grown := true; grown; {
		grown = false
		for _, j := range s.Plan.Jobs {
			if again[j.Key] || !s.depends(j, again) {
				continue
			}
			again[j.Key], grown = true, true
		}
	}
	for _, j := range s.Plan.Jobs {
		switch {
		case again[j.Key]:
			jobs = append(jobs, j.Key)
		case j.IsExecuted():
		case slices.ContainsFunc(s.Plan.Jobs, func(c Job) bool { return again[c.Key] && c.Key != j.Key && within(c.Key, j.Key) }):
			reopened = append(reopened, j.Key)
		}
	}
	return jobs, reopened
}

// depends reports whether a job needs something that is done again, or is within
// something that is.
func (s State) depends(j Job, again map[string]bool) bool {
	if j.Scope != "" && again[j.Scope] || j.Group != "" && again[j.Group] {
		return true
	}
	if j.Group != "" {
		return false // its group's needs are its own
	}
	return slices.ContainsFunc(j.Needs, func(need string) bool {
		for key := range again {
			if within(key, need) {
				return true
			}
		}
		return false
	})
}

// again begins a new attempt.
func (s State) again(d *RerunRequested) State {
	s.Attempt, s.Finished, s.Cancelled, s.Result, s.Held = d.Attempt, false, false, "", nil
	for _, key := range d.Jobs {
		s = s.with(key, func(j *JobState) {
			*j = JobState{Status: Pending, Name: j.Name, Attempt: j.Attempt, Execution: j.Execution, Executions: j.Executions}
		})
	}
	for _, key := range d.Reopened {
		s = s.with(key, func(j *JobState) { j.Status, j.Conclusion, j.Outcome, j.Reason, j.Cancel = Open, "", "", "", "" })
	}
	return s
}
