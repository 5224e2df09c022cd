package canonical_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"pgregory.net/rapid"
)

func TestMarshalSortsAndCompacts(t *testing.T) {
	got, err := canonical.Marshal(map[string]any{"b": 1, "a": []any{"<é>", nil, true}, "€": "x"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":["<é>",null,true],"b":1,"€":"x"}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAttack54_CheckRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"a duplicate key":                  `{"a":1,"a":1}`,
		"a duplicate key by escape":        `{"a":1,"\u0061":1}`,
		"a float":                          `{"a":1.5}`,
		"an exponent":                      `{"a":1e3}`,
		"a too large integer":              `{"a":9007199254740992}`,
		"negative zero":                    `{"a":-0}`,
		"white space":                      `{"a": 1}`,
		"a trailing newline":               "{}\n",
		"unsorted keys":                    `{"b":1,"a":1}`,
		"a needless escape":                `{"a":"\u0041"}`,
		"an escaped slash":                 `"\/"`,
		"two values":                       `{}{}`,
		"nothing":                          ``,
		"a lone surrogate":                 `"\ud800"`,
		"invalid UTF-8":                    "\"\xff\"",
		"an array nested beyond the limit": strings.Repeat("[", 70) + strings.Repeat("]", 70),
		"an upper-case escape":             `"\u000B"`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := canonical.Check([]byte(in)); err == nil {
				t.Errorf("accepted %q", in)
			}
		})
	}
}

func TestMarshalRefusesFloats(t *testing.T) {
	if _, err := canonical.Marshal(map[string]any{"a": 0.5}); err == nil {
		t.Error("a float was encoded")
	}
}

func TestUnmarshalRefusesUnknownFields(t *testing.T) {
	var v struct {
		A int `json:"a"`
	}
	if err := canonical.Unmarshal([]byte(`{"a":1,"b":2}`), &v); err == nil {
		t.Error("an unknown field was accepted")
	}
}

func TestWhatMarshalMakesCheckAccepts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.MapOf(rapid.String(), rapid.Int64Range(-(1<<53-1), 1<<53-1)).Draw(t, "v")
		data, err := canonical.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := canonical.Check(data); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
	})
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":[1,"x",null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if canonical.Check(data) != nil {
			return
		}
		var v any
		if err := canonical.Unmarshal(data, &v); err != nil {
			t.Fatalf("checked but not decoded: %q: %v", data, err)
		}
	})
}
