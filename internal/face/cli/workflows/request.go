package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// request is one expression with what it is evaluated in. Members that are not
// named here are ignored.
type request struct {
	Expression *string        `json:"expression"`
	Contexts   workflow.Value `json:"contexts"`
	Status     string         `json:"status"`
}

// answer is what a request gets: kind and value, or error.
type answer struct {
	Kind     string          `json:"kind,omitempty"`
	Value    *workflow.Value `json:"value,omitempty"`
	Error    string          `json:"error,omitempty"`
	Position *int            `json:"position,omitempty"`
}

const statusSuccess = "success"

var statuses = map[string]workflow.Status{
	"":            {Success: true},
	statusSuccess: {Success: true},
	"failure":     {Failure: true},
	"cancelled":   {Cancelled: true},
}

// evaluate gives the value; an error of the expression is a
// *workflow.ExpressionError, any other is one of the request.
func (q request) evaluate() (workflow.Value, error) {
	if q.Expression == nil {
		return workflow.Null(), errors.New(`read request: no expression: want {"expression": "..."}`)
	}
	status, ok := statuses[q.Status]
	if !ok {
		return workflow.Null(), fmt.Errorf("read request: status %q: want success, failure or cancelled", q.Status)
	}
	if kind := q.Contexts.Kind(); kind != workflow.KindObject && kind != workflow.KindNull {
		return workflow.Null(), fmt.Errorf("read request: contexts are %s: want an object of contexts by name", kind)
	}
	env := workflow.Env{Contexts: map[string]workflow.Value{}, Status: status}
	for _, m := range q.Contexts.Members() {
		env.Contexts[strings.ToLower(m.Name)] = m.Value
	}
	for _, name := range workflow.Roots() {
		if _, given := env.Contexts[name]; !given {
			env.Contexts[name] = workflow.Object()
		}
	}
	return evaluate(*q.Expression, env)
}

// evaluate takes what begins with ${{ as GitHub takes a scalar, everything else
// as an expression: none can begin so.
func evaluate(src string, env workflow.Env) (workflow.Value, error) {
	known := func(name string) bool { _, ok := env.Contexts[name]; return ok }
	trimmed := strings.TrimSpace(src)
	if !strings.HasPrefix(trimmed, "${{") {
		e, err := workflow.ParseExpressionOf(src, known)
		if err != nil {
			return workflow.Null(), err
		}
		return e.Evaluate(env)
	}
	t, err := workflow.ParseTextOf(trimmed, known)
	var v workflow.Value
	if err == nil {
		v, err = t.Evaluate(env)
	}
	var where *workflow.ExpressionError
	if errors.As(err, &where) {
		err = &workflow.ExpressionError{Offset: where.Offset + strings.Index(src, trimmed), Message: where.Message}
	}
	return v, err
}

// answerTo answers one line.
func answerTo(line []byte) answer {
	var q request
	if err := json.Unmarshal(line, &q); err != nil {
		return answer{Error: fmt.Sprintf("read request: %v", err)}
	}
	v, err := q.evaluate()
	var where *workflow.ExpressionError
	switch {
	case errors.As(err, &where):
		return answer{Error: where.Message, Position: &where.Offset}
	case err != nil:
		return answer{Error: err.Error()}
	default:
		value := finite(v)
		return answer{Kind: v.Kind().String(), Value: &value}
	}
}

// finite puts words in the place of numbers that have no JSON form.
func finite(v workflow.Value) workflow.Value {
	switch v.Kind() {
	case workflow.KindNumber:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return workflow.String(v.Text())
		}
	case workflow.KindArray:
		items := v.Items()
		for i, item := range items {
			items[i] = finite(item)
		}
		return workflow.Array(items...)
	case workflow.KindObject:
		members := slices.Clone(v.Members())
		for i, m := range members {
			members[i].Value = finite(m.Value)
		}
		return workflow.Object(members...)
	}
	return v
}
