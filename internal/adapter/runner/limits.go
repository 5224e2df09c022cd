package runner

import (
	"fmt"
	"strings"
)

// Limits of what a job may leave with its worker, which holds it in memory.
// What goes beyond one is an error of the step, never lost in silence.
const (
	// maxKept bounds the outputs of all steps of a job, in bytes. GitHub bounds
	// only what leaves the job: see maxOutputs. The environment needs no bound of
	// its own: with more than the kernel takes no step starts (execve(2), E2BIG).
	maxKept = 32 << 20
	// maxMasks bounds what a job may have masked, with all its spellings.
	maxMasks = 8 << 20
	// maxNote bounds the parts of an annotation, in bytes.
	maxNote = 64 << 10
	// maxAnnotated bounds all annotations of a job together.
	maxAnnotated = 1 << 20
	// maxSummaries bounds the summaries of all steps of a job together.
	maxSummaries = 4 << 20
	// maxReason bounds what the commands of a step say why it failed, in bytes.
	maxReason = 4 << 10
	// maxErrors is how many failed workflow commands of a step are told.
	maxErrors = 10
)

// keep puts a value among the outputs of a step, when there is room for it.
func (j *job) keep(name, value string, in map[string]string) error {
	more := len(name) + len(value)
	if old, known := in[name]; known {
		more -= len(name) + len(old)
	}
	if j.kept+more > maxKept {
		return fmt.Errorf("the outputs of the job's steps are larger than %d bytes together", maxKept)
	}
	j.kept += more
	in[strings.Clone(name)] = strings.Clone(value) // not parts of a file that was read
	return nil
}

// cut shortens a text to a number of bytes.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return clean(text[:limit]) + "..."
}
