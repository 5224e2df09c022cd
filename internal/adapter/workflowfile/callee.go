package workflowfile

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

var inputTypes = []string{"string", "boolean", "number"}

// callee reads on.workflow_call.
func (r *reader) callee(n *yaml.Node) *workflow.Interface {
	c := &workflow.Interface{}
	if n == nil {
		return c
	}
	for _, e := range r.section(n, calleeSection) {
		if isNull(e.value) {
			continue
		}
		for _, item := range r.mapping(e.value, "on.workflow_call."+e.name) {
			switch e.name {
			case "inputs":
				c.Inputs = append(c.Inputs, r.input(item))
			case "secrets":
				c.Secrets = append(c.Secrets, r.secret(item))
			case "outputs":
				c.Outputs = append(c.Outputs, r.output(item))
			}
		}
	}
	return c
}

func (r *reader) input(item entry) workflow.Input {
	in := workflow.Input{Name: item.name, At: r.at(item.key)}
	r.checkName(item, "input")
	if isNull(item.value) {
		r.report(in.At, "missing-key", "add type: string, boolean or number", "input %q has no type", in.Name)
		return in
	}
	for _, e := range r.section(item.value, inputSection) {
		switch e.name {
		case "description":
			r.text(e.value, workflow.KeyNone)
		case "required":
			in.Required = r.flag(e.value, "required")
		case "default":
			in.Default, in.HasDefault = r.text(e.value, workflow.KeyCallInputDefault), true
		case "type":
			in.Type = r.text(e.value, workflow.KeyNone).Source
			if !slices.Contains(inputTypes, in.Type) {
				r.report(r.at(e.value), "unknown-type", "want string, boolean or number", "input %q has the type %q", in.Name, in.Type)
			}
		}
	}
	if in.Type == "" {
		r.report(in.At, "missing-key", "add type: string, boolean or number", "input %q has no type", in.Name)
	}
	if in.HasDefault && !isExpression(in.Default.Source) && !workflow.FitsInput(in.Type, in.Default.Type) {
		r.report(in.Default.At, "wrong-type", "", "default of input %q is %q: want a %s", in.Name, in.Default.Source, in.Type)
	}
	return in
}

func (r *reader) secret(item entry) workflow.Secret {
	s := workflow.Secret{Name: item.name}
	r.checkName(item, "secret")
	if isNull(item.value) {
		return s
	}
	for _, e := range r.section(item.value, secretSection) {
		switch e.name {
		case "description":
			r.text(e.value, workflow.KeyNone)
		case "required":
			s.Required = r.flag(e.value, "required")
		}
	}
	return s
}

func (r *reader) output(item entry) workflow.Output {
	o := workflow.Output{Name: item.name}
	r.checkName(item, "output")
	given := false
	if !isNull(item.value) {
		for _, e := range r.section(item.value, outputSection) {
			switch e.name {
			case "description":
				r.text(e.value, workflow.KeyNone)
			case "value":
				o.Value, given = r.text(e.value, workflow.KeyCallOutputValue), true
			}
		}
	}
	if !given {
		r.report(r.at(item.key), "missing-key", "add value: ${{ jobs.ID.outputs.NAME }}", "output %q has no value", o.Name)
	}
	return o
}

// flag reads a boolean that is written out.
func (r *reader) flag(n *yaml.Node, what string) bool {
	return r.boolean(n, workflow.KeyNone, what).Source == "true"
}

// checkName refuses a name that an expression could not say.
func (r *reader) checkName(e entry, what string) {
	if err := workflow.CheckID(e.name); err != nil {
		r.report(r.at(e.key), "invalid-id", "", "%s %v", what, err)
	}
}
