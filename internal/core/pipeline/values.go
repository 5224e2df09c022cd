package pipeline

import (
	"encoding/json"
	"maps"
	"strings"
	"unicode/utf8"
)

// Limits of what jobs hand on.
const (
	// MaxRunOutputs bounds the outputs of all jobs of a run, in bytes, as on
	// GitHub; those of one job are bounded by the worker.
	MaxRunOutputs = 50 << 20
	// MaxText bounds a reason or a name in an event, in bytes.
	MaxText = 4 << 10
	// maxInline bounds the values in an event, as JSON; what is larger is kept
	// as a blob.
	maxInline = 24 << 10
)

// ValuesKept holds what the event before it, in the same batch, has no room for:
// the inputs of a scope, or the outputs of a scope or an execution.
type ValuesKept struct {
	Job    string `json:"job"`
	Inputs bool   `json:"inputs"` // outputs otherwise
	Values string `json:"values"` // blob digest of a JSON object of texts
}

// EventType implements ledger.Payload.
func (ValuesKept) EventType() (string, int) { return "job.values_kept", 1 }

// FitsEvent reports whether values have room in an event.
func FitsEvent(values map[string]string) bool {
	if Size(values) > maxInline {
		return false
	}
	raw, err := json.Marshal(values)
	return err == nil && len(raw) <= maxInline
}

// Size is the length of names and values together, in bytes.
func Size(values map[string]string) int {
	n := 0
	for name, value := range values {
		n += len(name) + len(value)
	}
	return n
}

// Short cuts a text for people that is too long for an event, and says so.
func Short(text string) string {
	if len(text) <= MaxText {
		return text
	}
	cut := MaxText
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strings.TrimRight(text[:cut], " \n") + " ..."
}

// WithValues puts what was kept as a blob where the event says.
func (s State) WithValues(d ValuesKept, values map[string]string) State {
	if d.Inputs {
		return s.with(d.Job, func(j *JobState) { j.Inputs = values })
	}
	return s.with(d.Job, func(j *JobState) { j.Outputs = values }).passOn(d.Job, values)
}

// OutputBytes is the size of the outputs of all jobs so far.
func (s State) OutputBytes() int {
	n := 0
	for j := range maps.Values(s.Jobs) {
		n += Size(j.Outputs)
	}
	return n
}
