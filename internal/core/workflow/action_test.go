package workflow_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestReferencesOfActions(t *testing.T) {
	for uses, want := range map[string]workflow.ActionReference{
		"./.github/actions/x":     {Local: true, Path: ".github/actions/x"},
		"./":                      {Local: true},
		"azure/login@v2":          {Repository: "azure/login", Ref: "v2"},
		"a/b/c/d@refs/heads/main": {Repository: "a/b", Path: "c/d", Ref: "refs/heads/main"},
		"docker://alpine:3":       {},
		"./../other":              {},
		"a/b":                     {},
		"a/b@":                    {},
		"a@v1":                    {},
		"a/b/../../c@v1":          {},
		"/b@v1":                   {},
		"a/b@v1@v2":               {},
	} {
		got, ok := workflow.ParseAction(uses)
		if (want != workflow.ActionReference{}) != ok {
			t.Errorf("%s is a reference: %v", uses, ok)
		}
		if ok && got != want {
			t.Errorf("%s is %+v, want %+v", uses, got, want)
		}
	}
}
