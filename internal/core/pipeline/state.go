package pipeline

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Status is how far a job has come.
type Status string

// A job is Pending until its needs have concluded, Held while it waits for a
// concurrency group or a timer, Waiting at a gate, Open while the jobs of its
// scope or its legs go on.
const (
	Pending Status = "pending"
	Held    Status = "held"
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
	Held       []string  // concurrency groups that it has waited for
	Until      time.Time // end of the wait timer
	Cancel     string    // why it is to stop, "" for no reason to
	Despite    bool      // it began although it was to stop: its condition says so
	FailFast   bool      // groups
	Parallel   int       // groups: legs at once, 0 for all
}

// Uploaded is an artifact and the execution that left it.
type Uploaded struct {
	Artifact
	Execution string
}

// State is a run as its events tell it.
type State struct {
	Plan      Plan
	Run       RunStarted
	ID        int64 // seq of run.started, github.run_id
	Version   int64 // of the stream
	Attempt   int   // of the run, from 1
	Jobs      map[string]JobState
	Held      []string // concurrency groups that the run has waited for
	Cancelled bool
	Finished  bool
	Result    Conclusion
	Artifacts []Uploaded // of finished executions, in order
	Kept      *ArtifactKept
}

// NewState is a run before its first event.
func NewState(p Plan) State {
	s := State{Plan: p, Attempt: 1, Jobs: make(map[string]JobState, len(p.Jobs))}
	for _, j := range p.Jobs {
		s.Jobs[j.Key] = fresh(j)
	}
	return s
}

func fresh(j Job) JobState { return JobState{Status: Pending, Name: j.Body.ID} }

// Apply copies the facts of an event; it decides nothing. Events of other
// nouns pass by.
func Apply(s State, e ledger.Event) State {
	s.Version = e.Version
	if key := begun(e.Data); key != "" {
		despite := s.Stopping(key)
		s = s.with(key, func(j *JobState) { j.Despite = j.Despite || despite })
	}
	switch d := e.Data.(type) {
	case *RunStarted:
		s.Run, s.ID = *d, e.Seq
	case *ScopeOpened:
		s = s.with(d.Job, func(j *JobState) { j.Status, j.Name, j.Inputs = Open, d.Name, d.Inputs })
	case *ScopeClosed:
		s = s.with(d.Job, func(j *JobState) { j.conclude(d.Conclusion, ""); j.Outputs = d.Outputs })
		s = s.passOn(d.Job, d.Outputs)
	case *MatrixOpened:
		s = s.opened(d)
	case *JobHeld:
		s = s.held(d)
	case *JobCancelRequested:
		s = s.with(d.Job, func(j *JobState) { j.Cancel = d.Reason })
	case *RerunRequested:
		s = s.again(d)
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
		s = s.passOn(d.Job, d.Outputs)
		s.Artifacts = slices.Clip(s.Artifacts)
		for _, a := range d.Artifacts {
			s.Artifacts = append(s.Artifacts, Uploaded{Artifact: a, Execution: d.Execution})
		}
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

// opened makes the legs of a late group and starts those of any.
func (s State) opened(d *MatrixOpened) State {
	if len(d.Legs) > 0 {
		legs := make([]workflow.Leg, len(d.Legs))
		for i, l := range d.Legs {
			legs[i].Segments = l.Segments
			_ = json.Unmarshal([]byte(l.Values), &legs[i].Values) // it was written by this program
		}
		s.Plan = s.Plan.Opened(d.Job, legs)
		jobs := make(map[string]JobState, len(s.Plan.Jobs))
		for _, j := range s.Plan.Jobs {
			if jobs[j.Key] = fresh(j); !strings.HasPrefix(j.Key, d.Job+"#") {
				jobs[j.Key] = s.Jobs[j.Key]
			}
		}
		s.Jobs = jobs
	}
	return s.with(d.Job, func(j *JobState) {
		j.Status, j.Name, j.FailFast, j.Parallel, j.Outputs = Open, d.Name, d.FailFast, d.MaxParallel, nil
	})
}

// held lets a job wait, or the whole run where there is no job.
func (s State) held(d *JobHeld) State {
	if d.Job == "" {
		s.Held = append(s.Held[:len(s.Held):len(s.Held)], d.Group)
		return s
	}
	return s.with(d.Job, func(j *JobState) {
		j.Status, j.Name = Held, d.Name
		if d.Group != "" {
			j.Held = append(j.Held[:len(j.Held):len(j.Held)], d.Group)
		}
		if until, err := ledger.ParseTime(d.Until); err == nil {
			j.Until = until
		}
	})
}

// passOn gives the outputs of a leg to its group: of several legs the last one
// that sets an output wins, as on GitHub.
func (s State) passOn(key string, outputs map[string]string) State {
	j, ok := s.Plan.Job(key)
	if !ok || j.Group == "" {
		return s
	}
	return s.with(j.Group, func(g *JobState) {
		g.Outputs = maps.Clone(g.Outputs)
		for name, value := range outputs {
			if g.Outputs == nil {
				g.Outputs = map[string]string{}
			}
			if value != "" {
				g.Outputs[name] = value
			}
		}
	})
}

// begun is the job that an event lets begin, "" for none.
func begun(p ledger.Payload) string {
	switch d := p.(type) {
	case *ExecutionQueued:
		return d.Job
	case *ScopeOpened:
		return d.Job
	case *MatrixOpened:
		return d.Job
	case *JobHeld:
		return d.Job
	case *GateAwaited:
		return d.Job
	}
	return ""
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

// AttemptOf is the attempt in an execution's id, 0 when it is none.
func AttemptOf(execution string) int {
	_, rest, _ := strings.Cut(execution, "/")
	attempt, _, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(attempt)
	if err != nil {
		return 0
	}
	return n
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

// Children are the jobs directly in a scope, "" for the top; legs stand behind
// their group.
func (p Plan) Children(scope string) iter.Seq[*Job] {
	return func(yield func(*Job) bool) {
		for i := range p.Jobs {
			if p.Jobs[i].Scope == scope && p.Jobs[i].Group == "" && !yield(&p.Jobs[i]) {
				return
			}
		}
	}
}

// lastPart is the id of a job within its scope.
func lastPart(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }
