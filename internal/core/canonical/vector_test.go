package canonical_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

var update = flag.Bool("update", false, "write the vectors of docs/release-log-format.md anew")

const vectorFile = "../../../docs/testdata/format/canonical.json"

type accepted struct {
	In  string `json:"in"`
	Out string `json:"out"`
}

type refused struct {
	In     string `json:"in"`
	Base64 []byte `json:"in_base64,omitempty"`
	Why    string `json:"why"`
}

// TestTheVectorsOfCanonicalJSON holds the program against the pairs of the format
// page, and the file against the pairs.
func TestTheVectorsOfCanonicalJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + "0" + strings.Repeat("]", n) }
	var v struct {
		Accepted []accepted `json:"accepted"`
		Refused  []refused  `json:"refused"`
	}
	v.Accepted = []accepted{
		{`{}`, `{}`},
		{"[ true , false,\n null ]", `[true,false,null]`},
		{`{"b":1,"a":{"d":[],"c":""}}`, `{"a":{"c":"","d":[]},"b":1}`},
		{`[9007199254740991,-9007199254740991,0]`, `[9007199254740991,-9007199254740991,0]`},
		{`"\u0041\/\u00e9\u20ac"`, `"A/é€"`},
		{`"\u0000\u001f\u0008\u0009\u000a\u000c\u000d\"\\"`, `"\u0000\u001f\b\t\n\f\r\"\\"`},
		{`"\u003c>&\u2028\u007f"`, "\"<>&\u2028\u007f\""},
		{`"\ud83d\ude80"`, `"🚀"`},
		{`{"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"\u00f6":4,"1":5,"\r":6}`, "{\"\\r\":6,\"1\":5,\"ö\":4,\"€\":3,\"😀\":2,\"\ufb33\":1}"},
		{`{"a":1,"A":2}`, `{"A":2,"a":1}`},
		{deep(64), deep(64)},
	}
	texts := []struct{ in, why string }{
		{``, "nothing"},
		{`{"a":1}` + "\n", "a line feed after the value"},
		{` {}`, "white space before"},
		{`[1, 2]`, "white space inside"},
		{`{"b":1,"a":2}`, "names out of order"},
		{`{"a":1,"a":1}`, "a name twice"},
		{`{"a":1,"\u0061":2}`, "a name twice, written differently"},
		{"{\"\ufb33\":1,\"😀\":2}", "names in the order of code points, not of UTF-16"},
		{`1.0`, "a fraction"},
		{`1e3`, "an exponent"},
		{`-0`, "minus zero"},
		{`01`, "a leading zero"},
		{`9007199254740992`, "2^53"},
		{`-9007199254740992`, "-2^53"},
		{`NaN`, "no number"},
		{`"\/"`, "an escape that is not needed"},
		{`"\u0041"`, "an escape that is not needed"},
		{`"\u001F"`, "upper case in an escape"},
		{`"\u000a"`, "the long form of a short escape"},
		{"\"\n\"", "a control character as itself"},
		{`"\ud800"`, "half a character"},
		{`"\udc00\ud800"`, "halves in the wrong order"},
		{`[1,]`, "a comma too many"},
		{`{"a":1}{}`, "two values"},
		{`'a'`, "other quotes"},
		{`nul`, "half a word"},
		{deep(65), "nested too deep"},
	}
	for _, x := range texts {
		v.Refused = append(v.Refused, refused{In: x.in, Why: x.why})
	}
	v.Refused = append(v.Refused, refused{Base64: []byte("\"\xff\""), Why: "no UTF-8"}, refused{Base64: []byte("\xef\xbb\xbf{}"), Why: "a byte order mark"})
	for _, x := range v.Accepted {
		if got, err := canonical.Marshal(json.RawMessage(x.In)); err != nil || string(got) != x.Out {
			t.Errorf("%s is %s, %v; want %s", x.In, got, err, x.Out)
		}
		if err := canonical.Check([]byte(x.Out)); err != nil {
			t.Errorf("%s: %v", x.Out, err)
		}
	}
	for _, x := range v.Refused {
		data := []byte(x.In)
		if x.Base64 != nil {
			data = x.Base64
		}
		if err := canonical.Check(data); err == nil {
			t.Errorf("%q is accepted: %s", data, x.Why)
		}
	}
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vectorFile, raw.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(vectorFile); err != nil || !bytes.Equal(got, raw.Bytes()) || !utf8.Valid(got) {
		t.Errorf("%s is not what is tested here (%v): run the test with -update", vectorFile, err)
	}
	if want := base64.StdEncoding.EncodeToString([]byte("\"\xff\"")); !strings.Contains(raw.String(), want) {
		t.Errorf("no bytes that are no UTF-8: %s", want)
	}
}
