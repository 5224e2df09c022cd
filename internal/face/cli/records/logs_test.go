package records_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/records"
)

// owner answers operations from what a test says happens, one moment after the
// other: a moment passes with each call that waits.
type owner struct {
	own     bool // this process
	moments []moment
	at      int
	gone    int // so many calls get no answer
	waits   []string
	stuck   bool // nothing happens after the last moment
}

// moment is a run at a time: what each execution has printed.
type moment struct {
	jobs     []inspect.Job
	logs     map[string]string // by execution
	ended    map[string]bool   // executions
	finished bool
	moving   bool

	conclusion string
}

func (o *owner) Owner() bool                    { return o.own }
func (o *owner) WaitIdle(context.Context) error { return nil }
func (o *owner) Close() error                   { return nil }

// pageSize makes several pages of a short log.
const pageSize = 120

func (o *owner) Call(ctx context.Context, name string, request []byte) ([]byte, error) {
	if o.gone > 0 {
		o.gone--
		return nil, fmt.Errorf("%w: EOF", operation.ErrGone)
	}
	var q struct {
		inspect.LogQuery
		Cursor string
	}
	if err := json.Unmarshal(request, &q); err != nil {
		return nil, err
	}
	if q.Wait > 0 && o.stuck && o.at == len(o.moments)-1 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if q.Wait > 0 {
		o.waits = append(o.waits, name)
		o.at = min(o.at+1, len(o.moments)-1)
	}
	m := o.moments[o.at]
	detail := inspect.RunDetail{Run: q.Run, Jobs: m.jobs, Finished: m.finished, Conclusion: m.conclusion}
	switch name {
	case "run.show":
		return json.Marshal(detail)
	case "run.watch":
		return json.Marshal(inspect.Watched{RunDetail: detail, Cursor: fmt.Sprint(o.at), Moving: m.moving})
	}
	execution := q.Execution
	for _, j := range m.jobs {
		if j.Key == q.Job && execution == "" {
			execution = j.Execution
		}
	}
	log, ok := m.logs[execution]
	if !ok {
		return nil, fault.New(fault.NotFound, "no execution %q", execution)
	}
	text := log[min(int(q.Offset), len(log)):]
	if len(text) > pageSize {
		text = text[:strings.LastIndexByte(text[:pageSize], '\n')+1]
	}
	next := q.Offset + int64(len(text))
	return json.Marshal(inspect.LogPage{
		Run: q.Run, Job: strings.Split(execution, "/")[2], Execution: execution, Offset: q.Offset, Next: next,
		Text: text, Complete: m.ended[execution] && next == int64(len(log)),
	})
}

// call runs "runs ..." against an owner.
func call(t *testing.T, o *owner, args ...string) (out, errOut string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &console.Env{Out: &stdout, Err: &stderr, Data: "data", Connect: func(context.Context, *console.Env) (console.Session, error) { return o, nil }}
	cmd := records.Runs(env)
	cmd.PersistentFlags().BoolVar(&env.JSON, "json", false, "")
	cmd.SetArgs(args)
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

const (
	buildLog = `2026-03-04T05:06:07.000001Z 1 system ##[group]Run make
2026-03-04T05:06:07.000002Z 1 system make all
2026-03-04T05:06:07.000003Z 1 system ##[endgroup]
2026-03-04T05:06:08.000000Z 1 stdout compiling
2026-03-04T05:06:09.000000Z 1 stderr it is <old>
2026-03-04T05:06:10.000000Z 1 system ##[warning]it is old
2026-03-04T05:06:11.000000Z 1 system ##[error]process completed with exit code 2
`
	testLog = "2026-03-04T05:06:09.000000Z 2 stdout ok 1\n2026-03-04T05:06:12.000000Z 2 stdout ok 2"

	build, test = "R/1/build/1", "R/1/test/1"
)

func job(key, execution, status string, printed int) inspect.Job {
	return inspect.Job{Key: key, Execution: execution, Status: status, Log: int64(printed)}
}

func ended() *owner {
	return &owner{moments: []moment{{
		jobs: []inspect.Job{job("build", build, "done", 0), {Key: "later", Status: "pending"}, job("test", test, "done", 0)},
		logs: map[string]string{build: buildLog, test: testLog}, ended: map[string]bool{build: true, test: true}, finished: true,
	}}}
}

const buildText = `05:06:07  > Run make
05:06:07    make all
05:06:08  compiling
05:06:09  it is <old>
05:06:10  warning: it is old
05:06:11  error: process completed with exit code 2
`

func TestLogsAreForPeopleRawOrJSON(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"one job":    {[]string{"--job", "build"}, buildText},
		"one try":    {[]string{"--execution", build}, buildText},
		"as it is":   {[]string{"--job", "build", "--raw"}, buildLog},
		"all jobs":   {nil, "== build\n" + buildText + "== test\n05:06:09  ok 1\n05:06:12  ok 2\n"},
		"all as is":  {[]string{"--raw"}, buildLog + testLog},
		"the rest":   {[]string{"--job", "test", "--offset", "44", "--raw"}, testLog[44:]},
		"half a row": {[]string{"--job", "test", "--offset", "40"}, "1\n05:06:12  ok 2\n"},
		"json": {[]string{"--job", "test", "--json"}, `{"schema":"dc-release/log/v1","run":"R","job":"test","execution":"R/1/test/1",` +
			`"offset":0,"next":83,"complete":true,"text":"2026-03-04T05:06:09.000000Z 2 stdout ok 1\n2026-03-04T05:06:12.000000Z 2 stdout ok 2"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			out, errOut, err := call(t, ended(), append([]string{"logs", "R"}, c.args...)...)
			if diff := cmp.Diff(c.want, out); err != nil || errOut != "" || diff != "" {
				t.Errorf("%v %q\n%s", err, errOut, diff)
			}
		})
	}
}

// The offset of each JSON page is the next of the one before; any of them is a
// place to go on from.
func TestJSONPagesCanBeResumed(t *testing.T) {
	out, _, err := call(t, ended(), "logs", "R", "--job", "build", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var next int64
	var text string
	lines := strings.SplitAfter(strings.TrimSuffix(out, "\n"), "\n")
	for i, line := range lines {
		var p struct {
			Schema string
			inspect.LogPage
		}
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		if p.Schema != "dc-release/log/v1" || p.Offset != next || p.Complete != (i == len(lines)-1) {
			t.Errorf("page %d: %+v", i, p)
		}
		rest, _, err := call(t, ended(), "logs", "R", "--execution", p.Execution, "--offset", fmt.Sprint(p.Next), "--raw")
		if text, next = text+p.Text, p.Next; err != nil || text+rest != buildLog {
			t.Errorf("resumed at %d: %q, %v", next, rest, err)
		}
	}
	if len(lines) < 3 {
		t.Errorf("%d pages", len(lines))
	}
}

// growing is a run whose jobs print one after the other and together.
func growing() *owner {
	running := func(b, t string, status string) []inspect.Job {
		return []inspect.Job{job("build", build, status, len(b)), job("test", test, "running", len(t))}
	}
	return &owner{moments: []moment{
		{jobs: []inspect.Job{job("build", build, "running", 0), {Key: "test", Status: "pending"}}, logs: map[string]string{build: ""}, moving: true},
		{jobs: running(buildLog[:160], "", "running"), logs: map[string]string{build: buildLog[:152], test: ""}, moving: true},
		{jobs: running(buildLog[:160], testLog[:43], "running"), logs: map[string]string{build: buildLog[:152], test: testLog[:42]}, moving: true},
		{jobs: running("", testLog[:43], "done"), logs: map[string]string{build: buildLog, test: testLog[:42]}, ended: map[string]bool{build: true}, moving: true},
		{
			jobs: []inspect.Job{job("build", build, "done", 0), job("test", test, "done", 0)}, finished: true,
			logs: map[string]string{build: buildLog, test: testLog}, ended: map[string]bool{build: true, test: true},
		},
	}}
}

func TestAFollowedLogEndsWithItsExecution(t *testing.T) {
	for name, o := range map[string]*owner{"an owner that stays": growing(), "an owner that is replaced": growing()} {
		if name == "an owner that is replaced" {
			o.gone = 2
		}
		out, errOut, err := call(t, o, "logs", "R", "--job", "build", "--follow")
		if diff := cmp.Diff(buildText, out); err != nil || errOut != "" || diff != "" {
			t.Errorf("%s: %v %q\n%s", name, err, errOut, diff)
		}
		if len(o.waits) < 2 {
			t.Errorf("%s: waited %d times only", name, len(o.waits))
		}
	}
}

func TestAllJobsAreFollowedAsTheyCome(t *testing.T) {
	out, errOut, err := call(t, growing(), "logs", "R", "--follow")
	want := `build | 05:06:07  > Run make
build | 05:06:07    make all
test | 05:06:09  ok 1
build | 05:06:08  compiling
build | 05:06:09  it is <old>
build | 05:06:10  warning: it is old
build | 05:06:11  error: process completed with exit code 2
test | 05:06:12  ok 2
`
	if diff := cmp.Diff(want, out); err != nil || errOut != "" || diff != "" {
		t.Errorf("%v %q\n%s", err, errOut, diff)
	}
}

func TestATriedAgainJobIsFollowedOn(t *testing.T) {
	second := "R/1/build/2"
	o := &owner{moments: []moment{
		{jobs: []inspect.Job{job("build", build, "running", 42)}, logs: map[string]string{build: testLog[:42]}, moving: true},
		{jobs: []inspect.Job{job("build", second, "running", 0)}, logs: map[string]string{build: testLog, second: ""}, ended: map[string]bool{build: true}, moving: true},
		{
			jobs: []inspect.Job{job("build", second, "done", 0)}, finished: true,
			logs: map[string]string{build: testLog, second: "2026-03-04T05:06:20.000000Z 1 stdout again\n"}, ended: map[string]bool{build: true, second: true},
		},
	}}
	out, _, err := call(t, o, "logs", "R", "--follow")
	want := "build | 05:06:09  ok 1\nbuild | 05:06:12  ok 2\nbuild | 05:06:20  again\n"
	if diff := cmp.Diff(want, out); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestFollowingEndsWhereNothingMoves(t *testing.T) {
	still := func(own bool) *owner {
		return &owner{own: own, moments: []moment{{
			jobs: []inspect.Job{job("build", build, "running", 42)}, logs: map[string]string{build: testLog[:42]},
		}}}
	}
	for name, c := range map[string]struct {
		own  bool
		args []string
		want string
	}{
		"a run that waits for people":    {false, []string{"--follow"}, "the run waits for people\n"},
		"nobody serves":                  {true, []string{"--follow"}, "nobody serves data: nothing moves until dc-release serve\n"},
		"nobody serves and one is meant": {true, []string{"--follow", "--job", "build"}, "nobody serves data: nothing moves until dc-release serve\n"},
		"nobody follows":                 {true, []string{"--job", "build"}, ""},
	} {
		out, errOut, err := call(t, still(c.own), append([]string{"logs", "R"}, c.args...)...)
		if err != nil || errOut != c.want || !strings.HasSuffix(out, "05:06:09  ok 1\n") {
			t.Errorf("%s: %v %q %q", name, err, out, errOut)
		}
	}
}

func TestLogsRefusesWhatDoesNotGoTogether(t *testing.T) {
	for _, args := range [][]string{
		{"--raw", "--json"},
		{"--offset", "3"},
		{"--attempt", "1"},
		{"--job", "build", "--attempt", "-1"},
	} {
		if _, _, err := call(t, ended(), append([]string{"logs", "R"}, args...)...); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v: %v", args, err)
		}
	}
}
