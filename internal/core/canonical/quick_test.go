package canonical

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"
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

// What is arranged is what the slow way makes of it.
func FuzzArrangeIsTheSlowWay(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `[[],{},""]`, `{"b":1,"a":{"d":[1,2],"c":{}},"":true}`, `{"a":1,"a":2}`, `{"b":1,"a":2,"b":3}`, `{"é":1}`, `{"\u0061":1}`, `-0`, `01`, `1.0`, `9007199254740993`,
		`"\u003c\u003E\u0026\u2028\u00e9\ufffd"`, `"\"\\\b\f\n\r\t\/"`, `"\u0000\u001f\u000a\u007f"`, `"\u0022\u005c\u002f"`, `"\ud83d\ude80"`, `"\ud83d"`, `"\u12"`, `"\x"`, `"` + "\xff" + `"`,
		`[1,]`, `[,1]`, `{"a":1,}`, `{"a"}`, `{"a":}`, `[1 ,2]`, `tru`, ``, `[`, `{`, `"`, `"\`, `{"a":[{"z":1,"y":"x"}],"A":null}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := arrange(data)
		if !ok {
			return
		}
		if err := restrict(data); err != nil {
			t.Fatalf("%q is arranged and refused: %v", data, err)
		}
		if want, err := jcs.Transform(data); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q becomes %q, want %q, %v", data, got, want, err)
		}
	})
}

// What encoding/json writes of any text is arranged, but for control characters
// that have no letter, so that the quick way is the usual one.
func TestArrangeKnowsWhatIsUsual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.MapOf(rapid.StringMatching(`[a-z_]{1,5}`), rapid.SliceOf(rapid.StringMatching(`[\t\n"\\<>& -~æ≥🚀\x{2028}]*`))).Draw(t, "v")
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := arrange(raw); !ok || !slow(got) {
			t.Fatalf("%s is arranged to %s", raw, got)
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

// What canonical bytes cost beside writing JSON in any order.
func BenchmarkMarshal(b *testing.B) {
	type row struct {
		URS, FS, Test map[string]string
		Cells         []string
		State         string
	}
	var rows []row
	for range 1_000 {
		item := map[string]string{"id": "URS-corp-procurement-1", "title": "København ≥ 95 %, <bold>", "source": "requirements.md:12"}
		rows = append(rows, row{item, item, item, []string{"OK", "FAILED"}, "FAILED"})
	}
	var ours, least time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := Marshal(rows); err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		if _, err := json.Marshal(rows); err != nil {
			b.Fatal(err)
		}
		ours, least = ours+between.Sub(began), least+time.Since(between)
	}
	b.ReportMetric(ours.Seconds()/least.Seconds(), "ours/json")
}
