package expression_test

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/nektos/act/pkg/exprparser"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// data is the context "inputs" of every expression.
const data = `{
  "text": "Refs/Tags/v1.2.0", "word": "two", "none": null, "yes": true, "no": false, "count": 3, "half": 0.5,
  "list": [1, "two", true, null, 2.5], "numbers": [1, 2, 3], "empty": [],
  "labels": [{"name": "bug"}, {"name": "Help Wanted"}], "tree": {"a": {"b": {"c": "deep"}}}, "hollow": {}
}`

// outcome is what an evaluator answered, in a form that compares.
type outcome struct {
	Failed bool
	Value  any
}

// ours evaluates with the evaluator of this repository.
func ours(t failer, expression string) (outcome, error) {
	t.Helper()
	var inputs workflow.Value
	if err := json.Unmarshal([]byte(data), &inputs); err != nil {
		t.Fatal(err)
	}
	e, err := workflow.ParseExpressionOf(expression, func(name string) bool { return name == "inputs" })
	if err != nil {
		return outcome{Failed: true}, err
	}
	v, err := e.Evaluate(workflow.Env{Contexts: map[string]workflow.Value{"inputs": inputs}})
	if err != nil {
		return outcome{Failed: true}, err
	}
	return outcome{Value: plain(v)}, nil
}

// plain is a value as encoding/json would read it, with words for NaN and
// infinities.
func plain(v workflow.Value) any {
	switch v.Kind() {
	case workflow.KindNull:
		return nil
	case workflow.KindBool:
		return v.Truthy()
	case workflow.KindNumber:
		return number(v.Float())
	case workflow.KindArray:
		items := []any{}
		for _, item := range v.Items() {
			items = append(items, plain(item))
		}
		return items
	case workflow.KindObject:
		members := map[string]any{}
		for _, m := range v.Members() {
			members[m.Name] = plain(m.Value)
		}
		return members
	default:
		return v.Text()
	}
}

func number(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Sprint(f)
	}
	return f + 0 // no minus zero
}

// act evaluates with nektos/act; it panics where a workflow is wrong.
func act(t failer, expression string) (out outcome, err error) {
	t.Helper()
	inputs := map[string]any{}
	if err := json.Unmarshal([]byte(data), &inputs); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if r := recover(); r != nil {
			out, err = outcome{Failed: true}, fmt.Errorf("panic: %v", r)
		}
	}()
	env := &exprparser.EvaluationEnvironment{Inputs: inputs}
	v, err := exprparser.NewInterpeter(env, exprparser.Config{}).Evaluate(expression, exprparser.DefaultStatusCheckNone)
	if err != nil {
		return outcome{Failed: true}, err
	}
	return outcome{Value: same(v)}, nil
}

// same brings act's Go values to the form of plain.
func same(v any) any {
	switch v := v.(type) {
	case int:
		return number(float64(v))
	case float64:
		return number(v)
	case []any:
		items := []any{}
		for _, item := range v {
			items = append(items, same(item))
		}
		return items
	case map[string]any:
		members := map[string]any{}
		for name, item := range v {
			members[name] = same(item)
		}
		return members
	default:
		return v
	}
}
