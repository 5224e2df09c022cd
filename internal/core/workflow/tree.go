package workflow

import "fmt"

// TreeKind is the shape of a Tree.
type TreeKind string

// The shapes; the zero value is no tree at all.
const (
	TreeScalar  TreeKind = "scalar"
	TreeList    TreeKind = "list"
	TreeMapping TreeKind = "mapping"
)

// Tree is a value of a workflow file of any shape, whose scalars may hold
// expressions: a matrix.
type Tree struct {
	Kind    TreeKind `json:"kind,omitempty"`
	At      Position `json:"at,omitzero"`
	Text    Text     `json:"text,omitzero"`
	Items   []Tree   `json:"items,omitempty"`
	Members []Branch `json:"members,omitempty"`
}

// Branch is one "name: value" of a mapping, in the file's order.
type Branch struct {
	Name  string `json:"name"`
	Value Tree   `json:"value"`
}

// Evaluate gives the value of the scalar with its type: what is exactly one
// ${{ }} keeps that of its value. Errors begin with the scalar's place.
func (t Text) Evaluate(env Env) (Value, error) {
	if v, ok := t.typed(); ok {
		return v, nil
	}
	parsed, err := ParseText(t.Source)
	if err != nil {
		return Null(), fmt.Errorf("%s: %w", t.At, err)
	}
	v, err := parsed.Evaluate(env)
	if err != nil {
		return Null(), fmt.Errorf("%s: %w", t.At, err)
	}
	return v, nil
}

// EvaluateKnown is Evaluate from what is known, see Expression.Decide; ok is
// false where the text depends on something unknown or cannot be parsed, which
// reading the file has reported.
func (t Text) EvaluateKnown(env Env, known func(path string) bool) (v Value, ok bool, err error) {
	if v, ok := t.typed(); ok {
		return v, true, nil
	}
	parsed, err := ParseText(t.Source)
	if err != nil {
		return Null(), false, nil
	}
	return parsed.EvaluateKnown(env, known)
}

// typed is the value of a scalar that has a type without being evaluated.
func (t Text) typed() (Value, bool) {
	switch t.Type {
	case "boolean":
		return Bool(t.Source == "true"), true
	case "number":
		return Number(parseNumber(t.Source)), true
	case "null":
		return Null(), true
	default:
		return Null(), false
	}
}

// Evaluate gives the value of the tree; errors begin with the place of the
// scalar that cannot be evaluated.
func (t Tree) Evaluate(env Env) (Value, error) {
	return t.value(func(s Text) (Value, error) { return s.Evaluate(env) })
}

// EvaluateKnown is Evaluate from what is known, see Text.EvaluateKnown.
func (t Tree) EvaluateKnown(env Env, known func(path string) bool) (v Value, ok bool, err error) {
	all := true
	v, err = t.value(func(s Text) (Value, error) {
		v, ok, err := s.EvaluateKnown(env, known)
		all = all && ok
		return v, err
	})
	return v, all && err == nil, err
}

func (t Tree) value(scalar func(Text) (Value, error)) (Value, error) {
	switch t.Kind {
	case TreeScalar:
		return scalar(t.Text)
	case TreeList:
		items := make([]Value, 0, len(t.Items))
		for _, item := range t.Items {
			v, err := item.value(scalar)
			if err != nil {
				return Null(), err
			}
			items = append(items, v)
		}
		return Array(items...), nil
	case TreeMapping:
		members := make([]Member, 0, len(t.Members))
		for _, m := range t.Members {
			v, err := m.Value.value(scalar)
			if err != nil {
				return Null(), err
			}
			members = append(members, Member{Name: m.Name, Value: v})
		}
		return Object(members...), nil
	default:
		return Null(), nil
	}
}

// Texts are the scalars of the tree in the order of the file.
func (t Tree) Texts() []Text {
	switch t.Kind {
	case TreeScalar:
		return []Text{t.Text}
	case TreeList:
		var list []Text
		for _, item := range t.Items {
			list = append(list, item.Texts()...)
		}
		return list
	default:
		var list []Text
		for _, m := range t.Members {
			list = append(list, m.Value.Texts()...)
		}
		return list
	}
}
