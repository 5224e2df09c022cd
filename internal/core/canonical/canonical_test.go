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

// TestNamesAreComparedByteForByte: the decoder underneath takes a name in another
// case for the field, and the last one of two.
func TestNamesAreComparedByteForByte(t *testing.T) {
	type inner struct {
		Seq int64 `json:"seq"`
	}
	type outer struct {
		inner
		KeyID string           `json:"key_id"`
		List  []inner          `json:"list"`
		Map   map[string]inner `json:"map"`
		One   *inner           `json:"one"`
	}
	for name, c := range map[string]struct {
		in string
		v  any
		ok bool
	}{
		"the name":               {`{"seq":1}`, &inner{}, true},
		"upper case":             {`{"Seq":1}`, &inner{}, false},
		"both":                   {`{"seq":6,"ſeq":5}`, &inner{}, false},
		"another name":           {`{"sea":1}`, &inner{}, false},
		"all of it":              {`{"key_id":"K","list":[{"seq":1}],"map":{"Seq":{"seq":1},"ſ":{}},"one":{"seq":1},"seq":1}`, &outer{}, true},
		"inside of a list":       {`{"list":[{"Seq":1}]}`, &outer{}, false},
		"inside of a map":        {`{"map":{"a":{"SEQ":1}}}`, &outer{}, false},
		"behind a pointer":       {`{"one":{"Seq":1}}`, &outer{}, false},
		"of what is embedded":    {`{"SEQ":1}`, &outer{}, false},
		"a value like a name":    {`{"key_id":"Seq\":"}`, &outer{}, true},
		"space before the colon": {"{\"Seq\" \n :1}", &inner{}, false},
		"anything":               {`{"A":1,"a":2}`, &map[string]any{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for what, err := range map[string]error{"canonical": canonical.Unmarshal([]byte(c.in), c.v), "loose": canonical.UnmarshalLoose([]byte(c.in), c.v)} {
				if (err == nil) != c.ok {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}
