package workflow_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestPermissionsMayOnlyShrink(t *testing.T) {
	for name, test := range map[string]struct {
		asks, limit workflow.Permissions
		want        []string
	}{
		"less is allowed":                      {workflow.Permissions{"contents": workflow.Read}, workflow.Permissions{"contents": workflow.Write}, nil},
		"none is always allowed":               {workflow.Permissions{"issues": workflow.NoAccess}, workflow.Permissions{}, nil},
		"what the limit does not name is none": {workflow.Permissions{"issues": workflow.Read}, workflow.Permissions{"contents": workflow.Write}, []string{"issues: read (allowed: none)"}},
		"more is named, sorted":                {workflow.Permissions{"packages": workflow.Write, "contents": workflow.Write}, workflow.Permissions{"contents": workflow.Read}, []string{"contents: write (allowed: read)", "packages: write (allowed: none)"}},
		"a token of identity is not there by default": {
			workflow.Permissions{workflow.IDToken: workflow.Write, "contents": workflow.Write},
			workflow.DefaultPermissions(),
			[]string{"id-token: write (allowed: none)"},
		},
		"write-all has one":              {workflow.Permissions{workflow.IDToken: workflow.Write}, workflow.AllPermissions(workflow.Write), nil},
		"read-all has none":              {workflow.Permissions{workflow.IDToken: workflow.Write}, workflow.AllPermissions(workflow.Read), []string{"id-token: write (allowed: none)"}},
		"models can be read at the most": {workflow.Permissions{"models": workflow.Write}, workflow.AllPermissions(workflow.Write), []string{"models: write (allowed: read)"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.asks.Exceeds(test.limit)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
