package traceability

import (
	"encoding/json"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// The parts of SARIF 2.1.0 (OASIS) that a finding needs.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations,omitempty"`
		Results     []sarifResult     `json:"results"`
	}
	// sarifInvocation says which rules were not run, and why.
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
		Rule    struct {
			ID string `json:"id"`
		} `json:"associatedRule"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string    `json:"id"`
		Short   sarifText `json:"shortDescription"`
		Default struct {
			Level string `json:"level"`
		} `json:"defaultConfiguration"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			Line   int `json:"startLine"`
			Column int `json:"startColumn,omitempty"`
		} `json:"region"`
	}
)

// SARIF is findings for tools that show them beside the code. A check that was
// not run is a notification.
func SARIF(t document.Tested) ([]byte, error) {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "dc-release", Rules: []sarifRule{}}}, Results: []sarifResult{}}
	for _, c := range Checks() {
		rule := sarifRule{ID: c.ID, Short: sarifText{c.Rule}}
		rule.Default.Level = level(c.Severity)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
	}
	for _, f := range t.Findings {
		message := f.Message
		if f.Hint != "" {
			message += ": " + f.Hint
		}
		r := sarifResult{RuleID: f.ID, Level: level(f.Severity), Message: sarifText{document.Visible(message)}}
		if f.At.File != "" {
			var at sarifLocation
			at.Physical.Artifact.URI = strings.TrimPrefix(f.At.File, Requirements.Name(""))
			at.Physical.Region.Line, at.Physical.Region.Column = max(f.At.Line, 1), f.At.Column
			r.Locations = []sarifLocation{at}
		}
		run.Results = append(run.Results, r)
	}
	for _, c := range t.Checks {
		if c.Verdict != document.CheckNotRun {
			continue
		}
		n := sarifNotification{Level: "note", Message: sarifText{"not run: " + c.Reason}}
		n.Rule.ID = c.ID
		if len(run.Invocations) == 0 {
			run.Invocations = []sarifInvocation{{Successful: true}}
		}
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, n)
	}
	out, err := json.MarshalIndent(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}, "", "  ")
	return append(out, '\n'), err
}

func level(s workflow.Severity) string {
	if s == workflow.Error {
		return "error"
	}
	return "warning"
}
