package pipeline_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// ride is a run that a test moves by hand, with the concurrency groups of its
// solution.
type ride struct {
	t   *testing.T
	s   pipeline.State
	seq int64
	o   *pipeline.Outside
}

// start plans files and starts the run.
func start(t *testing.T, run string, o *pipeline.Outside, files map[string]string) *ride {
	t.Helper()
	req := request(files)
	req.Profile, req.Trigger = "non-gxp", onMain
	plan, findings := pipeline.Expand(req)
	for _, f := range findings {
		if f.Severity == "error" {
			t.Fatal(f)
		}
	}
	r := &ride{t: t, s: pipeline.NewState(plan), o: o}
	r.apply(&pipeline.RunStarted{Run: run, Trigger: plan.Trigger})
	r.move()
	return r
}

func (r *ride) apply(p ledger.Payload) {
	r.t.Helper()
	if !isRunEvent(p) {
		r.o.Groups = pipeline.ApplyGroup(r.o.Groups, ledger.Event{Header: ledger.Header{Version: r.o.Groups.Version + 1}, Data: p})
		return
	}
	r.seq++
	r.s = pipeline.Apply(r.s, ledger.Event{Header: ledger.Header{Seq: r.seq, Version: r.seq}, Data: p})
}

// move lets the run go as far as it goes by itself.
func (r *ride) move() {
	r.t.Helper()
	for range 200 {
		commands := pipeline.Next(r.s, *r.o)
		if len(commands) == 0 {
			return
		}
		for _, c := range commands {
			fact, err := pipeline.Fact(r.s.Run, c)
			if err != nil {
				r.t.Fatal(err)
			}
			r.apply(fact)
		}
	}
	r.t.Fatal("the run moves without end")
}

// claim lets a worker take a job, end lets it end and moves the run.
func (r *ride) claim(key string) {
	r.t.Helper()
	st := r.s.Jobs[key]
	if st.Status != pipeline.Queued {
		r.t.Fatalf("job %q is %s: want queued", key, st.Status)
	}
	r.apply(&pipeline.ExecutionClaimed{Execution: st.Execution})
}

func (r *ride) end(key string, c pipeline.Conclusion, outputs map[string]string) {
	r.t.Helper()
	if r.s.Jobs[key].Status == pipeline.Queued {
		r.claim(key)
	}
	st := r.s.Jobs[key]
	if st.Status != pipeline.Running {
		r.t.Fatalf("job %q is %s: want running", key, st.Status)
	}
	r.apply(&pipeline.ExecutionFinished{Execution: st.Execution, Job: key, Conclusion: c, Outputs: outputs})
	r.move()
}

// all ends whatever is queued with success, until nothing is.
func (r *ride) all() {
	r.t.Helper()
	for {
		queued := r.in(pipeline.Queued)
		if len(queued) == 0 {
			return
		}
		r.end(queued[0], pipeline.Success, nil)
	}
}

func (r *ride) in(status pipeline.Status) []string {
	var keys []string
	for _, j := range r.s.Plan.Jobs {
		if r.s.Jobs[j.Key].Status == status {
			keys = append(keys, j.Key)
		}
	}
	return keys
}

func (r *ride) conclusions() map[string]pipeline.Conclusion {
	out := map[string]pipeline.Conclusion{}
	for _, j := range r.s.Plan.Jobs {
		out[j.Key] = r.s.Jobs[j.Key].Conclusion
	}
	return out
}

func (r *ride) want(what string, got, want any) {
	r.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("%s: %s", what, diff)
	}
}

func outside() *pipeline.Outside {
	return &pipeline.Outside{Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Vars: map[string]string{}}
}

const pushed = "on: {push: {branches: [main]}}\njobs:\n"

func TestLegsRunAsManyAtOnceAsTheStrategySays(t *testing.T) {
	r := start(t, "R", outside(), map[string]string{"main.yaml": pushed + `  build:
    strategy: {matrix: {v: [1, 2, 3]}, max-parallel: 2}
    runs-on: ubuntu-latest
    name: build ${{ matrix.v }} of ${{ strategy.job-total }}, ${{ strategy.job-index }}, ${{ strategy.max-parallel }}
    outputs: {v: a}
    steps: [{run: a}]
  after: {needs: build, runs-on: ubuntu-latest, steps: [{run: "echo ${{ needs.build.outputs.v }}"}]}
`})
	r.want("the first legs", r.in(pipeline.Queued), []string{"build#1", "build#2"})
	r.want("the name of a leg", r.s.Jobs["build#2"].Name, "build 2 of 3, 1, 2")
	r.end("build#2", pipeline.Success, map[string]string{"v": "2"})
	r.want("the next leg", r.in(pipeline.Queued), []string{"build#1", "build#3"})
	r.end("build#3", pipeline.Success, map[string]string{"v": ""})
	r.end("build#1", pipeline.Success, map[string]string{"v": "1"})
	a, err := pipeline.Assign(r.s, "after", *r.o)
	if err != nil {
		t.Fatal(err)
	}
	needs := a.Contexts["needs"].Property("build")
	r.want("the output of the last leg that set one", needs.Property("outputs").Property("v").Text(), "1")
	r.want("the result of all legs", needs.Property("result").Text(), "success")
	r.all()
	r.want("the run", r.s.Result, pipeline.Success)
}

func TestEachLegHasItsOwnResult(t *testing.T) {
	files := func(strategy string) map[string]string {
		return map[string]string{"main.yaml": pushed + `  build:
    strategy: {matrix: {v: [1, 2, 3]}` + strategy + `}
    runs-on: ubuntu-latest
    steps: [{run: a}]
  after: {needs: build, runs-on: ubuntu-latest, steps: [{run: a}]}
`}
	}
	t.Run("a failed leg cancels the others", func(t *testing.T) {
		r := start(t, "R", outside(), files(", max-parallel: 2"))
		r.claim("build#1")
		r.end("build#2", pipeline.Failure, nil)
		r.want("what waited is cancelled", r.s.Jobs["build#3"].Conclusion, pipeline.Cancelled)
		if !r.s.Stopping("build#1") {
			t.Error("the leg that runs is not told to stop")
		}
		r.end("build#1", pipeline.Cancelled, nil)
		r.want("conclusions", r.conclusions(), map[string]pipeline.Conclusion{
			"build": pipeline.Failure, "build#1": pipeline.Cancelled, "build#2": pipeline.Failure, "build#3": pipeline.Cancelled, "after": pipeline.Skipped,
		})
	})
	t.Run("without fail-fast the others go on", func(t *testing.T) {
		r := start(t, "R", outside(), files(", fail-fast: false"))
		r.end("build#2", pipeline.Failure, nil)
		r.want("what goes on", r.in(pipeline.Queued), []string{"build#1", "build#3"})
		r.all()
		r.want("conclusions", r.conclusions(), map[string]pipeline.Conclusion{
			"build": pipeline.Failure, "build#1": pipeline.Success, "build#2": pipeline.Failure, "build#3": pipeline.Success, "after": pipeline.Skipped,
		})
	})
	t.Run("a leg that may fail cancels nothing", func(t *testing.T) {
		src := files("")
		src["main.yaml"] = src["main.yaml"][:len(pushed+"  build:\n")] + "    continue-on-error: ${{ matrix.v == 2 }}\n" + src["main.yaml"][len(pushed+"  build:\n"):]
		r := start(t, "R", outside(), src)
		r.end("build#2", pipeline.Failure, nil)
		r.all()
		r.want("the run", r.s.Result, pipeline.Success)
	})
}

func TestAMatrixMayDependOnResults(t *testing.T) {
	files := map[string]string{
		"main.yaml": pushed + `  find: {runs-on: ubuntu-latest, outputs: {list: a}, steps: [{run: a}]}
  call:
    needs: find
    strategy: {matrix: {place: "${{ fromJSON(needs.find.outputs.list) }}"}}
    uses: ./.github/workflows/c.yaml
    with: {place: "${{ matrix.place }}"}
  after: {needs: call, runs-on: ubuntu-latest, steps: [{run: a}]}
`,
		"c.yaml": `on: {workflow_call: {inputs: {place: {type: string}}, outputs: {o: {value: "${{ jobs.a.outputs.o }}"}}}}
jobs:
  a:
    name: in ${{ inputs.place }} ${{ matrix.n }}
    strategy: {matrix: {n: [1, 2]}}
    runs-on: ubuntu-latest
    outputs: {o: a}
    steps: [{run: a}]
`,
	}
	r := start(t, "R", outside(), files)
	r.end("find", pipeline.Success, map[string]string{"list": `["north","south"]`})
	r.want("the legs of the legs", r.in(pipeline.Queued), []string{"call#1/a#1", "call#1/a#2", "call#2/a#1", "call#2/a#2"})
	r.want("a name", r.s.Jobs["call#2/a#1"].Name, "in south 1")
	r.want("the name of a leg", r.s.Jobs["call#2"].Name, "call (south)")
	r.all()
	r.want("the run", r.s.Result, pipeline.Success)

	r = start(t, "R", outside(), files)
	r.end("find", pipeline.Success, map[string]string{"list": `[]`})
	r.want("a matrix without values", []pipeline.Conclusion{r.s.Jobs["call"].Conclusion, r.s.Result}, []pipeline.Conclusion{pipeline.Failure, pipeline.Failure})
}

func TestAttack38_RerunsCarryOver(t *testing.T) {
	files := map[string]string{"main.yaml": pushed + `  a: {runs-on: ubuntu-latest, outputs: {o: a}, steps: [{run: a}]}
  m: {needs: a, strategy: {matrix: {v: [1, 2]}, fail-fast: false}, runs-on: ubuntu-latest, steps: [{run: a}]}
  c: {needs: m, uses: ./.github/workflows/c.yaml}
  side: {runs-on: ubuntu-latest, steps: [{run: a}]}
`, "c.yaml": "on: workflow_call\njobs:\n  x: {runs-on: ubuntu-latest, steps: [{run: a}]}\n"}
	run := func() *ride {
		r := start(t, "R", outside(), files)
		r.end("a", pipeline.Success, map[string]string{"o": "1"})
		r.end("m#1", pipeline.Success, nil)
		r.end("m#2", pipeline.Failure, nil)
		r.end("side", pipeline.Success, nil)
		r.want("the first attempt", r.s.Result, pipeline.Failure)
		return r
	}
	again := func(r *ride, jobs, reopened []string) {
		r.apply(&pipeline.RerunRequested{Run: "R", Attempt: 2, Jobs: jobs, Reopened: reopened})
		r.move()
	}
	t.Run("what failed, with what depends on it", func(t *testing.T) {
		r := run()
		jobs, reopened := r.s.Rerun(true)
		r.want("jobs", jobs, []string{"m#2", "c", "c/x"})
		r.want("reopened", reopened, []string{"m"})
		again(r, jobs, reopened)
		r.want("what is done again", r.in(pipeline.Queued), []string{"m#2"})
		r.want("its execution", r.s.Jobs["m#2"].Execution, "R/2/m#2/1")
		r.all()
		r.want("the second attempt", r.s.Result, pipeline.Success)
		r.want("what was carried over", r.s.Jobs["m#1"].Execution, "R/1/m#1/1")
		r.want("its outputs", r.s.Jobs["a"].Outputs, map[string]string{"o": "1"})
	})
	t.Run("everything", func(t *testing.T) {
		r := run()
		jobs, reopened := r.s.Rerun(false)
		r.want("jobs", jobs, slices.Collect(func(yield func(string) bool) {
			for _, j := range r.s.Plan.Jobs {
				yield(j.Key)
			}
		}))
		again(r, jobs, reopened)
		r.all()
		r.want("the second attempt", r.s.Result, pipeline.Success)
		for key, st := range r.s.Jobs {
			if st.Execution != "" && st.Attempt != 2 {
				t.Errorf("job %s is of attempt %d", key, st.Attempt)
			}
		}
	})
	t.Run("one job, with what depends on it", func(t *testing.T) {
		r := run()
		jobs, reopened := r.s.RerunJob("side")
		r.want("jobs", jobs, []string{"side"})
		r.want("reopened", reopened, []string(nil))
	})
}

func TestEveryDecisionIsKeptWithItsValues(t *testing.T) {
	req := request(map[string]string{"main.yaml": pushed + `  a: {runs-on: "${{ vars.RUNNER }}", if: github.ref_name == 'main' && vars.GO != '', steps: [{run: a}]}
`})
	req.Profile, req.Trigger, req.Vars = "non-gxp", onMain, map[string]string{"RUNNER": "ubuntu-latest", "GO": "yes"}
	plan, _ := pipeline.Expand(req)
	s := pipeline.NewState(plan)
	s = pipeline.Apply(s, ledger.Event{Header: ledger.Header{Seq: 1, Version: 1}, Data: &pipeline.RunStarted{Run: "R"}})
	var made []pipeline.Decision
	for _, c := range pipeline.Next(s, pipeline.Outside{Vars: req.Vars}) {
		if d, ok := c.(pipeline.Decide); ok {
			made = append(made, d.Decisions...)
		}
	}
	want := []pipeline.Decision{
		{Key: "if", Expression: "github.ref_name == 'main' && vars.GO != ''", Result: "true", Values: map[string]string{"github.ref_name": "main", "vars.GO": "yes"}},
		{Key: "runs-on", Expression: "${{ vars.RUNNER }}", Result: "ubuntu-latest", Values: map[string]string{"vars.RUNNER": "ubuntu-latest"}},
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
}

func TestAnOpenedPlanKeepsWhatItWasMadeFrom(t *testing.T) {
	r := start(t, "R", outside(), map[string]string{"main.yaml": pushed + `  a: {runs-on: ubuntu-latest, outputs: {n: a}, steps: [{run: a}]}
  b: {needs: a, strategy: {matrix: {n: "${{ fromJSON(needs.a.outputs.n) }}"}}, runs-on: ubuntu-latest, steps: [{run: a}]}
`})
	before := maps.Collect(maps.All(r.s.Jobs))
	plan := r.s.Plan
	r.end("a", pipeline.Success, map[string]string{"n": "[1,2]"})
	if len(plan.Jobs) != 2 || len(before) != 2 {
		t.Errorf("the plan before changed: %d jobs, %d states", len(plan.Jobs), len(before))
	}
	r.all()
	jobs, reopened := r.s.Rerun(false)
	r.apply(&pipeline.RerunRequested{Run: "R", Attempt: 2, Jobs: jobs, Reopened: reopened})
	r.move()
	r.end("a", pipeline.Success, map[string]string{"n": "[7]"})
	r.want("the legs of the second attempt", r.in(pipeline.Queued), []string{"b#1"})
	r.want("its name", r.s.Jobs["b#1"].Name, "b (7)")
	r.all()
	r.want("the second attempt", r.s.Result, pipeline.Success)
}

func TestWhatAlwaysRunsRunsInSpiteOfACancellation(t *testing.T) {
	r := start(t, "R", outside(), map[string]string{"main.yaml": pushed + `  a: {runs-on: ubuntu-latest, steps: [{run: a}]}
  b: {needs: a, runs-on: ubuntu-latest, steps: [{run: a}]}
  c: {needs: a, if: always(), uses: ./.github/workflows/c.yaml}
  d: {needs: a, if: cancelled(), runs-on: ubuntu-latest, steps: [{run: a}]}
`, "c.yaml": "on: workflow_call\njobs:\n  x: {runs-on: ubuntu-latest, steps: [{run: a}]}\n"})
	r.claim("a")
	r.apply(&pipeline.RunCancelRequested{Run: "R"})
	r.move()
	if !r.s.Stopping("a") {
		t.Error("what runs is not told to stop")
	}
	r.end("a", pipeline.Cancelled, nil)
	r.want("what runs all the same", r.in(pipeline.Queued), []string{"c/x", "d"})
	r.claim("d")
	if r.s.Stopping("d") || r.s.Stopping("c/x") {
		t.Error("what began in spite of the cancellation is told to stop")
	}
	r.end("d", pipeline.Success, nil)
	r.all()
	r.want("conclusions", r.conclusions(), map[string]pipeline.Conclusion{
		"a": pipeline.Cancelled, "b": pipeline.Cancelled, "c": pipeline.Success, "c/x": pipeline.Success, "d": pipeline.Success,
	})
	r.want("the run", r.s.Result, pipeline.Cancelled)
}
