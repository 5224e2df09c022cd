package standin_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/standin"
)

func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFieldsThatDiffer(t *testing.T) {
	for name, c := range map[string]struct {
		old, want, remote string
		paths             []string
	}{
		"nothing":                         {`{"a":1}`, `{"a":1}`, `{"a":1}`, nil},
		"changed by the bundle":           {`{"a":1}`, `{"a":2}`, `{"a":1}`, []string{"a"}},
		"changed by others":               {`{"a":1}`, `{"a":1}`, `{"a":2}`, []string{"a"}},
		"removed by others":               {`{"a":1}`, `{"a":1}`, `{}`, []string{"a"}},
		"added by others":                 {`{}`, `{}`, `{"a":1}`, []string{"a"}},
		"a map added by others":           {`{}`, `{}`, `{"a":{"b":1}}`, []string{"a"}},
		"an empty default":                {`{}`, `{}`, `{"a":{"b":[],"c":0,"d":false,"e":"","f":null}}`, nil},
		"a default of the workspace":      {`{}`, `{}`, `{"performance_target":"STANDARD"}`, nil},
		"an empty value that was meant":   {`{"a":1}`, `{"a":0}`, `{"a":1}`, []string{"a"}},
		"removed by the bundle":           {`{"a":1}`, `{}`, `{"a":1}`, []string{"a"}},
		"other order of entries":          {`[{"task_key":"x"},{"task_key":"y"}]`, `[{"task_key":"x"},{"task_key":"y"}]`, `[{"task_key":"y"},{"task_key":"x"}]`, nil},
		"an entry of a list":              {`{"t":[{"task_key":"x","n":1}]}`, `{"t":[{"task_key":"x","n":1}]}`, `{"t":[{"task_key":"x","n":2}]}`, []string{"t[task_key='x'].n"}},
		"an entry more":                   {`{"t":[]}`, `{"t":[]}`, `{"t":[{"task_key":"x"}]}`, []string{"t[task_key='x']"}},
		"other order of values":           {`{"p":[1,2]}`, `{"p":[1,2]}`, `{"p":[2,1]}`, []string{"p"}},
		"entries of one identity":         {`{"t":[{"task_key":"x"}]}`, `{"t":[{"task_key":"x"}]}`, `{"t":[{"task_key":"x"},{"task_key":"x"}]}`, []string{"t"}},
		"a key with a dot":                {`{"a":{"b.c":1}}`, `{"a":{"b.c":2}}`, `{"a":{"b.c":1}}`, []string{"a['b.c']"}},
		"another kind of value":           {`{"a":{"b":1}}`, `{"a":{"b":1}}`, `{"a":"b"}`, []string{"a"}},
		"a null is not what is not there": {`{"a":null}`, `{"a":null}`, `{"a":1}`, []string{"a"}},
		"changed by both in the same way": {`{"a":1}`, `{"a":2}`, `{"a":2}`, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := standin.Compare(value(t, c.old), value(t, c.want), value(t, c.remote))
			if !slices.Equal(got, c.paths) {
				t.Errorf("got %q, want %q", got, c.paths)
			}
		})
	}
}

// Nothing differs from itself; and what differs is found, unless it is empty.
func TestCompareProperties(t *testing.T) {
	scalar := rapid.OneOf(rapid.Just[any](true), rapid.Just[any](json.Number("1")), rapid.Just[any]("x"), rapid.Just[any](nil))
	var tree func(depth int) *rapid.Generator[any]
	tree = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return scalar
		}
		inner := tree(depth - 1)
		key := rapid.SampledFrom([]string{"a", "b.c", "task_key", "[x]", ""})
		return rapid.OneOf(scalar,
			rapid.Map(rapid.SliceOfN(inner, 0, 3), func(s []any) any { return s }),
			rapid.Map(rapid.MapOfN(key, inner, 0, 3), func(m map[string]any) any { return m }))
	}
	plain := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := tree(3).Draw(t, "a"), tree(3).Draw(t, "b")
		if got := standin.Compare(a, a, a); len(got) > 0 {
			t.Errorf("%s differs from itself in %q", plain(a), got)
		}
		if got := standin.Compare(a, b, a); plain(a) == plain(b) && len(got) > 0 {
			t.Errorf("%s: %q", plain(a), got)
		}
		wrapped := map[string]any{"v": a, "w": "old"}
		changed := map[string]any{"v": b, "w": "new"}
		if got := standin.Compare(wrapped, wrapped, changed); !slices.Contains(got, "w") {
			t.Errorf("%s and %s: the change of w is not in %q", plain(wrapped), plain(changed), got)
		}
	})
}
