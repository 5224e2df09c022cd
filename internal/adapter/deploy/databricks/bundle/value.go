package bundle

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Kind is what a value is.
type Kind int

// The kinds.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Map
)

// Value is a part of a configuration with its place. The nil Value is a null:
// what is not there can be asked for more.
type Value struct {
	Kind  Kind
	Text  string // of a scalar; bool and number as JSON writes them
	Place Place

	items []*Value
	pairs []pair
}

type pair struct {
	key   string
	place Place
	value *Value
}

func text(at Place, s string) *Value { return &Value{Kind: Text, Text: s, Place: at} }

func mapping(at Place) *Value { return &Value{Kind: Map, Place: at} }

// Get is the value of a key, nil without one.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	for i := range v.pairs {
		if v.pairs[i].key == key {
			return v.pairs[i].value
		}
	}
	return nil
}

// At follows keys.
func (v *Value) At(keys ...string) *Value {
	for _, k := range keys {
		v = v.Get(k)
	}
	return v
}

// Items are the values of a list.
func (v *Value) Items() []*Value {
	if v == nil {
		return nil
	}
	return v.items
}

// Keys are those of a map in their order.
func (v *Value) Keys() []string {
	if v == nil {
		return nil
	}
	out := make([]string, len(v.pairs))
	for i, p := range v.pairs {
		out[i] = p.key
	}
	return out
}

// String is the text of a scalar, else "".
func (v *Value) String() string {
	if v == nil {
		return ""
	}
	return v.Text
}

// Null says whether there is nothing.
func (v *Value) Null() bool { return v == nil || v.Kind == Null }

func (v *Value) place() Place {
	if v == nil {
		return Place{}
	}
	return v.Place
}

// keyPlace is where a key was written.
func (v *Value) keyPlace(key string) Place {
	if v != nil {
		for _, p := range v.pairs {
			if p.key == key {
				return p.place
			}
		}
	}
	return v.place()
}

// set gives a map a value for a key.
func (v *Value) set(key string, to *Value) {
	for i := range v.pairs {
		if v.pairs[i].key == key {
			v.pairs[i].value = to
			return
		}
	}
	v.pairs = append(v.pairs, pair{key, to.place(), to})
}

func (v *Value) setText(key, s string) { v.set(key, text(v.Place, s)) }

// fill sets what is not there.
func (v *Value) fill(key string, to *Value) {
	if v.Get(key).Null() {
		v.set(key, to)
	}
}

// child is the map of a key, made when there is none.
func (v *Value) child(key string) *Value {
	if c := v.Get(key); c != nil && c.Kind == Map {
		return c
	}
	c := mapping(v.Place)
	v.set(key, c)
	return c
}

func (v *Value) remove(key string) {
	v.pairs = slices.DeleteFunc(v.pairs, func(p pair) bool { return p.key == key })
}

func (v *Value) clone() *Value {
	if v == nil {
		return nil
	}
	c := *v
	c.items = make([]*Value, len(v.items))
	for i, item := range v.items {
		c.items[i] = item.clone()
	}
	c.pairs = slices.Clone(v.pairs)
	for i := range c.pairs {
		c.pairs[i].value = c.pairs[i].value.clone()
	}
	return &c
}

// Plain is the value as encoding/json knows it, numbers as json.Number.
func (v *Value) Plain() any {
	if v == nil {
		return nil
	}
	switch v.Kind {
	case Bool:
		return v.Text == "true"
	case Number:
		return json.Number(v.Text)
	case Text:
		return v.Text
	case List:
		out := make([]any, len(v.items))
		for i, item := range v.items {
			out[i] = item.Plain()
		}
		return out
	case Map:
		out := make(map[string]any, len(v.pairs))
		for _, p := range v.pairs {
			out[p.key] = p.value.Plain()
		}
		return out
	case Null:
	}
	return nil
}

// JSON is indented, with sorted keys and a newline at its end.
func (v *Value) JSON() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v.Plain()); err != nil {
		return nil // a Plain is made of what JSON has
	}
	return b.Bytes()
}

// identities are the keys by which the entries of a list are the same entry.
var identities = map[string]string{
	"tasks":        "task_key",
	"environments": "environment_key",
	"job_clusters": "job_cluster_key",
	"parameters":   "name",
}

// merge puts b over a: maps key by key, lists of identities entry by entry,
// other lists one after the other, else b. What names a principal is not mixed.
func merge(a, b *Value, key string) *Value {
	switch {
	case b == nil || b.Kind == Null:
		return a
	case a == nil || a.Kind != b.Kind || key == "run_as":
		return b.clone()
	case b.Kind == Map:
		for _, p := range b.pairs {
			if old := a.Get(p.key); old == nil {
				a.pairs = append(a.pairs, pair{p.key, p.place, p.value.clone()})
			} else {
				a.set(p.key, merge(old, p.value, p.key))
			}
		}
		return a
	case b.Kind == List:
		return mergeLists(a, b, identities[key])
	}
	return b.clone()
}

func mergeLists(a, b *Value, identity string) *Value {
	for _, item := range b.items {
		i := slices.IndexFunc(a.items, func(v *Value) bool {
			return identity != "" && v.Get(identity).String() != "" && v.Get(identity).String() == item.Get(identity).String()
		})
		if i < 0 {
			a.items = append(a.items, item.clone())
		} else {
			a.items[i] = merge(a.items[i], item, "")
		}
	}
	return a
}
