package pipeline

// MatrixOpened starts the legs of a group.
type MatrixOpened struct {
	Job         string      `json:"job"`
	Name        string      `json:"name"`
	Legs        []LegOpened `json:"legs,omitempty"` // of a late group; others are in the plan
	FailFast    bool        `json:"fail_fast"`
	MaxParallel int         `json:"max_parallel"` // 0 is all at once
}

// LegOpened is one combination of a matrix that depended on results.
type LegOpened struct {
	Values   string   `json:"values"` // canonical JSON text
	Segments []string `json:"segments,omitempty"`
}

// JobDecided keeps what a decision about a job was computed from, where that was
// more than its needs.
type JobDecided struct {
	Job       string     `json:"job"`
	Decisions []Decision `json:"decisions"`
}

// Decision is one evaluated key of a workflow file.
type Decision struct {
	Key        string            `json:"key"` // if, runs-on, concurrency, strategy ...
	Expression string            `json:"expression"`
	Result     string            `json:"result"`
	Values     map[string]string `json:"values,omitempty"` // of the contexts that it reads, by reference
}

// JobHeld says that a job that is ready waits: for a concurrency group, or for
// the wait timer of its environment.
type JobHeld struct {
	Job   string `json:"job"`
	Name  string `json:"name"`
	Group string `json:"group"` // "" for a timer
	Until string `json:"until"` // time of the timer, "" for a group
}

// JobCancelRequested asks to stop a job, or all jobs of a call or group.
type JobCancelRequested struct {
	Job    string `json:"job"`
	Reason string `json:"reason"`
}

// RerunRequested begins a new attempt of a run that has finished: the jobs are
// done again, the calls and groups around them go on, all else is carried over.
type RerunRequested struct {
	Run      string   `json:"run"`
	Attempt  int      `json:"attempt"` // of the run, from 2
	Jobs     []string `json:"jobs"`
	Reopened []string `json:"reopened,omitempty"`
}

// GroupJoined puts a holder among those that wait for a concurrency group of a
// solution; who waited before is superseded.
type GroupJoined struct {
	Group      string   `json:"group"`
	Holder     string   `json:"holder"` // RUN, or RUN:JOB-KEY
	Superseded []string `json:"superseded,omitempty"`
	Cancel     bool     `json:"cancel"` // who is in the group is to be cancelled
}

// GroupEntered gives the group to a holder.
type GroupEntered struct {
	Group  string `json:"group"`
	Holder string `json:"holder"`
}

// GroupLeft ends a holder's stay, or its waiting.
type GroupLeft struct {
	Group  string `json:"group"`
	Holder string `json:"holder"`
}
