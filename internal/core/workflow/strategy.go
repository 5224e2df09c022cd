package workflow

import (
	"fmt"
	"strings"
)

// MaxLegs is GitHub's limit for the jobs of one matrix.
const MaxLegs = 256

// maxName is GitHub's limit for the name that is made for a leg, in characters.
const maxName = 100

// Strategy is jobs.<id>.strategy; the zero value is none.
type Strategy struct {
	At          Position `json:"at,omitzero"`
	Matrix      Tree     `json:"matrix,omitzero"`
	FailFast    Text     `json:"fail_fast,omitzero"`
	MaxParallel Text     `json:"max_parallel,omitzero"`
}

// HasMatrix reports whether the job is run once for each leg of a matrix.
func (s Strategy) HasMatrix() bool { return s.Matrix.Kind != "" }

// Leg is one combination of a matrix.
type Leg struct {
	// Values is the matrix context, null where the matrix had no combination.
	Values Value `json:"values"`
	// Segments are the values that the name of the leg shows: those of the axes,
	// and all of an included leg that extends no other.
	Segments []string `json:"segments,omitempty"`
}

// Name is the name that GitHub gives a leg of the job.
func (l Leg) Name(job string) string {
	name := job
	if len(l.Segments) > 0 {
		name = fmt.Sprintf("%s (%s)", job, strings.Join(l.Segments, ", "))
	}
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName-3]) + "..."
	}
	return name
}

// matrix is an evaluated matrix before it is multiplied out.
type matrix struct {
	axes             []Member // each value is a list that is not empty
	include, exclude []Value  // objects
}

// Legs multiplies an evaluated matrix out as GitHub does (docs.github.com,
// "Running variations of jobs in a workflow"): the first axis varies slowest;
// exclude takes combinations away that match in all it names; include extends
// every combination whose axes it does not contradict, or is a leg of its own.
// Values match as by == at every leaf. A matrix of which everything is excluded
// is one job without matrix. Errors say what is wrong with the matrix.
func Legs(v Value) ([]Leg, error) {
	m, err := readMatrix(v)
	if err != nil {
		return nil, err
	}
	var legs []Leg
	matched := make([]bool, len(m.include))
	size := 0
	if len(m.axes) > 0 {
		size = 1
	}
	for _, axis := range m.axes {
		if size *= len(axis.Value.array.items); size > 1<<20 {
			return nil, fmt.Errorf("matrix has more than %d combinations", MaxLegs)
		}
	}
	for i := range size {
		combination := m.combination(i, size)
		if m.excludes(combination) {
			continue
		}
		legs = append(legs, Leg{Values: Object(m.extend(combination, matched)...), Segments: segments(combination)})
	}
	for i, include := range m.include {
		if !matched[i] {
			members := m.filterFirst(include)
			legs = append(legs, Leg{Values: Object(members...), Segments: segments(members)})
		}
	}
	switch {
	case len(legs) > MaxLegs:
		return nil, fmt.Errorf("matrix has %d combinations: want at most %d", len(legs), MaxLegs)
	case len(legs) == 0:
		return []Leg{{Values: Null()}}, nil
	}
	return legs, nil
}

func readMatrix(v Value) (matrix, error) {
	var m matrix
	if v.Kind() != KindObject {
		return m, fmt.Errorf("matrix is a value of the type %s: want a mapping", v.Kind())
	}
	for _, member := range v.Members() {
		items := member.Value.Items()
		if member.Value.Kind() != KindArray {
			return m, fmt.Errorf("matrix %s is a value of the type %s: want a sequence", member.Name, member.Value.Kind())
		}
		switch member.Name {
		case "include", "exclude":
			for _, item := range items {
				if item.Kind() != KindObject || len(item.Members()) == 0 {
					return m, fmt.Errorf("matrix %s holds a value of the type %s without names: want mappings that are not empty", member.Name, item.Kind())
				}
			}
			if member.Name == "include" {
				m.include = items
			} else {
				m.exclude = items
			}
		default:
			if len(items) == 0 {
				return m, fmt.Errorf("matrix %s has no values", member.Name)
			}
			m.axes = append(m.axes, member)
		}
	}
	if len(m.axes) == 0 && len(m.include) == 0 {
		return m, fmt.Errorf("matrix defines no values: want at least one name with a sequence, or an include")
	}
	for _, exclude := range m.exclude {
		for _, member := range exclude.Members() {
			if !m.isAxis(member.Name) {
				return m, fmt.Errorf("matrix exclude names %q, which is no key of the matrix", member.Name)
			}
		}
	}
	return m, nil
}

func (m matrix) isAxis(name string) bool {
	for _, axis := range m.axes {
		if strings.EqualFold(axis.Name, name) {
			return true
		}
	}
	return false
}

// combination is the one with a number of all of them.
func (m matrix) combination(number, size int) []Member {
	members := make([]Member, 0, len(m.axes))
	block := size
	for _, axis := range m.axes {
		items := axis.Value.array.items
		block /= len(items)
		members = append(members, Member{Name: axis.Name, Value: items[number/block%len(items)]})
	}
	return members
}

func (m matrix) excludes(combination []Member) bool {
	values := Object(combination...)
	for _, exclude := range m.exclude {
		if matches(exclude, values) {
			return true
		}
	}
	return false
}

// extend adds what the includes that fit have beyond the axes; a later one wins.
func (m matrix) extend(combination []Member, matched []bool) []Member {
	values := Object(combination...)
	for i, include := range m.include {
		var filter, extra []Member
		for _, member := range include.Members() {
			if m.isAxis(member.Name) {
				filter = append(filter, member)
			} else {
				extra = append(extra, member)
			}
		}
		if matches(Object(filter...), values) {
			matched[i] = true
			combination = append(combination[:len(combination):len(combination)], extra...)
		}
	}
	return combination
}

// filterFirst orders the members of an include that is a leg of its own: first
// those that are axes.
func (m matrix) filterFirst(include Value) []Member {
	var axes, others []Member
	for _, member := range include.Members() {
		if m.isAxis(member.Name) {
			axes = append(axes, member)
		} else {
			others = append(others, member)
		}
	}
	return append(axes, others...)
}

// matches reports whether every leaf of the filter is in the value, by ==.
func matches(filter, value Value) bool {
	switch filter.kind {
	case KindObject:
		for _, member := range filter.object.members {
			v, _ := at(value, String(member.Name))
			if !matches(member.Value, v) {
				return false
			}
		}
		return true
	case KindArray:
		for i, item := range filter.array.items {
			v, _ := at(value, Number(float64(i)))
			if !matches(item, v) {
				return false
			}
		}
		return true
	default:
		return equal(filter, value)
	}
}

// segments are the leaves of values that a name shows.
func segments(members []Member) []string {
	var list []string
	for _, member := range members {
		list = append(list, leaves(member.Value)...)
	}
	return list
}

func leaves(v Value) []string {
	var list []string
	switch v.kind {
	case KindArray, KindObject:
		for _, item := range spread(v) {
			list = append(list, leaves(item)...)
		}
	default:
		if text := v.Text(); text != "" {
			list = append(list, text)
		}
	}
	return list
}
