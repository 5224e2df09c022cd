package fault

import (
	"encoding/json"
	"io"
)

// Problem is a refused call as it travels between processes: the JSON body of
// an answer that is not OK.
type Problem struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// ProblemOf is what the caller is told of an error.
func ProblemOf(err error) Problem {
	return Problem{Kind: KindOf(err), Message: err.Error(), Hint: HintOf(err)}
}

// Err is the error again, as far as it travelled.
func (p Problem) Err() error { return &Error{Kind: p.Kind, Msg: p.Message, Hint: p.Hint} }

// maxProblem bounds what is read of a refused answer, in bytes.
const maxProblem = 1 << 20

// ReadProblem reads a refused answer. One that holds no problem, from whatever
// answered in between, is an internal error that names its status.
func ReadProblem(status string, body io.Reader) error {
	var p Problem
	if err := json.NewDecoder(io.LimitReader(body, maxProblem)).Decode(&p); err != nil || p.Kind == "" {
		return New(Internal, "answer %s", status)
	}
	return p.Err()
}
