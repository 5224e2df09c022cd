package standin

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
)

// change is one field that differs: as it was deployed, as it shall be, as it is.
type change struct {
	Action string `json:"action"`
	Old    any    `json:"old,omitempty"`
	New    any    `json:"new,omitempty"`
	Remote any    `json:"remote,omitempty"`
}

// identities are the keys by which entries of lists are the same.
var identities = []string{"task_key", "environment_key", "job_cluster_key", "group_name", "user_name", "service_principal_name"}

// serverSide are fields that a workspace sets when nobody does.
var serverSide = []string{"performance_target"}

// absent is a value that is not there, unlike null.
type absent struct{}

// compare finds the fields in which what was deployed or what is there differs
// from what shall be, by their paths.
func compare(old, want, remote any) map[string]change {
	out := map[string]change{}
	differ(out, "", old, want, remote)
	return out
}

func differ(out map[string]change, path string, old, want, remote any) {
	keys, maps := fields(old, want, remote)
	if maps {
		for _, k := range keys {
			differ(out, join(path, k), field(old, k), field(want, k), field(remote, k))
		}
		return
	}
	if same(want, remote) && same(want, old) {
		return
	}
	if want == (absent{}) && old == (absent{}) && (empty(remote) || slices.Contains(serverSide, path)) {
		return
	}
	out[path] = change{Action: "update", Old: shown(old), New: shown(want), Remote: shown(remote)}
}

// fields are the keys of three values, when each that is there is a map or a
// list whose entries have identities, and two are there.
func fields(values ...any) (keys []string, maps bool) {
	there := 0
	for _, v := range values {
		if v == (absent{}) {
			continue
		}
		there++
		m, ok := v.(map[string]any)
		if list, isList := v.([]any); isList {
			m, ok = keyed(list)
		}
		if !ok {
			return nil, false
		}
		for k := range m {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	slices.Sort(keys)
	return keys, there > 1
}

func field(v any, key string) any {
	m, ok := v.(map[string]any)
	if list, isList := v.([]any); isList {
		m, ok = keyed(list)
	}
	if f, there := m[key]; ok && there {
		return f
	}
	return absent{}
}

// keyed makes a map of a list whose entries each have an identity of their own.
func keyed(list []any) (map[string]any, bool) {
	out := make(map[string]any, len(list))
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, false
		}
		name := ""
		for _, id := range identities {
			if s, ok := m[id].(string); ok {
				name = fmt.Sprintf("[%s='%s']", id, s)
				break
			}
		}
		if _, twice := out[name]; name == "" || twice {
			return nil, false
		}
		out[name] = m
	}
	return out, true
}

var plainKey = regexp.MustCompile(`^[\w-]+$`)

// join makes a.b, a[task_key='x'] and a['b.c'].
func join(path, key string) string {
	switch {
	case key[:min(1, len(key))] == "[":
		return path + key
	case !plainKey.MatchString(key):
		return fmt.Sprintf("%s['%s']", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}

func same(a, b any) bool {
	if a == (absent{}) || b == (absent{}) {
		return a == b
	}
	return encode(a) == encode(b)
}

// encode is the JSON of a value, with sorted keys.
func encode(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(data)
}

func shown(v any) any {
	if v == (absent{}) {
		return nil
	}
	return v
}

// empty is what a workspace adds to settings without meaning anything.
func empty(v any) bool {
	switch x := v.(type) {
	case nil, absent:
		return true
	case bool:
		return !x
	case string:
		return x == ""
	case json.Number:
		return x == "0"
	case []any:
		return len(x) == 0
	case map[string]any:
		for _, f := range x {
			if !empty(f) {
				return false
			}
		}
		return true
	}
	return false
}
