package pipeline

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// inputs checks what a call gives against what the called workflow declares, and
// evaluates what is known. The values have the declared types; an input that is
// not given has its default or the zero value of its type, as on GitHub.
func (e *expander) inputs(j Job, callee workflow.Interface, k known) (map[string]workflow.Value, map[string]bool) {
	values, later := map[string]workflow.Value{}, map[string]bool{}
	call := j.Body.Call
	for _, b := range call.With {
		if !slices.ContainsFunc(callee.Inputs, func(in workflow.Input) bool { return strings.EqualFold(in.Name, b.Name) }) {
			e.report(b.Value.At, "unknown-input", inputHint(callee), "job %q gives %q the input %q, which it does not have", j.Key, call.Uses, b.Name)
		}
	}
	for _, in := range callee.Inputs {
		name := strings.ToLower(in.Name)
		source, by := in.Default, k.inside(nil, nil)
		given := slices.IndexFunc(call.With, func(b workflow.Binding) bool { return strings.EqualFold(in.Name, b.Name) })
		if given >= 0 {
			source, by = call.With[given].Value, k
		}
		switch {
		case given < 0 && in.Required:
			e.report(call.At, "missing-input", "add it under with", "job %q does not give %q the input %q", j.Key, call.Uses, in.Name)
			later[name] = true
			continue
		case given < 0 && !in.HasDefault:
			values[name] = zero(in.Type)
			continue
		}
		v, ok, err := by.text(source)
		switch {
		case err != nil:
			e.report(source.At, "expression-failed", "", "input %q of job %q cannot be evaluated: %v", in.Name, j.Key, err)
			later[name] = true
		case !ok:
			later[name] = true
		default:
			values[name] = e.typed(j, in, source, v)
		}
	}
	return values, later
}

// typed gives the value the input's type, with a finding where it has another.
func (e *expander) typed(j Job, in workflow.Input, source workflow.Text, v workflow.Value) workflow.Value {
	want := map[string]workflow.Kind{"boolean": workflow.KindBool, "number": workflow.KindNumber}[in.Type]
	switch {
	case v.IsNull():
		return zero(in.Type)
	case in.Type == "string" && v.Kind() != workflow.KindArray && v.Kind() != workflow.KindObject:
		return workflow.String(v.Text())
	case in.Type != "string" && v.Kind() == want:
		return v
	}
	hint := ""
	if v.Kind() == workflow.KindString {
		hint = "write the value without quotes, or use fromJSON"
	}
	e.report(source.At, "wrong-type", hint, "input %q of job %q is a %s: want a %s", in.Name, j.Key, v.Kind(), in.Type)
	return zero(in.Type)
}

func zero(inputType string) workflow.Value {
	switch inputType {
	case "boolean":
		return workflow.Bool(false)
	case "number":
		return workflow.Number(0)
	default:
		return workflow.String("")
	}
}

func inputHint(callee workflow.Interface) string {
	if len(callee.Inputs) == 0 {
		return "it takes no inputs"
	}
	names := make([]string, len(callee.Inputs))
	for i, in := range callee.Inputs {
		names[i] = in.Name
	}
	return "its inputs are " + strings.Join(names, ", ")
}

// secrets checks the secrets that a call passes by name.
func (e *expander) secrets(j Job, callee workflow.Interface) {
	call := j.Body.Call
	if call.InheritSecrets {
		return
	}
	for _, b := range call.Secrets {
		if !slices.ContainsFunc(callee.Secrets, func(s workflow.Secret) bool { return strings.EqualFold(s.Name, b.Name) }) {
			e.report(b.Value.At, "unknown-secret", "declare it under on.workflow_call.secrets", "job %q passes %q the secret %q, which it does not declare",
				j.Key, call.Uses, b.Name)
		}
		if _, ok := renamed(b.Value); !ok {
			e.report(b.Value.At, "unsupported-secret", "want ${{ secrets.NAME }}", "job %q passes the secret %q with a computed value", j.Key, b.Name)
		}
	}
	for _, s := range callee.Secrets {
		given := slices.ContainsFunc(call.Secrets, func(b workflow.Binding) bool { return strings.EqualFold(s.Name, b.Name) })
		if s.Required && !given {
			e.report(call.At, "missing-secret", "add it under secrets, or secrets: inherit", "job %q does not pass %q the secret %q", j.Key, call.Uses, s.Name)
		}
	}
}
