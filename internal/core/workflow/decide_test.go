package workflow_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestConditionsAreDecidedFromWhatIsKnown(t *testing.T) {
	known := func(path string) bool { return !strings.HasPrefix(path, "needs") && path != "github.run_id" }
	cases := []struct {
		name, src      string
		truth, decided bool
	}{
		{"a known condition", "github.event_name == 'push'", true, true},
		{"an unknown condition", "needs.build.result == 'x'", false, false},
		{"a false operand decides and", "needs.build.result == 'x' && false", false, true},
		{"a true operand does not decide and", "needs.build.result == 'x' && true", false, false},
		{"a true operand decides or", "needs.build.result == 'x' || true", true, true},
		{"a false operand does not decide or", "needs.build.result == 'x' || false", false, false},
		{"not of a known operand", "!(needs.build || true)", false, true},
		{"not of an unknown operand", "!needs.build", false, false},
		{"an unknown operand of a comparison", "github.run_id == 1", false, false},
		{"an unknown argument", "contains(needs.*.result, 'x')", false, false},
		{"a file hash", "hashFiles('a') != ''", false, false},
		{"a status function", "success()", true, true},
		{"all known operands of and", "true && 1", true, true},
		{"all known operands of or", "false || 0", false, true},
		{"nothing", "", false, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e, err := workflow.ParseExpression(c.src)
			if err != nil {
				t.Fatal(err)
			}
			env := workflow.Env{Contexts: contexts(t), Status: workflow.Status{Success: true}}
			truth, decided, err := e.Decide(env, known)
			if err != nil || decided != c.decided || decided && truth != c.truth {
				t.Errorf("Decide(%q) = %v, %v, %v", c.src, truth, decided, err)
			}
		})
	}
}

func TestTextsAreEvaluatedFromWhatIsKnown(t *testing.T) {
	known := func(path string) bool { return path == "inputs.environment" }
	for src, want := range map[string]bool{
		"prd":                                    true,
		"${{ inputs.environment }}":              true,
		"a-${{ inputs.environment }}":            true,
		"${{ inputs.count }}":                    false,
		"${{ inputs.environment }}${{ vars.A }}": false,
	} {
		text, err := workflow.ParseText(src)
		if err != nil {
			t.Fatal(err)
		}
		v, ok, err := text.EvaluateKnown(workflow.Env{Contexts: contexts(t)}, known)
		if err != nil || ok != want || ok && v.Text() == "" {
			t.Errorf("EvaluateKnown(%q) = %q, %v, %v", src, v.Text(), ok, err)
		}
	}
}
