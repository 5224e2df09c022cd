package testresult_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// one is a file of each format with one case of a name, and a text that is
// looked at nowhere. Both are written as they stand there.
var one = []struct {
	format string
	file   func(name, other string) string
}{
	{"junit", func(name, other string) string {
		return "<testsuite name='s'><testcase name='" + name + "'><system-out>" + other + "</system-out></testcase></testsuite>"
	}},
	{"xunit", func(name, other string) string {
		return "<assembly name='s'><collection><test result='Pass' name='" + name + "'><output>" + other + "</output></test></collection></assembly>"
	}},
	{"cucumber", func(name, other string) string {
		return `[{"uri":"a","elements":[{"name":"` + name + `","steps":[{"result":{"status":"passed"},"embeddings":[{"data":"` + other + `"}]}]}]}]`
	}},
	{"ctrf", func(name, other string) string {
		return `{"results":{"tests":[{"name":"` + name + `","status":"passed","screenshot":"` + other + `"}]}}`
	}},
	{"dbt", func(name, other string) string {
		return `{"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/run-results/v6.json"},"results":[{"unique_id":"` + name + `","status":"pass","compiled_code":"` + other + `"}]}`
	}},
	{"allure", func(name, other string) string {
		return `{"uuid":"1","historyId":"2","name":"` + name + `","status":"passed","description":"` + other + `"}`
	}},
	{"gotest", func(name, other string) string {
		return `{"Action":"run","Package":"p","Test":"` + name + `","Source":"` + other + `"}` + "\n" + `{"Action":"pass","Package":"p","Test":"` + name + `"}` + "\n" + `{"Action":"pass","Package":"p"}` + "\n"
	}},
}

func isXML(format string) bool { return format == "junit" || format == "xunit" }

func readText(t *testing.T, text string) evidence.Report {
	t.Helper()
	r, err := testresult.Read("text", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNamesThatDeceive(t *testing.T) {
	for _, c := range []struct{ what, json, xml, want string }{
		{"right to left", `a\u202egnp.exe`, "a\u202egnp.exe", "a\u202egnp.exe"},
		{"a bell and an escape", `a\u0007\u001b[31m`, "", "a\a\x1b[31m"},
		{"NUL", `a\u0000b`, "", "a\uFFFDb"},
		{"half of a pair", `a\ud83d`, "", "a\uFFFD"},
		{"an id between other letters", "æTEST-corp-1ø", "æTEST-corp-1ø", "æTEST-corp-1ø"},
	} {
		for _, o := range one {
			name := c.json
			if isXML(o.format) {
				name = c.xml
			}
			if name == "" {
				continue
			}
			t.Run(c.what+" in "+o.format, func(t *testing.T) {
				r := readText(t, o.file(name, ""))
				if r.Format != o.format || len(r.Cases) != 1 || r.Cases[0].Name != c.want || !evidence.Verdict(r).Passed {
					t.Errorf("got %+v", r)
				}
			})
		}
	}
}

func TestALongNameIsCutAndNoted(t *testing.T) {
	long := strings.Repeat("ø", 1<<19) // 1 MiB
	for _, o := range one {
		t.Run(o.format, func(t *testing.T) {
			r := readText(t, o.file(long, ""))
			if o.format == "gotest" { // a line of 2 MiB
				if evidence.Verdict(r).Passed || !strings.Contains(r.Problems[0].Message, "a line has more than") {
					t.Errorf("got %+v", r.Problems)
				}
				return
			}
			if len(r.Cases) != 1 || len(r.Cases[0].Name) > evidence.MaxMessage || !strings.HasSuffix(r.Cases[0].Name, "ø…") || !strings.Contains(r.Problems[0].Message, "is cut") {
				t.Errorf("%d cases, problems %v", len(r.Cases), r.Problems)
			}
		})
	}
}

func TestMalformedTextIsRefusedAtItsPlace(t *testing.T) {
	for _, c := range []struct {
		what, name, other string
		want              string
	}{
		{"bytes that are not UTF-8", "a\xffb", "", "UTF-8"},
		{"bytes that are not UTF-8 where nobody looks", "a", "b\xff", "UTF-8"},
		{"NUL", "a\x00b", "", ""},
		{"a control character", "a\x07b", "", ""},
		{"a new line in a name", "a\nb", "", ""},
		{"an escape that there is not", `a\xb`, "", "escape"},
		{"half of an escape", `a\u12`, "", ""},
	} {
		for _, o := range one {
			if isXML(o.format) && (strings.Contains(c.what, "escape") || strings.Contains(c.what, "line")) {
				continue // nothing special there
			}
			t.Run(c.what+" in "+o.format, func(t *testing.T) {
				r := readText(t, o.file(c.name, c.other))
				if evidence.Verdict(r).Passed || len(r.Problems) == 0 || r.Problems[0].Line != 1 || !strings.Contains(r.Problems[0].Message, c.want) {
					t.Errorf("got %+v", r)
				}
			})
		}
	}
}

func TestDefectsOfJSON(t *testing.T) {
	for _, c := range []struct {
		what string
		old  string
		new  string
		want string
	}{
		{"a key twice where nobody looks", `"x":"y"`, `"x":{"a":1,"b":2,"a":1}`, `key "a" stands twice`},
		{"a key twice through an escape", `"x":"y"`, `"x":{"a":1,"\u0061":1}`, `key "a" stands twice`},
		{"nested too deep", `"x":"y"`, `"x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70), "nested deeper than 64"},
		{"never closed", `"x":"y"`, `"x":` + strings.Repeat("[", 60), ""},
		{"a number of 600 digits", `"x":"y"`, `"x":` + strings.Repeat("9", 600), "more than 512 bytes"},
		{"a number with a leading zero", `"x":"y"`, `"x":01`, ""},
		{"no number", `"x":"y"`, `"x":NaN`, ""},
		{"a comma too much", `"x":"y"`, `"x":[1,]`, ""},
		{"two words that white space parts", `"x":"y"`, `"x":tru e`, ""},
		{"single quotes", `"x":"y"`, `'x':1`, ""},
		{"a comment", `"x":"y"`, `/* c */ "x":"y"`, ""},
	} {
		for _, o := range one {
			if isXML(o.format) {
				continue
			}
			t.Run(c.what+" in "+o.format, func(t *testing.T) {
				whole := o.file("a", `","x":"y`)
				if r := readText(t, whole); !evidence.Verdict(r).Passed {
					t.Fatalf("without the defect: %+v", r)
				}
				r := readText(t, strings.Replace(whole, c.old, c.new, 1))
				if evidence.Verdict(r).Passed || !strings.Contains(fmt.Sprint(r.Problems), c.want) {
					t.Errorf("got %+v", r)
				}
			})
		}
	}
}

func TestGarbageAfterTheEnd(t *testing.T) {
	for _, o := range one {
		for _, garbage := range []string{"{}", "[]", "x", "\x00", "<a/>", `{"status":"failed"}`} {
			t.Run(o.format+" "+garbage, func(t *testing.T) {
				text := o.file("a", "") + "\n" + garbage
				if o.format == "gotest" && garbage[0] != '{' {
					return // lines of text stand between events
				}
				if r := readText(t, text); evidence.Verdict(r).Passed {
					t.Errorf("passed: %+v", r)
				}
			})
		}
	}
}

// embedded is a file of 60 MiB with an embedding in base64.
func embedded(format string) io.Reader {
	for _, o := range one {
		if o.format == format {
			before, after, _ := strings.Cut(o.file("a", "HERE"), "HERE")
			return io.MultiReader(strings.NewReader(before), io.LimitReader(letters{}, 60<<20), strings.NewReader(after))
		}
	}
	return nil
}

func TestEmbeddedFilesAreNotHeld(t *testing.T) {
	for _, format := range []string{"cucumber", "ctrf", "dbt", "allure"} {
		t.Run(format, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := testresult.Read("big", embedded(format))
			runtime.ReadMemStats(&after)
			if err != nil || !evidence.Verdict(r).Passed {
				t.Fatalf("%+v %v", r.Problems, err)
			}
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4<<20 {
				t.Errorf("allocated %d bytes for an embedding of 60 MiB", allocated)
			}
		})
	}
}

func TestPlacesOfJSON(t *testing.T) {
	const text = "\xef\xbb\xbf{\n  \"results\" : {\n\t\"tests\": [\n    {\"name\": \"é\",\r\n  \"status\": \"passed\"}\n  , {\"name\": 5}]}}"
	r := readText(t, text)
	p := r.Problems[0]
	if r.Cases[0].Line != 4 || p.Line != 6 || p.Column != 14 || p.Message != "a number, want a text" {
		t.Errorf("case at %d, problem %+v", r.Cases[0].Line, p)
	}
}

func TestMoreCasesThanTheLimit(t *testing.T) {
	for _, c := range []struct{ format, before, each, after string }{
		{"cucumber", `[{"uri":"a","elements":[`, `{"steps":[{"result":{"status":"passed"}}]}`, "]}]"},
		{"ctrf", `{"results":{"tests":[`, `{"name":"a","status":"passed"}`, "]}}"},
	} {
		t.Run(c.format, func(t *testing.T) {
			r := readText(t, c.before+strings.Repeat(c.each+",", testresult.MaxCases)+c.each+c.after)
			if evidence.Verdict(r).Passed || !strings.Contains(fmt.Sprint(r.Problems[len(r.Problems)-1]), "more than 200000 cases") {
				t.Errorf("%d cases, last %v", len(r.Cases), r.Problems[len(r.Problems)-1])
			}
		})
	}
}
