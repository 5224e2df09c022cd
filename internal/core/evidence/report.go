package evidence

import "fmt"

// Outcome of one case.
type Outcome string

// The closed list of outcomes. Error is a case that could not be run to an
// answer; it counts like a failure.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Errored Outcome = "error"
	Skipped Outcome = "skipped"
)

// Report is one result file as a reader understood it. It holds facts only;
// Verdict and Classify judge them.
type Report struct {
	Format   string    `json:"format"` // like "junit", "" when not recognised
	SHA256   string    `json:"sha256"` // of the whole file
	Cases    []Case    `json:"cases"`
	Totals   Totals    `json:"totals"`
	Problems []Problem `json:"problems,omitempty"`
	// Attachments are the files that the cases of an archive bring along.
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Attachment is a file that stands beside the results in the same piece of
// evidence, like the screenshot of a failed step.
type Attachment struct {
	Name      string `json:"name"`   // what the producer calls it
	Entry     string `json:"entry"`  // path in the archive or folder
	SHA256    string `json:"sha256"` // of the file
	Size      int64  `json:"size"`   // bytes
	MediaType string `json:"media_type"`
	// Image says that the content is an image, whatever the producer calls it.
	Image bool `json:"image,omitempty"`
}

// Case is one test case of a result file.
type Case struct {
	Name    string  `json:"name"`
	Class   string  `json:"class,omitempty"` // class or module that holds the case
	Suite   string  `json:"suite,omitempty"` // names of the enclosing suites, " > " between them
	Outcome Outcome `json:"outcome"`
	// DurationUS is microseconds, rounded; canonical JSON has no floats.
	DurationUS int64 `json:"duration_us"`
	// IDs are the URS, FS, RA and TEST ids that the case names, sorted.
	IDs []string `json:"ids,omitempty"`
	// Verification is what the case says of itself by tag or property, "" for
	// nothing. Classify decides.
	Verification Verification `json:"verification,omitempty"`
	Message      string       `json:"message,omitempty"` // of the failure, error or skip; cut at MaxMessage
	File         string       `json:"file,omitempty"`    // source file of the test where the producer says so
	Entry        string       `json:"entry,omitempty"`   // file of an archive that holds the case
	Line         int          `json:"line"`              // of the case in the result file, or in the entry
	// Retries are the earlier tries that the producer reports inside the case
	// (rerunFailure, flakyFailure ...). A case that passed after them is flaky.
	Retries int `json:"retries,omitempty"`
}

// MaxMessage is the length in bytes that a case message is cut at; the raw
// file holds the rest.
const MaxMessage = 4 << 10

// Flaky reports whether the case passed only after a failed try.
func (c Case) Flaky() bool { return c.Outcome == Passed && c.Retries > 0 }

// Totals counts cases by outcome.
type Totals struct {
	Cases   int64 `json:"cases"`
	Passed  int64 `json:"passed"`
	Failed  int64 `json:"failed"`
	Errored int64 `json:"errors"`
	Skipped int64 `json:"skipped"`
	Flaky   int64 `json:"flaky,omitempty"` // also in Passed
}

// Add counts one case.
func (t *Totals) Add(c Case) {
	t.Cases++
	switch c.Outcome {
	case Passed:
		t.Passed++
	case Failed:
		t.Failed++
	case Skipped:
		t.Skipped++
	default:
		t.Errored++
	}
	if c.Flaky() {
		t.Flaky++
	}
}

// Count is the totals of cases.
func Count(cases []Case) Totals {
	var t Totals
	for _, c := range cases {
		t.Add(c)
	}
	return t
}

// Problem is what is wrong with a result file, at a line (1-based, 0 for the
// whole file). A fatal problem means that the file is not evidence.
type Problem struct {
	Entry   string `json:"entry,omitempty"` // file of an archive, "" for the result file itself
	Line    int    `json:"line"`
	Column  int    `json:"column,omitempty"` // in bytes, 1-based; 0 where the reader does not know it
	Message string `json:"message"`
	Fatal   bool   `json:"fatal"`
}

// String is "line 3: message", with the entry of an archive before it. It has
// no column: it is part of what is recorded.
func (p Problem) String() string {
	text := p.Message
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}
	if p.Entry != "" {
		text = fmt.Sprintf("%q: %s", p.Entry, text)
	}
	return text
}
