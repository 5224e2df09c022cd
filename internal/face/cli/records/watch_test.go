package records_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/joblog"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/records"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func watched(jobs ...inspect.Job) inspect.Watched {
	return inspect.Watched{
		RunDetail: inspect.RunDetail{Run: "01RUN", Event: "push", Ref: "refs/tags/v1.0.0", SHA: "0123456789abcdef", Jobs: jobs},
		Moving:    true, Time: now,
	}
}

func running(key string, step *joblog.Step) inspect.Job {
	return inspect.Job{Key: key, Status: "running", Execution: "01RUN/1/" + key + "/1", Started: now.Add(-83 * time.Second).Format("2006-01-02T15:04:05.000000Z"), Step: step}
}

func TestJobsStandBelowThoseThatTheirKeysContinue(t *testing.T) {
	w := watched(
		inspect.Job{Key: "checks", Status: "done", Conclusion: "success"},
		inspect.Job{Key: "tst", Status: "open"},
		running("tst/deploy", &joblog.Step{Number: 3, Name: "Run make", Since: now.Add(-5 * time.Second)}),
		inspect.Job{Key: "tst/gate", Status: "waiting", Environment: "pre_val"},
		inspect.Job{Key: "build#1", Status: "open"},
		running("build#1/compile", nil),
		inspect.Job{Key: "build#2", Status: "done", Conclusion: "failure", Reason: "step \"x\":\n exit\x1b[2J code 2"},
		inspect.Job{Key: "a/b/c#12/d", Status: "pending"},
		inspect.Job{Key: "tstx", Status: "queued"},
		inspect.Job{Key: "prd", Status: "running", Silent: true, Started: "2026-03-04T05:06:07.000000Z", Reason: "nobody hears of its worker"},
	)
	want := []string{
		"success|checks",
		"open|tst",
		"running|  deploy|1m23s  step 3: Run make (5s)",
		"waiting|  gate|for gate pre_val",
		"open|build#1",
		"running|  compile|1m23s",
		`failure|build#2|step "x": exit code 2`,
		"pending|a/b/c#12/d",
		"queued|tstx",
		"running|prd|nobody hears of its worker",
	}
	if diff := cmp.Diff(want, records.NewTree(w, 0)); diff != "" {
		t.Error(diff)
	}
	if got := records.NewTree(w, 2*time.Second)[2]; got != "running|  deploy|1m25s  step 3: Run make (7s)" {
		t.Errorf("two seconds later: %q", got)
	}
}

func TestADrawingFitsTheScreen(t *testing.T) {
	w := watched(running("build", &joblog.Step{Number: 1, Name: strings.Repeat("日本", 60), Since: now}))
	for i := range 60 {
		state := []string{"success", "pending", "failure", "skipped"}[i%4]
		j := inspect.Job{Key: fmt.Sprintf("job%d", i), Status: "done", Conclusion: state}
		if state == "pending" {
			j.Status, j.Conclusion = "pending", ""
		}
		w.Jobs = append(w.Jobs, j)
	}
	escapes := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	for _, screen := range []console.Screen{{Columns: 80, Rows: 24}, {Columns: 40, Rows: 24, Colour: true}, {Columns: 200, Rows: 100, Colour: true}, {Columns: 80, Rows: 5}, {Columns: 21, Rows: 2}} {
		lines := records.Draw(w, 0, screen)
		if len(lines) >= screen.Rows && screen.Rows > 3 {
			t.Errorf("%+v: %d lines", screen, len(lines))
		}
		all := strings.Join(lines, "\n")
		for _, line := range lines[:len(lines)-1] {
			if n := runewidth.StringWidth(escapes.ReplaceAllString(line, "")); n >= screen.Columns {
				t.Errorf("%+v: %d columns in %q", screen, n, line)
			}
		}
		if strings.Contains(all, "\x1b") != screen.Colour {
			t.Errorf("%+v: colours", screen)
		}
		if screen.Rows == 24 && (!strings.Contains(all, "build") || strings.Count(all, "failure") != 15 || !strings.Contains(all, "and 40 more jobs")) {
			t.Errorf("%+v leaves out what has to be looked at:\n%s", screen, all)
		}
		if screen.Rows == 100 && strings.Contains(all, "more jobs") {
			t.Errorf("%+v leaves out jobs that have room", screen)
		}
	}
}

// terminal is the little of one that a drawing uses.
type terminal struct {
	lines [][]rune
	row   int
}

var sequence = regexp.MustCompile(`^\x1b\[(\d*)([AJKm])`)

func (s *terminal) write(t *testing.T, text string) {
	t.Helper()
	for text != "" {
		for len(s.lines) <= s.row {
			s.lines = append(s.lines, nil)
		}
		if m := sequence.FindStringSubmatch(text); m != nil {
			text = text[len(m[0]):]
			switch m[2] {
			case "A":
				n, _ := strconv.Atoi(m[1])
				if s.row -= n; s.row < 0 {
					t.Fatal("the cursor leaves the screen")
				}
			case "J":
				s.lines = s.lines[:s.row]
			}
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		switch r {
		case '\r':
			s.lines[s.row] = nil
		case '\n':
			s.row++
		case '\x1b':
			t.Fatalf("an unknown sequence: %q", text)
		default:
			s.lines[s.row] = append(s.lines[s.row], r)
		}
	}
}

func TestARunIsDrawnInPlace(t *testing.T) {
	screen := console.Screen{Columns: 80, Rows: 24}
	few := watched(inspect.Job{Key: "only", Status: "queued"})
	many := watched(running("a", nil), running("b", nil), inspect.Job{Key: "a-job-with-a-long-name", Status: "pending"})
	var out bytes.Buffer
	if err := records.Redraw(&out, screen, few, many, few, many, few); err != nil {
		t.Fatal(err)
	}
	var s terminal
	s.write(t, out.String())
	var got []string
	for _, l := range s.lines {
		got = append(got, string(l))
	}
	if diff := cmp.Diff(records.Draw(few, 0, screen), got); diff != "" {
		t.Error(diff)
	}
}

// life is a run that is watched from its beginning to an end.
func life(last moment) *owner {
	step := func(n int, name string) *joblog.Step { return &joblog.Step{Number: n, Name: name, Since: now} }
	return &owner{moments: []moment{
		{jobs: []inspect.Job{{Key: "build", Status: "queued"}, {Key: "later", Status: "pending"}}, moving: true},
		{jobs: []inspect.Job{running("build", nil), {Key: "later", Status: "pending"}}, moving: true},
		{jobs: []inspect.Job{running("build", step(1, "Run make")), {Key: "later", Status: "pending"}}, moving: true},
		{jobs: []inspect.Job{running("build", step(1, "Run make")), {Key: "later", Status: "pending"}}, moving: true},
		{jobs: []inspect.Job{running("build", step(2, "Test")), {Key: "later", Status: "pending"}}, moving: true},
		last,
	}}
}

func TestEachChangeIsALineWithoutATerminal(t *testing.T) {
	o := life(moment{
		jobs:     []inspect.Job{{Key: "build", Status: "done", Conclusion: "success"}, {Key: "later", Status: "waiting", Environment: "pre_val"}},
		finished: false,
	})
	out, errOut, err := call(t, o, "watch", "01RUN")
	want := `00:00:00 in progress: run 01RUN,  of  at 
00:00:00 queued     build
00:00:00 running    build
00:00:00 running    build  step 1: Run make
00:00:00 running    build  step 2: Test
00:00:00 success    build
00:00:00 waiting    later  for gate pre_val
00:00:00 waits for people: run 01RUN,  of  at 
`
	if diff := cmp.Diff(want, out); errOut != "" || diff != "" {
		t.Errorf("%q\n%s", errOut, diff)
	}
	wantExit(t, err, 3)
}

func wantExit(t *testing.T, err error, code int) {
	t.Helper()
	var exit *console.Exit
	switch {
	case code == 0 && err == nil:
	case errors.As(err, &exit) && exit.Code == code:
	case fault.ExitCode(err) == code && code > 1:
	default:
		t.Errorf("got %v, want exit code %d", err, code)
	}
}

func TestTheExitCodeSaysHowTheRunEnded(t *testing.T) {
	done := func(conclusion string) moment {
		return moment{jobs: []inspect.Job{{Key: "build", Status: "done", Conclusion: conclusion}}, finished: true, conclusion: conclusion}
	}
	for name, c := range map[string]struct {
		last moment
		own  bool
		code int
		note string
	}{
		"success":              {done("success"), false, 0, ""},
		"skipped":              {done("skipped"), false, 0, ""},
		"failure":              {done("failure"), false, 6, ""},
		"cancelled":            {done("cancelled"), false, 6, ""},
		"it waits for people":  {moment{}, false, 3, ""},
		"nobody serves":        {moment{}, true, 3, "nobody serves"},
		"it ended, unattended": {done("failure"), true, 6, ""},
	} {
		o := life(c.last)
		o.own = c.own
		_, errOut, err := call(t, o, "watch", "01RUN")
		if !strings.HasPrefix(errOut, c.note) || c.note == "" && errOut != "" {
			t.Errorf("%s: %q", name, errOut)
		}
		wantExit(t, err, c.code)
	}
}

func TestAWatchThatTakesTooLongEndsWith8(t *testing.T) {
	o := life(moment{jobs: []inspect.Job{running("build", nil)}, moving: true})
	o.stuck = true
	_, _, err := call(t, o, "watch", "01RUN", "--timeout", "300ms")
	wantExit(t, err, 8)
	if err == nil || !strings.Contains(err.Error(), "still moves after 300ms") {
		t.Errorf("got %v", err)
	}
}

func TestChangesAreJSONWhenThatIsWanted(t *testing.T) {
	o := life(moment{jobs: []inspect.Job{{Key: "build", Status: "done", Conclusion: "failure"}}, finished: true, conclusion: "failure"})
	out, _, err := call(t, o, "watch", "01RUN", "--json")
	wantExit(t, err, 6)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 5 { // moment 3 is moment 2
		t.Errorf("%d objects:\n%s", len(lines), out)
	}
	for _, l := range lines {
		var c struct{ Schema, Run string }
		if err := json.Unmarshal([]byte(l), &c); err != nil || c.Schema != "dc-release/run-watch/v1" || c.Run != "01RUN" {
			t.Errorf("%v in %s", err, l)
		}
	}
	want := `{"schema":"dc-release/run-watch/v1","time":"0001-01-01T00:00:00Z","run":"01RUN","finished":true,"conclusion":"failure","moving":false,` +
		`"jobs":[{"key":"build","name":"","status":"done","conclusion":"failure","call":false}]}`
	if diff := cmp.Diff(want, lines[len(lines)-1]); diff != "" {
		t.Error(diff)
	}
}
