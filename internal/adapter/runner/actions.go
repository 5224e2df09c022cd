package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// nativeActions is what uses: does, by the names in workflow.Natives; nobody
// else's code is fetched. To add one: an entry there and one here.
func nativeActions() map[string]func(*job, context.Context, *step) error {
	return map[string]func(*job, context.Context, *step) error{
		"actions/checkout":          (*job).checkout,
		"actions/setup-python":      (*job).setUpPython,
		"actions/upload-artifact":   (*job).uploadArtifact,
		"actions/download-artifact": (*job).downloadArtifact,
		"databricks/setup-cli":      (*job).setUpDatabricks,
	}
}

// runAction runs uses:.
func (j *job) runAction(ctx context.Context, s *step) error {
	action, ok := workflow.LookupNative(s.Uses)
	if !ok {
		return fmt.Errorf("%s: action %q is none that this engine runs", s.At, s.Uses)
	}
	run := nativeActions()[action.Name]
	if run == nil {
		return fmt.Errorf("%s: action %q is none that this engine runs", s.At, s.Uses)
	}
	if err := j.inputs(s, action); err != nil {
		return err
	}
	var details []string
	for _, in := range action.Inputs {
		if v := s.with[in.Name]; v != "" {
			details = append(details, in.Name+": "+v)
		}
	}
	j.head(s, details...)
	return run(j, ctx, s)
}

// inputs evaluates with:. What is not honoured is refused, never ignored; the
// plan refuses most of it earlier.
func (j *job) inputs(s *step, action workflow.Native) error {
	s.with = map[string]string{}
	var bad []error
	env := j.expressions(s)
	for _, b := range s.With {
		value, err := j.text(workflow.KeyStepWith, b.Value, env)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		in, ok := action.Input(b.Name)
		switch {
		case !ok:
			bad = append(bad, fmt.Errorf("%s: input %q of %s: want one of %s", b.Value.At, b.Name, action.Name, strings.Join(action.InputNames(), ", ")))
		case value != "" && !in.Honours(value):
			bad = append(bad, fmt.Errorf("%s: input %q of %s is %q: want one of %s", b.Value.At, b.Name, action.Name, value, strings.Join(in.Values, ", ")))
		default:
			s.with[in.Name] = value
		}
	}
	for _, in := range action.Inputs {
		if in.Required && strings.TrimSpace(s.with[in.Name]) == "" {
			bad = append(bad, fmt.Errorf("%s: input %q of %s is required", s.At, in.Name, action.Name))
		}
	}
	return errors.Join(bad...)
}

// is reports whether a boolean input has the value true.
func (s *step) is(input string, otherwise bool) bool {
	switch strings.ToLower(strings.TrimSpace(s.with[input])) {
	case "true":
		return true
	case "false":
		return false
	default:
		return otherwise
	}
}
