package workflow_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// legs gives "NAME values" of each leg of a matrix in JSON.
func legs(t *testing.T, matrix string) ([]string, error) {
	t.Helper()
	var v workflow.Value
	if err := json.Unmarshal([]byte(matrix), &v); err != nil {
		t.Fatal(err)
	}
	list, err := workflow.Legs(v)
	var out []string
	for _, l := range list {
		values, err := json.Marshal(l.Values)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l.Name("build")+" "+string(values))
	}
	return out, err
}

func TestMatricesAreMultipliedOutAsOnGitHub(t *testing.T) {
	for _, test := range []struct {
		name, matrix string
		want         []string
	}{
		{"the first axis varies slowest", `{"os":["a","b"],"v":[1,2]}`, []string{
			`build (a, 1) {"os":"a","v":1}`, `build (a, 2) {"os":"a","v":2}`, `build (b, 1) {"os":"b","v":1}`, `build (b, 2) {"os":"b","v":2}`,
		}},
		{"an excluded combination matches in all that is named", `{"os":["a","b"],"v":[1,2],"exclude":[{"os":"a","v":1},{"v":"2","os":"B"}]}`, []string{
			`build (a, 2) {"os":"a","v":2}`, `build (b, 1) {"os":"b","v":1}`,
		}},
		{"an exclude that names less takes more", `{"os":["a","b"],"v":[1,2],"exclude":[{"os":"a"}]}`, []string{
			`build (b, 1) {"os":"b","v":1}`, `build (b, 2) {"os":"b","v":2}`,
		}},
		{"an include extends without being in the name", `{"os":["a","b"],"include":[{"os":"a","extra":true}]}`, []string{
			`build (a) {"os":"a","extra":true}`, `build (b) {"os":"b"}`,
		}},
		{"an include without axes extends all", `{"os":["a","b"],"include":[{"color":"green"}]}`, []string{
			`build (a) {"os":"a","color":"green"}`, `build (b) {"os":"b","color":"green"}`,
		}},
		{"an include that fits nowhere is a leg", `{"os":["a"],"include":[{"os":"c","extra":1}]}`, []string{
			`build (a) {"os":"a"}`, `build (c, 1) {"os":"c","extra":1}`,
		}},
		{
			"the documented example", `{"fruit":["apple","pear"],"animal":["cat","dog"],"include":[{"color":"green"},{"color":"pink","animal":"cat"},{"fruit":"apple","shape":"circle"},{"fruit":"banana"},{"fruit":"banana","animal":"cat"}]}`,
			[]string{
				`build (apple, cat) {"fruit":"apple","animal":"cat","color":"pink","shape":"circle"}`,
				`build (apple, dog) {"fruit":"apple","animal":"dog","color":"green","shape":"circle"}`,
				`build (pear, cat) {"fruit":"pear","animal":"cat","color":"pink"}`,
				`build (pear, dog) {"fruit":"pear","animal":"dog","color":"green"}`,
				`build (banana) {"fruit":"banana"}`,
				`build (banana, cat) {"fruit":"banana","animal":"cat"}`,
			},
		},
		{"include alone makes legs", `{"include":[{"site":"production","datacenter":"a"},{"site":"staging"}]}`, []string{
			`build (production, a) {"site":"production","datacenter":"a"}`, `build (staging) {"site":"staging"}`,
		}},
		{"values of any shape", `{"node":[{"version":14},{"version":20,"env":"NODE_OPTIONS=x"}]}`, []string{
			`build (14) {"node":{"version":14}}`, `build (20, NODE_OPTIONS=x) {"node":{"version":20,"env":"NODE_OPTIONS=x"}}`,
		}},
		{"an exclude matches within a value", `{"node":[{"version":14,"x":1},{"version":20}],"exclude":[{"node":{"version":14}}]}`, []string{
			`build (20) {"node":{"version":20}}`,
		}},
		{"empty texts are not in the name", `{"a":["",true,null]}`, []string{
			`build {"a":""}`, `build (true) {"a":true}`, `build {"a":null}`,
		}},
		{"where all is excluded one job without matrix is left", `{"a":[1],"exclude":[{"a":1}]}`, []string{`build null`}},
		{"an include after an exclude puts back", `{"a":[1,2],"exclude":[{"a":1}],"include":[{"a":1}]}`, []string{
			`build (2) {"a":2}`, `build (1) {"a":1}`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := legs(t, test.matrix)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMatricesThatAreNoneAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ matrix, want string }{
		"a text":                     {`"a"`, "want a mapping"},
		"an axis that is no list":    {`{"a":"x"}`, "want a sequence"},
		"an empty axis":              {`{"a":[]}`, "has no values"},
		"nothing":                    {`{}`, "defines no values"},
		"an empty include alone":     {`{"include":[]}`, "defines no values"},
		"an exclude of no axis":      {`{"a":[1],"exclude":[{"b":1}]}`, `"b"`},
		"an include without names":   {`{"a":[1],"include":[{}]}`, "not empty"},
		"an include that is a text":  {`{"a":[1],"include":["x"]}`, "want mappings"},
		"more legs than GitHub runs": {fmt.Sprintf(`{"a":%s,"b":[1,2]}`, list(129)), "at most 256"},
		"a product without end":      {fmt.Sprintf(`{"a":%[1]s,"b":%[1]s,"c":%[1]s,"d":%[1]s}`, list(200)), "more than 256"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := legs(t, test.matrix); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func list(n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprint(i)
	}
	return "[" + strings.Join(items, ",") + "]"
}

func TestLongNamesOfLegsAreCut(t *testing.T) {
	got := workflow.Leg{Segments: []string{strings.Repeat("ä", 120)}}.Name("build")
	if n := len([]rune(got)); n != 100 || !strings.HasSuffix(got, "...") {
		t.Errorf("name of %d characters: %s", n, got)
	}
}

// An exclude and the legs that are left never agree, and every combination is
// somewhere.
func TestLegsAreWhatExcludesLeave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		axis := rapid.SliceOfNDistinct(rapid.IntRange(0, 5), 1, 4, rapid.ID[int])
		a, b := axis.Draw(t, "a"), axis.Draw(t, "b")
		na, nb := rapid.IntRange(0, 5).Draw(t, "exclude a"), rapid.IntRange(0, 5).Draw(t, "exclude b")
		number := func(list []int) workflow.Value {
			var out []workflow.Value
			for _, n := range list {
				out = append(out, workflow.Number(float64(n)))
			}
			return workflow.Array(out...)
		}
		exclude := workflow.Object(
			workflow.Member{Name: "a", Value: workflow.Number(float64(na))}, workflow.Member{Name: "b", Value: workflow.Number(float64(nb))})
		got, err := workflow.Legs(workflow.Object(
			workflow.Member{Name: "a", Value: number(a)}, workflow.Member{Name: "b", Value: number(b)},
			workflow.Member{Name: "exclude", Value: workflow.Array(exclude)}))
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, x := range a {
			for _, y := range b {
				if x != na || y != nb {
					want++
				}
			}
		}
		if want == 0 {
			want = 1 // the job without matrix
		}
		if len(got) != want {
			t.Fatalf("%d legs, want %d", len(got), want)
		}
		for _, l := range got {
			if l.Values.Property("a").Float() == float64(na) && l.Values.Property("b").Float() == float64(nb) && !l.Values.IsNull() {
				t.Errorf("leg %v is excluded", l)
			}
		}
	})
}
