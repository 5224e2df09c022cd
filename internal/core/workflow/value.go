package workflow

import (
	"math"
	"slices"
	"strings"
)

// Kind is the type of a Value.
type Kind uint8

// The six types that an expression can have.
const (
	KindNull Kind = iota
	KindBool
	KindNumber
	KindString
	KindArray
	KindObject
)

// String is the name as an error message says it.
func (k Kind) String() string {
	switch k {
	case KindBool:
		return "boolean"
	case KindNumber:
		return "number"
	case KindString:
		return "string"
	case KindArray:
		return "array"
	case KindObject:
		return "object"
	default:
		return "null"
	}
}

// Value is what an expression evaluates to. The zero Value is null. A Value is
// immutable; arrays and objects have an identity, because == compares them by
// reference (docs.github.com, "Evaluate expressions", operators).
type Value struct {
	kind   Kind
	truth  bool
	number float64
	text   string
	array  *array
	object *object
}

type array struct {
	items []Value
	// filtered marks the result of .* or [*]: a further property or index is
	// applied to every item.
	filtered bool
}

type object struct {
	members []Member
	index   map[string]int // folded name to place in members
	// exact makes lookups case-sensitive, as the env context is on Linux.
	exact bool
}

// Member is one "name: value" of an object.
type Member struct {
	Name  string
	Value Value
}

// Null is the null value.
func Null() Value { return Value{} }

// Bool is a boolean.
func Bool(b bool) Value { return Value{kind: KindBool, truth: b} }

// Number is a double-precision number; NaN and infinities are allowed.
func Number(f float64) Value { return Value{kind: KindNumber, number: f} }

// String is a string.
func String(s string) Value { return Value{kind: KindString, text: s} }

// Array is an array of its own identity.
func Array(items ...Value) Value {
	return Value{kind: KindArray, array: &array{items: slices.Clone(items)}}
}

// Object is an object of its own identity that keeps the order of its members.
// Names that differ only in case are one member: the first name and place, the
// last value.
func Object(members ...Member) Value { return newObject(false, members) }

// FromStrings is an object of strings, sorted by name.
func FromStrings(m map[string]string) Value { return newObject(false, sorted(m)) }

// FromEnvironment is FromStrings with names that are case-sensitive, as the env
// context is on a Linux runner.
func FromEnvironment(m map[string]string) Value { return newObject(true, sorted(m)) }

func sorted(m map[string]string) []Member {
	members := make([]Member, 0, len(m))
	for name, text := range m {
		members = append(members, Member{Name: name, Value: String(text)})
	}
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	return members
}

func newObject(exact bool, members []Member) Value {
	o := &object{index: make(map[string]int, len(members)), exact: exact}
	for _, m := range members {
		key := o.key(m.Name)
		if at, ok := o.index[key]; ok {
			o.members[at].Value = m.Value
			continue
		}
		o.index[key] = len(o.members)
		o.members = append(o.members, m)
	}
	return Value{kind: KindObject, object: o}
}

func (o *object) key(name string) string {
	if o.exact {
		return name
	}
	return fold(name)
}

func (o *object) lookup(name string) (Value, bool) {
	at, ok := o.index[o.key(name)]
	if !ok {
		return Null(), false
	}
	return o.members[at].Value, true
}

// Kind is the type of the value.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Truthy is GitHub's boolean coercion: false, 0, -0, NaN, "" and null are false.
func (v Value) Truthy() bool {
	switch v.kind {
	case KindNull:
		return false
	case KindBool:
		return v.truth
	case KindNumber:
		return v.number != 0 && !math.IsNaN(v.number)
	case KindString:
		return v.text != ""
	default:
		return true
	}
}

// Text is GitHub's string coercion: null is "", an array "Array", an object
// "Object", a number has up to 15 significant digits.
func (v Value) Text() string {
	switch v.kind {
	case KindBool:
		if v.truth {
			return "true"
		}
		return "false"
	case KindNumber:
		return formatNumber(v.number)
	case KindString:
		return v.text
	case KindArray:
		return "Array"
	case KindObject:
		return "Object"
	default:
		return ""
	}
}

// Float is GitHub's number coercion: null and false are 0, true is 1, a string
// is parsed ("" is 0), anything else is NaN.
func (v Value) Float() float64 {
	switch v.kind {
	case KindNull:
		return 0
	case KindBool:
		if v.truth {
			return 1
		}
		return 0
	case KindNumber:
		return v.number
	case KindString:
		return parseNumber(v.text)
	default:
		return math.NaN()
	}
}

// Property is the member of an object by name, null when the value is no object
// or has no such member.
func (v Value) Property(name string) Value {
	if v.kind != KindObject {
		return Null()
	}
	found, _ := v.object.lookup(name)
	return found
}

// Has reports whether the value is an object with that member.
func (v Value) Has(name string) bool {
	if v.kind != KindObject {
		return false
	}
	_, ok := v.object.lookup(name)
	return ok
}

// Items are the elements of an array, nil for anything else.
func (v Value) Items() []Value {
	if v.kind != KindArray {
		return nil
	}
	return slices.Clone(v.array.items)
}

// Members are the members of an object in order, nil for anything else.
func (v Value) Members() []Member {
	if v.kind != KindObject {
		return nil
	}
	return slices.Clone(v.object.members)
}

// Equal reports whether two values have the same content, types, order and
// case; it is for tests and for comparing plans, not the == of expressions.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case KindBool:
		return v.truth == w.truth
	case KindNumber:
		return v.number == w.number || math.IsNaN(v.number) && math.IsNaN(w.number)
	case KindString:
		return v.text == w.text
	case KindArray:
		return slices.EqualFunc(v.array.items, w.array.items, Value.Equal)
	case KindObject:
		return slices.EqualFunc(v.object.members, w.object.members, func(a, b Member) bool {
			return a.Name == b.Name && a.Value.Equal(b.Value)
		})
	default:
		return true
	}
}

func (v Value) primitive() bool { return v.kind != KindArray && v.kind != KindObject }
