package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// native is what an action does that the engine satisfies itself.
type native struct {
	workflow.Native
	run func(*job, context.Context, *step) error
	// post runs after the job's steps, when postIf holds; nil for nothing.
	post   func(*job, context.Context, *step) error
	postIf func(*use) string
}

// natives is what uses: does, by the names in workflow.Natives; nobody else's
// code is fetched. To add one: an entry there and one here.
func natives() map[string]native {
	return map[string]native{
		"actions/checkout":          {run: (*job).checkout},
		"actions/setup-python":      {run: (*job).setUpPython},
		"actions/upload-artifact":   {run: (*job).uploadArtifact},
		"actions/download-artifact": {run: (*job).downloadArtifact},
		"actions/cache":             {run: (*job).restoreCache, post: (*job).saveCacheAfterwards, postIf: saveCacheIf},
		"actions/cache/restore":     {run: (*job).restoreCache},
		"actions/cache/save":        {run: (*job).saveCacheNow},
		"actions/setup-node":        {run: (*job).setUpNode},
		"astral-sh/setup-uv":        {run: (*job).setUpUV},
		"databricks/setup-cli":      {run: (*job).setUpDatabricks},
	}
}

// nativeNamed finds the native action of uses:.
func nativeNamed(uses string) (native, bool) {
	action, ok := workflow.LookupNative(uses)
	if !ok {
		return native{}, false
	}
	n, ok := natives()[action.Name]
	n.Native = action
	return n, ok
}

// runNative runs an action that the engine satisfies itself.
func (j *job) runNative(ctx context.Context, s *step, n native) error {
	if err := j.nativeInputs(s, n.Native); err != nil {
		return err
	}
	var details []string
	for _, in := range n.Inputs {
		if v := s.with[in.Name]; v != "" {
			details = append(details, in.Name+": "+v)
		}
	}
	j.head(s, details...)
	if s.stage == postStage {
		return n.post(j, ctx, s)
	}
	return n.run(j, ctx, s)
}

// nativeInputs evaluates with:. What is not honoured is refused, never ignored; the
// plan refuses most of it earlier.
func (j *job) nativeInputs(s *step, action workflow.Native) error {
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
