package verify_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// said publishes a release whose plan and failed deployment have a record, and
// whose task has an output; it gives the digests of both records.
func said(t *testing.T) (log fstest.MapFS, record, tasks string) {
	t.Helper()
	s := start(t)
	r := s.Register("1.0.0", "")
	raw, err := canonical.Marshal(deployment.Record{
		Schema: deployment.RecordSchema,
		Invocations: []deployment.Invocation{{
			Argv: []string{"deployer", "plan"}, Environment: []string{"HOST"}, Stdout: s.Put("2 to create\n"), Stderr: s.Put("\x00\xff"),
			Began: "2026-03-04T13:22:05.000000Z", Ended: "2026-03-04T13:22:06.000000Z",
		}},
		Answers: []deployment.Answer{{Name: "GET /jobs", SHA256: s.Put(`{"jobs":[]}`)}},
	})
	must(t, err)
	record = s.Put(string(raw))
	x, fence := r.Execute("tst", "tst", "")
	r.Keep(x)
	stream := ledger.EnvironmentStream(publishtest.Solution, "tst")
	s.Append(
		ledger.Draft{Stream: stream, Data: &deployment.Planned{Environment: "tst", Version: "1.0.0", Run: r.Run, Tree: r.Tree, Destroys: []string{}, Record: record}},
		ledger.Draft{Stream: stream, Data: &deployment.Begun{Environment: "tst", Run: r.Run, Execution: x}},
		ledger.Draft{Stream: stream, Data: &deployment.Failed{Environment: "tst", Run: r.Run, Execution: x, Problem: "it is locked", Record: record}},
		ledger.Draft{Stream: stream, Data: &deployment.Failed{Environment: "tst", Run: "another", Execution: "another/1/tst/1", Problem: "of another run", Record: strings.Repeat("0", 64)}},
	)
	item := r.TaskRuns("tst", deployment.TaskRun{Job: "main", Task: "load", Outcome: "passed", Evidence: s.Put("17 rows\n")})
	r.Finish(x, fence, item)
	r.Deploy("tst", x)
	execution, fence := r.Pass(gate.PreVal)
	_, _, err = r.Await(t.Context(), execution, fence, gate.PreVal, s.effects)
	must(t, err)
	return clone(t, s.source), record, item.SHA256
}

func TestWhatProgramsAndPlacesSaidIsPublished(t *testing.T) {
	log, record, tasks := said(t)
	if r := judged(t, log, "1.0.0", options()); !r.OK {
		t.Fatalf("as it was published:\n%s", r.Text())
	}
	at := func(digest string) string { return "1.0.0/" + releaselog.RecordPath(digest) }
	for digest, n := range map[string]int{record: 4, tasks: 1} {
		r, err := releaselog.ParseRecord(log[at(digest)].Data)
		if err != nil || len(r.Kept) != n || r.Of != digest {
			t.Errorf("%s holds %d files of %s, want %d: %v", at(digest), len(r.Kept), r.Of, n, err)
		}
	}
	other := func(of string, files ...string) []byte {
		var data [][]byte
		for _, f := range files {
			data = append(data, []byte(f))
		}
		return must2(canonical.Marshal(releaselog.NewRecord(of, data)))(t)
	}
	for name, c := range map[string]struct {
		log        fstest.MapFS
		file, says string
	}{
		"a record is not there":       {with(log, at(record), nil), "1.0.0/index.json", "is neither here nor external"},
		"an output is not there":      {with(log, at(tasks), nil), "1.0.0/index.json", "is neither here nor external"},
		"an output is another":        {with(log, at(tasks), other(tasks, "18 rows\n")), at(tasks), "or others"},
		"there is one more":           {with(log, at(tasks), other(tasks, "17 rows\n", "more")), at(tasks), "holds 2 files"},
		"it is that of another":       {with(log, at(tasks), other(record, "17 rows\n")), at(tasks), "is of record"},
		"the record itself is absent": {with(log, at(record), other(record, "2 to create\n")), at(record), "is not in it"},
		"it holds other bytes":        {with(log, at(tasks), []byte(strings.Replace(string(log[at(tasks)].Data), "17", "18", 1))), at(tasks), "holds other bytes"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.log, c.file, "evidence", c.says) })
	}
	t.Run("nothing asks for it", func(t *testing.T) {
		extra := at(strings.Repeat("a", 64))
		refused(t, with(log, extra, other(strings.Repeat("a", 64))), extra, "unknown", "")
	})
}
