package joblog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/joblog"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)

func TestALineIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := joblog.Line{
			Time: at.Add(time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "us")) * time.Microsecond),
			Step: rapid.IntRange(0, 10_000).Draw(t, "step"), Stream: rapid.SampledFrom([]string{"stdout", "stderr", "system"}).Draw(t, "stream"),
			Text: strings.ReplaceAll(rapid.String().Draw(t, "text"), "\n", " "),
		}
		got, ok := joblog.Parse(want.String())
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Fatalf("ok %v\n%s", ok, diff)
		}
	})
}

func TestWhatIsNoLineIsNotRead(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                   "",
		"no time":                   "now 1 stdout hello",
		"a time without fractions":  "2026-03-04T05:06:07Z 1 stdout hello",
		"no number of a step":       "2026-03-04T05:06:07.000008Z one stdout hello",
		"a negative step":           "2026-03-04T05:06:07.000008Z -1 stdout hello",
		"a step with leading zeros": "2026-03-04T05:06:07.000008Z 01 stdout hello",
		"no stream":                 "2026-03-04T05:06:07.000008Z 1",
		"an empty stream":           "2026-03-04T05:06:07.000008Z 1  hello",
		"cut after the stream":      "2026-03-04T05:06:07.000008Z 1 stdout",
	} {
		if got, ok := joblog.Parse(text); ok {
			t.Errorf("%s: %q is read as %+v", name, text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2026-03-04T05:06:07.000008Z 1 stdout hello\n")
	f.Add("2026-03-04T05:06:07.000008Z 0 system ##[group]Set up")
	f.Add(" ")
	f.Fuzz(func(t *testing.T, text string) {
		if l, ok := joblog.Parse(text); ok && l.String() != strings.TrimSuffix(text, "\n")+"\n" {
			t.Errorf("%q is written as %q", text, l.String())
		}
	})
}

func TestOnlyTheRunnerMarksLines(t *testing.T) {
	for name, c := range map[string]struct {
		stream, text string
		mark         joblog.Mark
		want         string
	}{
		"a heading":                      {"system", "##[group]Run make", joblog.Group, "Run make"},
		"the end of a fold":              {"system", "##[endgroup]", joblog.EndGroup, ""},
		"an error":                       {"system", "##[error]exit code 1", joblog.Error, "exit code 1"},
		"a step that prints a mark":      {"stdout", "##[error]mine", joblog.NoMark, "##[error]mine"},
		"a mark that is none":            {"system", "##[section]Starting", joblog.NoMark, "##[section]Starting"},
		"a mark that does not end":       {"system", "##[error", joblog.NoMark, "##[error"},
		"a line of the runner's without": {"system", "shell: bash", joblog.NoMark, "shell: bash"},
	} {
		mark, text := joblog.Line{Stream: c.stream, Text: c.text}.Marked()
		if mark != c.mark || text != c.want {
			t.Errorf("%s: got %q %q, want %q %q", name, mark, text, c.mark, c.want)
		}
	}
}

func TestAStepBeginsWithItsFirstLine(t *testing.T) {
	var s joblog.Step
	for i, l := range []joblog.Line{
		{Step: 0, Stream: "system", Text: "##[error]not of a step"},
		{Step: 1, Stream: "system", Text: "##[group]Run make"},
		{Step: 1, Stream: "stdout", Text: "compiling"},
		{Step: 0, Stream: "system", Text: "of the job"},
		{Step: 3, Stream: "stderr", Text: "a step without heading"},
	} {
		l.Time = at.Add(time.Duration(i) * time.Second)
		s = s.Follow(l)
		want := []joblog.Step{
			{},
			{Number: 1, Name: "Run make", Since: at.Add(time.Second)},
			{Number: 1, Name: "Run make", Since: at.Add(time.Second)},
			{Number: 1, Name: "Run make", Since: at.Add(time.Second)},
			{Number: 3, Since: at.Add(4 * time.Second)},
		}[i]
		if diff := cmp.Diff(want, s); diff != "" {
			t.Errorf("after line %d:\n%s", i, diff)
		}
	}
}

func TestAFollowerSeesTheSameHoweverALogIsSplit(t *testing.T) {
	var log strings.Builder
	var want joblog.Step
	for i, text := range []string{"##[group]Run one", strings.Repeat("x", 9000), "##[group]Run two", "done"} {
		l := joblog.Line{Time: at.Add(time.Duration(i) * time.Second), Step: 1 + i/2, Stream: joblog.System, Text: text}
		log.WriteString(l.String())
		want = want.Follow(l)
	}
	if want.Name != "Run two" {
		t.Fatalf("the log ends at %+v", want)
	}
	rapid.Check(t, func(t *rapid.T) {
		var f joblog.Follower
		for rest := log.String(); rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			if _, err := f.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if diff := cmp.Diff(want, f.Step); diff != "" {
			t.Fatal(diff)
		}
	})
}

func BenchmarkFollower(b *testing.B) {
	text := []byte(strings.Repeat(joblog.Line{Time: at, Step: 7, Stream: "stdout", Text: strings.Repeat("y", 60)}.String(), 1000))
	b.SetBytes(int64(len(text)))
	var f joblog.Follower
	for b.Loop() {
		_, _ = f.Write(text)
	}
}
