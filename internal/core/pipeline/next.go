package pipeline

import (
	"slices"
	"strings"
)

// Command is one thing that has to happen next.
type Command interface{ command() }

// OpenScope starts a call; its jobs become ready.
type OpenScope struct {
	Job, Name string
	Inputs    map[string]string
}

// CloseScope ends a call with the aggregate of its jobs.
type CloseScope struct {
	Job        string
	Conclusion Conclusion
	Outputs    map[string]string
}

// Conclude ends a job that is not executed.
type Conclude struct {
	Job, Name  string
	Conclusion Conclusion
	Reason     string
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

// Finish ends the run.
type Finish struct{ Conclusion Conclusion }

func (OpenScope) command()  {}
func (CloseScope) command() {}
func (Conclude) command()   {}
func (Await) command()      {}
func (Queue) command()      {}
func (Finish) command()     {}

// GateState is what a run is told of a gate.
type GateState struct {
	Satisfied bool // its job may be released now
	Rejected  bool
	Absent    bool   // this run can have no such gate: it is for no release
	Reason    string // of a rejection or absence
}

// Entry is the answer of gate.MayEnter for a place.
type Entry struct {
	Allowed bool
	Reason  string
}

// Outside is everything that a run's next step depends on besides its own
// events.
type Outside struct {
	Vars  map[string]string
	Gates map[string]GateState
	Entry map[string]Entry // by place; a place that is not in it may be entered
}

// Next decides what has to happen in a run now. It returns nothing while the
// run waits for a worker or a person. Applying the events of its commands and
// asking again reaches a state without commands.
func Next(s State, o Outside) []Command {
	if s.Finished || s.ID == 0 {
		return nil
	}
	var out []Command
	for _, j := range s.Plan.Jobs {
		if j.Scope != "" && s.Jobs[j.Scope].Status != Open {
			continue
		}
		if c := s.nextOf(j, o); c != nil {
			out = append(out, c)
		}
	}
	if len(out) > 0 {
		return out
	}
	if s.allDone("") {
		return []Command{Finish{Conclusion: s.aggregate("")}}
	}
	return nil
}

func (s State) nextOf(j Job, o Outside) Command {
	switch st := s.Jobs[j.Key]; st.Status {
	case Pending:
		if s.needsDone(j) {
			return s.begin(j, o)
		}
	case Waiting:
		return s.atGate(j, st.Name, o)
	case Open:
		if s.allDone(j.Key) {
			return s.closeScope(j, o)
		}
	}
	return nil
}

// begin decides what becomes of a job whose needs have concluded.
func (s State) begin(j Job, o Outside) Command {
	name := s.name(j, o)
	if s.Jobs[j.Key].Try > 0 { // given up by its worker, to be tried again
		return s.queue(j, name, "", o)
	}
	run, reason, err := s.condition(j, o)
	if err != nil {
		return Conclude{Job: j.Key, Name: name, Conclusion: Failure, Reason: err.Error()}
	}
	if !run {
		return Conclude{Job: j.Key, Name: name, Conclusion: s.notRun(), Reason: reason}
	}
	if j.IsCall() {
		inputs, err := s.inputs(j, o)
		if err != nil {
			return Conclude{Job: j.Key, Name: name, Conclusion: Failure, Reason: err.Error()}
		}
		return OpenScope{Job: j.Key, Name: name, Inputs: inputs}
	}
	switch j.Kind {
	case Gate:
		if g := o.Gates[j.Environment]; g.Absent {
			return Conclude{Job: j.Key, Name: name, Conclusion: Skipped, Reason: g.Reason}
		}
		return Await{Job: j.Key, Name: name, Gate: j.Environment}
	case Place:
		if e, ok := o.Entry[j.Environment]; ok && !e.Allowed {
			return Conclude{Job: j.Key, Name: name, Conclusion: Failure, Reason: e.Reason}
		}
	}
	return s.queue(j, name, "", o)
}

// notRun is how a job ends that its condition kept from running.
func (s State) notRun() Conclusion {
	if s.Cancelled {
		return Cancelled
	}
	return Skipped
}

func (s State) atGate(j Job, name string, o Outside) Command {
	g := o.Gates[j.Environment]
	switch {
	case s.Cancelled:
		return Conclude{Job: j.Key, Name: name, Conclusion: Cancelled, Reason: "the run was cancelled while it waited for gate " + j.Environment}
	case g.Rejected:
		return Conclude{Job: j.Key, Name: name, Conclusion: Failure, Reason: g.Reason}
	case g.Satisfied:
		return s.queue(j, name, j.Environment, o)
	}
	return nil
}

func (s State) queue(j Job, name, gate string, o Outside) Command {
	labels, err := s.labels(j, o)
	if err != nil {
		return Conclude{Job: j.Key, Name: name, Conclusion: Failure, Reason: err.Error()}
	}
	keep, err := s.continues(j, o)
	if err != nil {
		return Conclude{Job: j.Key, Name: name, Conclusion: Failure, Reason: err.Error()}
	}
	q := Queue{Job: j.Key, Name: name, Gate: gate, Pool: s.pool(j), Labels: labels, Attempt: 1, Try: s.Jobs[j.Key].Try + 1, ContinueOnError: keep}
	if j.Kind == Place {
		q.Environment = j.Environment
	}
	return q
}

// pool says which workers may take a job: what a pull request brings never
// runs where releases run.
func (s State) pool(j Job) string {
	switch {
	case s.Plan.Trigger.Name == "pull_request":
		return "untrusted"
	case j.Kind == Place:
		return "deploy"
	default:
		return "build"
	}
}

func (s State) closeScope(j Job, o Outside) Command {
	outputs, err := s.scopeOutputs(j, o)
	if err != nil {
		return CloseScope{Job: j.Key, Conclusion: Failure}
	}
	return CloseScope{Job: j.Key, Conclusion: s.aggregate(j.Key), Outputs: outputs}
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

// aggregate is the conclusion of a scope's jobs together: a failure beats a
// cancellation, which beats success; all skipped is skipped.
func (s State) aggregate(scope string) Conclusion {
	out := Skipped
	for j := range s.Plan.Children(scope) {
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

// lastPart is the id of a job within its scope.
func lastPart(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }
