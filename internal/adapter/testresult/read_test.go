package testresult_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the .want.json files")

// corpus is every result file under testdata: real ones and ones with a defect.
func corpus(t testing.TB) []string {
	all, err := filepath.Glob("testdata/*/*")
	if err != nil {
		t.Fatal(err)
	}
	files := slices.DeleteFunc(all, func(f string) bool { return strings.HasSuffix(f, ".want.json") || filepath.Base(f) == "README.md" })
	if len(files) < 100 {
		t.Fatalf("found %d result files", len(files))
	}
	return files
}

func read(t testing.TB, file string) evidence.Report {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	report, err := testresult.Read(file, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestCorpus(t *testing.T) {
	for _, file := range corpus(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			report := read(t, file)
			got, err := json.MarshalIndent(struct {
				Report  evidence.Report    `json:"report"`
				Verdict evidence.Judgement `json:"verdict"`
			}{report, evidence.Verdict(report)}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(filepath.Base(file), "bad-") && evidence.Verdict(report).Passed {
				t.Error("a bad file passed")
			}
			if !strings.HasPrefix(file, "testdata/foreign/") && report.Format != filepath.Base(filepath.Dir(file)) {
				t.Errorf("read as %q", report.Format)
			}
			want := file + ".want.json"
			if *update {
				if err := os.WriteFile(want, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			expected, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(expected), string(got)+"\n"); d != "" {
				t.Error(d)
			}
		})
	}
}

// totals.txt is written by hand from what the producers ran: -update leaves it
// alone.
func TestTotalsAreWhatTheProducersRan(t *testing.T) {
	text, err := os.ReadFile("testdata/totals.txt")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 0 && !strings.HasPrefix(line, "#") {
			said["testdata/"+fields[0]] = strings.Join(fields[1:], " ")
		}
	}
	for _, file := range corpus(t) {
		r := read(t, file)
		verdict := "failed"
		if evidence.Verdict(r).Passed {
			verdict = "passed"
		}
		o := r.Totals
		got := fmt.Sprintf("%d = %d + %d + %d + %d flaky %d %s", o.Cases, o.Passed, o.Failed, o.Errored, o.Skipped, o.Flaky, verdict)
		if said[file] != got {
			t.Errorf("%s: got %q, totals.txt says %q", file, got, said[file])
		}
		delete(said, file)
	}
	for file := range said {
		t.Errorf("totals.txt names %s, which is not there", file)
	}
}

func TestEachFormatHasACorpus(t *testing.T) {
	for _, f := range testresult.Formats() {
		files, _ := filepath.Glob("testdata/" + f + "/*.want.json")
		if _, err := os.Stat("testdata/" + f + "/README.md"); len(files) < 4 || err != nil {
			t.Errorf("format %s has %d files, origin: %v", f, len(files), err)
		}
	}
}

// A file that is cut anywhere is no evidence, whatever its format.
func TestAttack34_ATruncatedFileNeverPasses(t *testing.T) {
	for _, file := range []string{
		"junit/pytest-old-family.xml", "xunit/passed.xml", "cucumber/cucumber-js-passed.json", "ctrf/jest-passed.json", "gotest/passed.jsonl",
		"dbt/passed-v5.json", "allure/single-passed.json", "allure/jest-passed.zip",
	} {
		t.Run(file, func(t *testing.T) {
			whole, err := os.ReadFile("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			whole = bytes.TrimSpace(whole)
			if r, err := testresult.Read("whole", bytes.NewReader(whole)); err != nil || !evidence.Verdict(r).Passed {
				t.Fatalf("the whole file did not pass: %v %v", r.Problems, err)
			}
			for n := range whole {
				r, err := testresult.Read("cut", bytes.NewReader(whole[:n]))
				if err != nil {
					t.Fatal(err)
				}
				if evidence.Verdict(r).Passed {
					t.Fatalf("the first %d of %d bytes passed", n, len(whole))
				}
			}
		})
	}
}

func TestAReadErrorIsAnErrorWithTheName(t *testing.T) {
	boom := errors.New("disk gone")
	_, err := testresult.Read("r.xml", io.MultiReader(strings.NewReader("<testsuite>"), iotest.ErrReader(boom)))
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), `"r.xml"`) {
		t.Errorf("got %v", err)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name, want string
		file       io.Reader
	}{
		{"depth", "nested deeper than 64", strings.NewReader(strings.Repeat("<testsuite>", 5000))},
		{"cases", "more than 200000 cases", strings.NewReader("<testsuite>" + strings.Repeat("<testcase/>", testresult.MaxCases+1) + "</testsuite>")},
		{"size", fmt.Sprintf("want at most %d", testresult.MaxSize), io.MultiReader(
			strings.NewReader("<testsuite><testcase name='a'><system-out>"),
			io.LimitReader(letters{}, testresult.MaxSize),
			strings.NewReader("</system-out></testcase></testsuite>"),
		)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := testresult.Read(c.name, c.file)
			if err != nil {
				t.Fatal(err)
			}
			j := evidence.Verdict(r)
			if j.Passed || !strings.Contains(strings.Join(j.Reasons, "\n"), c.want) {
				t.Errorf("got %+v, want %q", j, c.want)
			}
		})
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestMessagesAndProblemsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("<testsuite>")
	for range 500 {
		b.WriteString("<testcase name='same'/>")
	}
	b.WriteString("<testcase name='long'><failure>" + strings.Repeat("æ", 10_000) + "</failure></testcase></testsuite>")
	r, err := testresult.Read("many", strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	last := r.Cases[len(r.Cases)-1]
	if len(r.Problems) > 200 || len(last.Message) > evidence.MaxMessage || !strings.HasSuffix(last.Message, "æ…") {
		t.Errorf("%d problems, message of %d bytes ending in %q", len(r.Problems), len(last.Message), last.Message[len(last.Message)-8:])
	}
}
