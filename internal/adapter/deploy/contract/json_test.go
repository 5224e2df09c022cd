package contract_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/contract"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

func readPlan(text string) (deployment.Plan, error) {
	p, d, err := contract.Read[contract.Plan]("stdout", []byte(text))
	if err != nil {
		return deployment.Plan{}, err
	}
	return p.Deployment(d, "")
}

func TestAPlanIsRead(t *testing.T) {
	got, err := readPlan(`{
 "changes": [{"resource": "jobs.main", "action": "update", "fields": [{"path": "a", "old": "1", "new": "\ud83d\ude00"}]},
   {"resource": "jobs.old", "action": "delete", "loses": "its history"}],
 "expected": [{"path": "b", "value": "2"}, {"path": "a", "value": "1"}], "kept": ["the table sales"], "own": "text\n"}` + "\n")
	want := deployment.Plan{
		Changes: []deployment.Change{
			{Resource: "jobs.main", Action: deployment.Update, Fields: []deployment.Field{{Path: "a", Old: "1", New: "😀"}}},
			{Resource: "jobs.old", Action: deployment.Delete, Loses: "its history"},
		},
		Expected: deployment.State{{Path: "a", Value: "1"}, {Path: "b", Value: "2"}}, Kept: []string{"the table sales"}, Own: "text\n",
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	if got, err := readPlan(`{"changes": null}`); err != nil || len(got.Changes) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEveryMistakeOfAnAnswerHasItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		``:                                    `stdout:1:1: the JSON ends too early`,
		"Planning...\n{}":                     `stdout:1:1: invalid character 'P' looking for beginning of value`,
		`{"changes": [`:                       `stdout:1:14: changes: the JSON ends too early`,
		"{\n  \"chnages\": []\n}":             `stdout:2:3: unknown key "chnages": want one of changes, expected, kept, own`,
		`{"Changes": []}`:                     `stdout:1:2: unknown key "Changes": want one of changes, expected, kept, own`,
		`{"own": "a", "own": "b"}`:            `stdout:1:14: key "own" stands twice`,
		`{"own": 1}`:                          `stdout:1:9: own: want a text`,
		`{"own": null}`:                       `stdout:1:9: own: want a text`,
		`{"kept": "x"}`:                       `stdout:1:10: kept: want a list`,
		`{"changes": [1]}`:                    `stdout:1:14: changes[0]: want an object`,
		`[]`:                                  `stdout:1:1: want an object`,
		`null`:                                `stdout:1:1: want an object`,
		"{}\n{}":                              `stdout:2:1: want nothing after the JSON value`,
		`{"own": "a" "kept": []}`:             `stdout:1:13: invalid character '"' after object key:value pair`,
		"{\"own\": \"\xff\"}":                 `stdout:1:10: want UTF-8`,
		`{"changes": [{"action": "create"}]}`: `stdout:1:14: changes[0]: want a resource`,
		"{\"changes\": [\n {\"resource\": \"a\", \"action\": \"drop\"}]}":      `stdout:2:30: changes[0].action: action "drop": want create, update, delete or recreate`,
		`{"changes": [{"resource": "a", "action": "create", "evidence": ""}]}`: `stdout:1:52: changes[0]: unknown key "evidence": want one of action, fields, loses, resource`,
		`{"expected": [{"path": "a"}, {"path": "a"}]}`:                         `stdout:1:39: expected[1].path: path "a" stands twice`,
		`{"expected": [{"value": "a"}]}`:                                       `stdout:1:15: expected[0]: want a path`,
	} {
		_, err := readPlan(text)
		if fault.KindOf(err) != fault.Invalid || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestRunsAndFindings(t *testing.T) {
	runs := func(text string) ([]deployment.TaskRun, error) {
		r, d, err := contract.Read[contract.Runs]("stdout", []byte(text))
		if err != nil {
			return nil, err
		}
		return r.Deployment(d, "", "evidence")
	}
	got, err := runs(`{"tasks": [{"job": "main", "outcome": "failed", "message": "no rows", "millis": 12}]}`)
	if d := cmp.Diff([]deployment.TaskRun{{Job: "main", Outcome: "failed", Message: "no rows", Millis: 12, Evidence: "evidence"}}, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	for text, want := range map[string]string{
		`{"tasks": [{"job": "a", "outcome": "ok"}]}`:                      `stdout:1:36: tasks[0].outcome: outcome "ok": want passed, failed, skipped`,
		`{"tasks": [{"outcome": "passed"}]}`:                              `stdout:1:12: tasks[0]: want a job`,
		`{"tasks": [{"job": "a", "outcome": "passed", "millis": -1}]}`:    `stdout:1:56: tasks[0].millis: want milliseconds that are not negative`,
		`{"tasks": [{"job": "a", "outcome": "passed", "millis": 1.5}]}`:   `stdout:1:56: tasks[0].millis: want a whole number`,
		`{"tasks": [{"job": "a", "outcome": "passed", "evidence": "x"}]}`: `stdout:1:46: tasks[0]: unknown key "evidence": want one of job, message, millis, outcome, run, task`,
	} {
		if _, err := runs(text); err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		`{"findings": [{"severity": "fatal", "what": "x"}]}`: `stdout:1:28: findings[0].severity: severity "fatal": want error or warning`,
		`{"findings": [{"severity": "error"}]}`:              `stdout:1:15: findings[0]: want what is wrong`,
		`{"findings": [{"severity": "error", "what": "x"}]}`: ``,
	} {
		f, d, err := contract.Read[contract.Found]("stdout", []byte(text))
		if err == nil {
			_, err = f.Deployment(d, "")
		}
		if got := ""; err != nil && err.Error() != want || err == nil && got != want {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

// FuzzRead: what is read is JSON, and what json.Unmarshal refuses is refused.
func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"changes": [{"resource": "a", "action": "create"}]}`, `{"expected": [{"path": "a", "value": "b"}], "kept": null}`, `[[[[`, `{"own": "\ud800"}`, `{}x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		_, err := readPlan(in)
		if err == nil && !json.Valid([]byte(in)) {
			t.Errorf("%q was read", in)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "stdout:") {
			t.Errorf("%q: %v has no place", in, err)
		}
	})
}
