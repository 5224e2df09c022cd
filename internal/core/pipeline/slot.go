package pipeline

// Slot is an execution in the queue.
type Slot struct {
	Execution, Run, Solution, Environment, Pool string
	Labels                                      []string
	State                                       string // queued, claimed, ended
	Worker                                      string
	Fence                                       int64
}
