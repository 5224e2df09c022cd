// Package acceptance is the execution of manual tests by a person, step by step:
// what is to be done, what was seen, and the protocol that the tester signs. A
// protocol is a function of the ledger's events and of the script, so that
// anybody can make it again and compare.
package acceptance

import (
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// ScriptSchema names the version of a script.
const ScriptSchema = "dc-release/acceptance-script/v1"

// Script is what a tester has to do, frozen when the execution begins: the
// manual tests of a release as they stand at its commits.
type Script struct {
	Schema       string `json:"schema"` // ScriptSchema
	Solution     string `json:"solution"`
	Version      string `json:"version"`
	Environment  string `json:"environment"`
	Commit       string `json:"commit"`
	Requirements string `json:"requirements"` // commit, "" for no repository of requirements
	Tests        []Test `json:"tests"`
}

// Test is one manual test of a script.
type Test struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Text        string   `json:"text"`
	Source      string   `json:"source"` // file:line
	Fingerprint string   `json:"fingerprint"`
	Verifies    []string `json:"verifies"`
	Steps       []Step   `json:"steps"` // at least one
}

// Step is one thing to do and what should be seen.
type Step struct {
	Action   string `json:"action"`
	Expected string `json:"expected"`
}

// asWritten is the step of a test that was written without steps.
var asWritten = Step{Action: "Execute the test as it is written.", Expected: "What the text of the test says."}

// TestOf is a manual test as a script holds it.
func TestOf(i trace.Item) Test {
	t := Test{ID: i.ID, Title: i.Title, Text: i.Text, Fingerprint: i.Fingerprint(), Verifies: []string{}, Steps: []Step{}}
	if i.At.Line > 0 {
		t.Source = fmt.Sprintf("%s:%d", i.At.File, i.At.Line)
	}
	for _, r := range i.Verifies {
		t.Verifies = append(t.Verifies, r.ID)
	}
	for _, s := range i.Steps {
		t.Steps = append(t.Steps, Step{Action: s.Action, Expected: s.Expected})
	}
	if len(t.Steps) == 0 {
		t.Steps = append(t.Steps, asWritten)
	}
	return t
}

// JSON is the canonical form, which is what the ledger names by its digest.
func (s Script) JSON() ([]byte, error) {
	data, err := canonical.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode acceptance script of %s %s: %w", s.Solution, s.Version, err)
	}
	return data, nil
}

// ParseScript reads what JSON wrote and nothing else.
func ParseScript(data []byte) (Script, error) {
	var s Script
	if err := canonical.Unmarshal(data, &s); err != nil {
		return Script{}, fmt.Errorf("read acceptance script: %w", err)
	}
	if s.Schema != ScriptSchema {
		return Script{}, fmt.Errorf("read acceptance script: schema %q, want %q", s.Schema, ScriptSchema)
	}
	return s, nil
}
