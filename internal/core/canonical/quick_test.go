package canonical

import (
	"bytes"
	"testing"

	"github.com/gowebpki/jcs"
)

// slow is what Check does when nothing is plain.
func slow(data []byte) bool {
	if restrict(data) != nil {
		return false
	}
	out, err := jcs.Transform(data)
	return err == nil && bytes.Equal(out, data)
}

func FuzzQuickAcceptsOnlyWhatIsCanonical(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `{"a":1,"b":[true,false,null,"x"]}`, `{"b":1,"a":2}`, `{"a":1,"a":2}`, `{"a":01}`, `-0`, `-1`, `0`, `1.0`, `1e3`, ` 1`, `1 `, `"é"`, `"\u00e9"`,
		`"` + "\x7f" + `"`, `"` + "\x1f" + `"`, `"` + "\u2028" + `"`, `"` + "\xff" + `"`, `999999999999999`, `9007199254740993`, `{"é":1}`, `{"a":{"b":{}}}`, `[1,]`, `{"a"}`, `tru`, ``, `"<>&"`, `{"":1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if quick(data) && !slow(data) {
			t.Errorf("%q is taken for canonical", data)
		}
	})
}

func TestQuickKnowsWhatIsUsual(t *testing.T) {
	for _, s := range []string{`{"a":1,"b":[true,false,null,"x ö"],"c":{"d":-7}}`, `{}`, `[]`, `0`} {
		if !quick([]byte(s)) {
			t.Errorf("%s is not taken for canonical", s)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	data := []byte(`{"actor":{"authentication":"socket","id":"01J0000000000000000000ROOT","kind":"person","role":"administrator"},"authorised_by":"","build":"0.1.0","seq":2}`)
	for b.Loop() {
		if err := Check(data); err != nil {
			b.Fatal(err)
		}
	}
}
