package joblog

import "bytes"

// maxHead is how much of a line is looked at: enough for the name of a step.
const maxHead = 4 << 10

// Follower reads a growing log for the step that it has come to. The zero value
// is at the beginning; memory is bounded by maxHead.
type Follower struct {
	Step Step
	head []byte // beginning of the line that has no end yet
}

// Write takes the next bytes of the log, however they are split. It never
// fails.
func (f *Follower) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte{'\n'})
		b = rest
		f.head = append(f.head, line[:min(len(line), maxHead-len(f.head))]...)
		if !ended {
			break
		}
		if l, ok := Parse(string(f.head)); ok {
			f.Step = f.Step.Follow(l)
		}
		f.head = f.head[:0]
	}
	return n, nil
}
