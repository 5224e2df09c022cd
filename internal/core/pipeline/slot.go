package pipeline

// Slot is an execution in the queue.
type Slot struct {
	Execution, Run, Solution, Environment, Pool string
	Labels                                      []string
	State                                       string // queued, claimed, ended
	Worker                                      string
	Fence                                       int64
}

// LeaseSeconds is how long a claim lives without renewal; its first lease is in
// the transaction of the claim.
const LeaseSeconds = 30
