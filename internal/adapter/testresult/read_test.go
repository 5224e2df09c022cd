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
	"strings"
	"testing"
	"testing/iotest"

	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the .want.json files")

func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.xml")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d fixtures, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			report, err := testresult.Read(file, bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
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
			want := strings.TrimSuffix(file, ".xml") + ".want.json"
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

func TestEachFormatHasFixtures(t *testing.T) {
	for _, f := range testresult.Formats() {
		files, _ := filepath.Glob("testdata/" + f + "/*.want.json")
		if _, err := os.Stat("testdata/" + f + "/ORIGIN"); len(files) == 0 || err != nil {
			t.Errorf("format %s has %d fixtures, origin: %v", f, len(files), err)
		}
	}
}

func TestAttack34_ATruncatedFileNeverPasses(t *testing.T) {
	whole, err := os.ReadFile("testdata/junit/pytest-old-family.xml")
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

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/junit/*.xml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := testresult.Read("fuzz", bytes.NewReader(data))
		if err != nil {
			t.Fatalf("an error for bad content: %v", err)
		}
		if r.Totals != evidence.Count(r.Cases) || len(r.SHA256) != 64 {
			t.Fatalf("totals %+v of %d cases", r.Totals, len(r.Cases))
		}
		if evidence.Verdict(r).Passed && len(r.Cases) == 0 {
			t.Fatal("nothing passed")
		}
		for _, c := range r.Cases {
			if len(c.Message) > evidence.MaxMessage || c.DurationUS < 0 || c.Line < 1 {
				t.Fatalf("case %+v", c)
			}
			for _, id := range c.IDs {
				if _, err := evidence.ParseID(id); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var s strings.Builder
	s.WriteString("<testsuites><testsuite name='pytest'>")
	for i := range 10_000 {
		fmt.Fprintf(&s, `<testcase classname="tests.integration.test_a" name="test_%d" time="0.01"><properties><property name="verifies" value="FS-corp-%d"/></properties></testcase>`, i, i+1)
	}
	s.WriteString("</testsuite></testsuites>")
	data := s.String()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := testresult.Read("bench", strings.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
