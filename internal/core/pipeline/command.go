package pipeline

import (
	"time"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Command is one thing that has to happen next.
type Command interface{ command() }

// OpenScope starts a call; its jobs become ready.
type OpenScope struct {
	Job, Name string
	Inputs    map[string]string
}

// CloseScope ends a call or group with the aggregate of its jobs.
type CloseScope struct {
	Job        string
	Conclusion Conclusion
	Outputs    map[string]string
}

// OpenMatrix starts the legs of a group. Legs are those of a late one.
type OpenMatrix struct {
	Job, Name   string
	Legs        []workflow.Leg
	FailFast    bool
	MaxParallel int
}

// Conclude ends a job that is not executed.
type Conclude struct {
	Job, Name  string
	Conclusion Conclusion
	Reason     string
}

// Decide keeps what decisions about a job were computed from.
type Decide struct {
	Job       string
	Decisions []Decision
}

// Hold lets a job, or the run where Job is "", wait for a group or a timer.
type Hold struct {
	Job, Name, Group string
	Until            time.Time
}

// Await lets a job wait for its gate.
type Await struct{ Job, Name, Gate string }

// Queue makes a job claimable. Gate is consumed with it, "" for none.
type Queue struct {
	Job, Name, Environment, Gate string
	Pool                         string
	Labels                       []string
	Attempt, Try                 int
	ContinueOnError              bool
}

// Unqueue ends an execution that no worker has taken.
type Unqueue struct{ Job, Execution, Reason string }

// CancelJob asks a job, or all jobs of a call or group, to stop; the whole run
// where Job is "".
type CancelJob struct{ Job, Reason string }

// JoinGroup puts a holder among those that wait for a concurrency group.
type JoinGroup struct {
	Group, Holder string
	Superseded    []string
	Cancel        bool
}

// EnterGroup gives a concurrency group to a holder.
type EnterGroup struct{ Group, Holder string }

// LeaveGroup ends a holder's stay or waiting.
type LeaveGroup struct{ Group, Holder string }

// Finish ends the run.
type Finish struct{ Conclusion Conclusion }

func (OpenScope) command()  {}
func (CloseScope) command() {}
func (OpenMatrix) command() {}
func (Conclude) command()   {}
func (Decide) command()     {}
func (Hold) command()       {}
func (Await) command()      {}
func (Queue) command()      {}
func (Unqueue) command()    {}
func (CancelJob) command()  {}
func (JoinGroup) command()  {}
func (EnterGroup) command() {}
func (LeaveGroup) command() {}
func (Finish) command()     {}

// GateState is what a run is told of a gate.
type GateState struct {
	Satisfied bool // its job may be released now
	Rejected  bool
	Absent    bool   // this run can have no such gate: it is for no release
	Reason    string // of a rejection or absence
}

// Entry is the answer of gate.MayEnter and the environment's protection for a
// place.
type Entry struct {
	Allowed bool
	Reason  string
	Wait    time.Duration // of the place's wait timer, from when a job is ready
}

// Outside is everything that a run's next step depends on besides its own
// events.
type Outside struct {
	Now    time.Time
	Vars   map[string]string
	Gates  map[string]GateState
	Entry  map[string]Entry // by place; a place that is not in it may be entered
	Groups Groups           // concurrency groups of the solution
}
