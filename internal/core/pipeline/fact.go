package pipeline

import (
	"encoding/json"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Fact is the event that says that a command was carried out. Those about
// concurrency groups belong to the solution's concurrency stream, all others to
// the run's.
func Fact(run RunStarted, c Command) (ledger.Payload, error) {
	switch c := c.(type) {
	case OpenScope:
		return &ScopeOpened{Job: c.Job, Name: Short(c.Name), Inputs: c.Inputs}, nil
	case CloseScope:
		return &ScopeClosed{Job: c.Job, Conclusion: c.Conclusion, Outputs: c.Outputs}, nil
	case OpenMatrix:
		return matrixOpened(c)
	case Conclude:
		return &JobConcluded{Job: c.Job, Name: Short(c.Name), Conclusion: c.Conclusion, Reason: Short(c.Reason)}, nil
	case Decide:
		return &JobDecided{Job: c.Job, Decisions: c.Decisions}, nil
	case Hold:
		held := &JobHeld{Job: c.Job, Name: Short(c.Name), Group: c.Group}
		if !c.Until.IsZero() {
			held.Until = ledger.FormatTime(c.Until)
		}
		return held, nil
	case Await:
		return &GateAwaited{Job: c.Job, Name: Short(c.Name), Gate: c.Gate}, nil
	case Queue:
		return &ExecutionQueued{
			Execution: ExecutionID(run.Run, c.Attempt, c.Job, c.Try), Run: run.Run, Solution: run.Solution,
			Job: c.Job, Name: Short(c.Name), Attempt: c.Attempt, Try: c.Try, Environment: c.Environment, Gate: c.Gate,
			Pool: c.Pool, Labels: c.Labels, ContinueOnError: c.ContinueOnError,
		}, nil
	case Unqueue:
		return &ExecutionFinished{Execution: c.Execution, Job: c.Job, Conclusion: Cancelled, Reason: Short(c.Reason)}, nil
	case CancelJob:
		if c.Job == "" {
			return &RunCancelRequested{Run: run.Run}, nil
		}
		return &JobCancelRequested{Job: c.Job, Reason: Short(c.Reason)}, nil
	case JoinGroup:
		return &GroupJoined{Group: c.Group, Holder: c.Holder, Superseded: c.Superseded, Cancel: c.Cancel}, nil
	case EnterGroup:
		return &GroupEntered{Group: c.Group, Holder: c.Holder}, nil
	case LeaveGroup:
		return &GroupLeft{Group: c.Group, Holder: c.Holder}, nil
	case Finish:
		return &RunFinished{Run: run.Run, Conclusion: c.Conclusion}, nil
	}
	return nil, fmt.Errorf("command %T has no event", c)
}

func matrixOpened(c OpenMatrix) (*MatrixOpened, error) {
	opened := &MatrixOpened{Job: c.Job, Name: Short(c.Name), FailFast: c.FailFast, MaxParallel: c.MaxParallel}
	for _, l := range c.Legs {
		values, err := json.Marshal(l.Values)
		if err != nil {
			return nil, fmt.Errorf("matrix of job %s: %w", c.Job, err)
		}
		opened.Legs = append(opened.Legs, LegOpened{Values: string(values), Segments: l.Segments})
	}
	return opened, nil
}
