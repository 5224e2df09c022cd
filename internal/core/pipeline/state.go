package pipeline

import (
	"fmt"
	"iter"
	"maps"
	"strings"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Status is how far a job has come.
type Status string

// A job is Pending until its needs have concluded, Waiting at a gate, Open
// while the jobs of its scope go on.
const (
	Pending Status = "pending"
	Waiting Status = "waiting"
	Open    Status = "open"
	Queued  Status = "queued"
	Running Status = "running"
	Done    Status = "done"
)

// JobState is what has happened to one job.
type JobState struct {
	Name       string
	Status     Status
	Conclusion Conclusion // what needs see
	Outcome    Conclusion // before continue-on-error
	Reason     string
	Inputs     map[string]string // scopes: canonical JSON text of each input
	Outputs    map[string]string
	Execution  string // the latest
	Attempt    int
	Try        int
	Continue   bool // continue-on-error
	Executions []string
}

// State is a run as its events tell it.
type State struct {
	Plan      Plan
	Run       RunStarted
	ID        int64 // seq of run.started, github.run_id
	Version   int64 // of the stream
	Jobs      map[string]JobState
	Cancelled bool
	Finished  bool
	Result    Conclusion
	Artifacts []Artifact // of finished executions, in order
	Kept      *ArtifactKept
}

// NewState is a run before its first event.
func NewState(p Plan) State {
	s := State{Plan: p, Jobs: make(map[string]JobState, len(p.Jobs))}
	for _, j := range p.Jobs {
		s.Jobs[j.Key] = JobState{Status: Pending, Name: j.Body.ID}
	}
	return s
}

// Apply copies the facts of an event; it decides nothing. Events of other
// nouns pass by.
func Apply(s State, e ledger.Event) State {
	s.Version = e.Version
	switch d := e.Data.(type) {
	case *RunStarted:
		s.Run, s.ID = *d, e.Seq
	case *ScopeOpened:
		s = s.with(d.Job, func(j *JobState) { j.Status, j.Name, j.Inputs = Open, d.Name, d.Inputs })
	case *ScopeClosed:
		s = s.with(d.Job, func(j *JobState) { j.conclude(d.Conclusion, ""); j.Outputs = d.Outputs })
	case *JobConcluded:
		s = s.with(d.Job, func(j *JobState) { j.Name = d.Name; j.conclude(d.Conclusion, d.Reason) })
	case *GateAwaited:
		s = s.with(d.Job, func(j *JobState) { j.Status, j.Name = Waiting, d.Name })
	case *ExecutionQueued:
		s = s.with(d.Job, func(j *JobState) {
			j.Status, j.Name, j.Execution, j.Attempt, j.Try, j.Continue = Queued, d.Name, d.Execution, d.Attempt, d.Try, d.ContinueOnError
			j.Executions = append(j.Executions[:len(j.Executions):len(j.Executions)], d.Execution)
		})
	case *ExecutionClaimed:
		s = s.with(JobOf(d.Execution), func(j *JobState) { j.Status = Running })
	case *ExecutionFinished:
		s = s.with(d.Job, func(j *JobState) { j.finish(d) })
		s.Artifacts = append(s.Artifacts[:len(s.Artifacts):len(s.Artifacts)], d.Artifacts...)
	case *ExecutionGivenUp:
		s = s.with(d.Job, func(j *JobState) { j.giveUp(d) })
	case *ArtifactKept:
		s.Kept = d
	case *RunCancelRequested:
		s.Cancelled = true
	case *RunFinished:
		s.Finished, s.Result = true, d.Conclusion
	}
	return s
}

func (s State) with(key string, change func(*JobState)) State {
	j, ok := s.Jobs[key]
	if !ok {
		return s
	}
	change(&j)
	s.Jobs = maps.Clone(s.Jobs)
	s.Jobs[key] = j
	return s
}

func (j *JobState) conclude(c Conclusion, reason string) {
	j.Status, j.Conclusion, j.Outcome, j.Reason = Done, c, c, reason
}

func (j *JobState) finish(d *ExecutionFinished) {
	j.conclude(d.Conclusion, d.Reason)
	j.Outputs = d.Outputs
	if d.Conclusion == Failure && j.Continue {
		j.Conclusion = Success
	}
}

func (j *JobState) giveUp(d *ExecutionGivenUp) {
	if d.Retry {
		j.Status = Pending // a new try follows
		return
	}
	j.conclude(Failure, d.Reason)
}

// ExecutionID names one try of one job.
func ExecutionID(run string, attempt int, job string, try int) string {
	return fmt.Sprintf("%s/%d/%s/%d", run, attempt, job, try)
}

// JobOf is the job key in an execution's id, "" when it is none.
func JobOf(execution string) string {
	parts := strings.Split(execution, "/")
	if len(parts) < 4 {
		return ""
	}
	return strings.Join(parts[2:len(parts)-1], "/")
}

// RunOf is the run in an execution's id.
func RunOf(execution string) string {
	run, _, _ := strings.Cut(execution, "/")
	return run
}

// Job finds a planned job.
func (p Plan) Job(key string) (Job, bool) {
	for _, j := range p.Jobs {
		if j.Key == key {
			return j, true
		}
	}
	return Job{}, false
}

// Children are the jobs directly in a scope, "" for the top.
func (p Plan) Children(scope string) iter.Seq[*Job] {
	return func(yield func(*Job) bool) {
		for i := range p.Jobs {
			if p.Jobs[i].Scope == scope && !yield(&p.Jobs[i]) {
				return
			}
		}
	}
}
