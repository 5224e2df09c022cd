package workflow_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestTheZeroValueIsNull(t *testing.T) {
	var v workflow.Value
	if !v.IsNull() || v.Truthy() || v.Text() != "" || v.Float() != 0 || !v.Property("a").IsNull() {
		t.Errorf("zero value = %s %q", v.Kind(), v.Text())
	}
}

func TestObjectsKeepOrderAndFindNamesInAnyCase(t *testing.T) {
	v := workflow.Object(
		workflow.Member{Name: "Zulu", Value: workflow.Number(1)},
		workflow.Member{Name: "alpha", Value: workflow.String("a")},
		workflow.Member{Name: "ZULU", Value: workflow.Number(2)},
	)
	got, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"Zulu":2,"alpha":"a"}`; string(got) != want {
		t.Errorf("JSON %s, want %s", got, want)
	}
	if v.Property("zulu").Float() != 2 || !v.Has("ALPHA") || v.Has("beta") {
		t.Error("a member is not found")
	}
}

func TestEnvironmentsAreCaseSensitive(t *testing.T) {
	m := map[string]string{"PATH": "/bin", "path": "x", "B": "1", "A": "2"}
	v := workflow.FromEnvironment(m)
	if v.Property("PATH").Text() != "/bin" || v.Property("path").Text() != "x" || v.Has("Path") {
		t.Error("names of an environment are not exact")
	}
	if got := workflow.FromStrings(map[string]string{"b": "1", "a": "2"}).Members()[0].Name; got != "a" {
		t.Errorf("first member %q, want the sorted one", got)
	}
}

func TestValuesAreImmutable(t *testing.T) {
	items := []workflow.Value{workflow.Number(1)}
	v := workflow.Array(items...)
	items[0] = workflow.Null()
	v.Items()[0] = workflow.Null()
	if v.Items()[0].Float() != 1 {
		t.Error("an array changed after it was made")
	}
}

func TestNumbersWithoutJSONFormAreRefused(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := json.Marshal(workflow.Array(workflow.Number(f))); err == nil {
			t.Errorf("%v is written", f)
		}
	}
}

func TestInvalidJSONIsRefused(t *testing.T) {
	var v workflow.Value
	for _, src := range []string{`{"a":}`, `[1 2]`, `{"a" 1}`, `tru`, `"a`} {
		if err := json.Unmarshal([]byte(src), &v); err == nil {
			t.Errorf("%s is read as %q", src, v.Text())
		}
	}
}

// anyValue draws values that have a JSON form.
func anyValue() *rapid.Generator[workflow.Value] {
	scalar := rapid.OneOf(
		rapid.Just(workflow.Null()),
		rapid.Map(rapid.Bool(), workflow.Bool),
		rapid.Map(rapid.Float64Range(-1e18, 1e18), workflow.Number),
		rapid.Map(rapid.String(), workflow.String),
	)
	tree := scalar
	for range 3 {
		inner := tree
		tree = rapid.OneOf(
			scalar,
			rapid.Map(rapid.SliceOfN(inner, 0, 4), func(s []workflow.Value) workflow.Value { return workflow.Array(s...) }),
			rapid.Map(rapid.MapOfN(rapid.String(), inner, 0, 4), func(m map[string]workflow.Value) workflow.Value {
				var members []workflow.Member
				for name, v := range m {
					members = append(members, workflow.Member{Name: name, Value: v})
				}
				return workflow.Object(members...)
			}),
		)
	}
	return tree
}

func TestValuesTravelAsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue().Draw(t, "value")
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back workflow.Value
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(v, back); diff != "" {
			t.Error(diff)
		}
	})
}

func TestComparisonsAreConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		env := workflow.Env{Contexts: map[string]workflow.Value{
			"a": anyValue().Draw(t, "a"), "b": anyValue().Draw(t, "b"),
		}}
		is := func(src string) bool {
			e, err := workflow.ParseExpression(src)
			if err != nil {
				t.Fatal(err)
			}
			v, err := e.Evaluate(env)
			if err != nil {
				t.Fatal(err)
			}
			return v.Truthy()
		}
		if is("a == b") != is("b == a") {
			t.Error("== is not symmetric")
		}
		if is("a == b") == is("a != b") {
			t.Error("!= is not the opposite of ==")
		}
		if is("a < b") != is("b > a") || is("a <= b") != is("b >= a") {
			t.Error("< and > are not mirrored")
		}
		if is("a < b") && (is("a == b") || is("a > b")) {
			t.Error("more than one of < == > holds")
		}
		if is("a <= b") != (is("a < b") || is("a == b")) {
			t.Error("<= is not < or ==")
		}
		if !is("a == a") {
			t.Error("a value does not equal itself")
		}
	})
}
