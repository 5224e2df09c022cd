package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

func workflowWith(concurrency string) map[string]string {
	return map[string]string{"main.yaml": "on: {push: {branches: [main]}}\n" + concurrency + "\njobs:\n  a: {runs-on: ubuntu-latest, steps: [{run: a}]}\n"}
}

func TestOneRunIsInAGroupAndTheNewestWaits(t *testing.T) {
	o := outside()
	files := workflowWith("concurrency: deploy-${{ github.ref_name }}")
	first := start(t, "1", o, files)
	second := start(t, "2", o, files)
	first.want("the first run", first.in(pipeline.Queued), []string{"a"})
	second.want("the second run waits", second.in(pipeline.Queued), []string(nil))
	third := start(t, "3", o, files)
	second.move()
	second.want("the second run makes room for the third", second.s.Result, pipeline.Cancelled)
	third.want("the third run waits", third.in(pipeline.Queued), []string(nil))
	first.all()
	third.move()
	third.want("the third run begins when the first has ended", third.in(pipeline.Queued), []string{"a"})
	third.all()
	third.want("the third run", third.s.Result, pipeline.Success)
}

func TestAQueueLetsAllWait(t *testing.T) {
	o := outside()
	files := workflowWith("concurrency: {group: G, queue: max}")
	var rides []*ride
	for _, id := range []string{"1", "2", "3"} {
		rides = append(rides, start(t, id, o, files))
	}
	for i, r := range rides {
		r.move()
		r.want("who runs", r.in(pipeline.Queued), []string{"a"})
		for _, later := range rides[i+1:] {
			later.move()
			r.want("who waits", later.in(pipeline.Queued), []string(nil))
		}
		r.all()
	}
}

func TestANewerRunCancelsWhatIsInProgress(t *testing.T) {
	o := outside()
	first := start(t, "1", o, workflowWith("concurrency: {group: Deploy, cancel-in-progress: true}"))
	first.claim("a")
	second := start(t, "2", o, workflowWith("concurrency: {group: deploy, cancel-in-progress: true}"))
	first.move()
	if !first.s.Stopping("a") {
		t.Fatal("the job of the first run is not told to stop")
	}
	second.want("the second run waits for it", second.in(pipeline.Queued), []string(nil))
	first.end("a", pipeline.Cancelled, nil)
	first.want("the first run", first.s.Result, pipeline.Cancelled)
	second.move()
	second.want("the second run", second.in(pipeline.Queued), []string{"a"})
}

func TestAJobInAPlaceIsNotCancelledByANewerRun(t *testing.T) {
	o := outside()
	files := map[string]string{"main.yaml": "on: {push: {branches: [main]}}\nconcurrency: {group: g, cancel-in-progress: true}\njobs:\n  a: {runs-on: ubuntu-latest, environment: dev, steps: [{run: a}]}\n  b: {needs: a, runs-on: ubuntu-latest, steps: [{run: a}]}\n"}
	first := start(t, "1", o, files)
	first.claim("a")
	start(t, "2", o, files)
	first.move()
	if first.s.Stopping("a") {
		t.Fatal("a deployment that runs is cancelled")
	}
	first.end("a", pipeline.Success, nil)
	first.want("what comes after it is", first.s.Jobs["b"].Conclusion, pipeline.Cancelled)
	first.want("the deployment is whole", first.s.Jobs["a"].Conclusion, pipeline.Success)
}

func TestJobsHaveGroupsOfTheirOwn(t *testing.T) {
	o := outside()
	r := start(t, "1", o, map[string]string{"main.yaml": pushed + `  a: {concurrency: x, runs-on: ubuntu-latest, steps: [{run: a}]}
  b: {concurrency: X, runs-on: ubuntu-latest, steps: [{run: a}]}
  c: {concurrency: "${{ vars.NONE }}x", runs-on: ubuntu-latest, steps: [{run: a}]}
  d: {concurrency: y, runs-on: ubuntu-latest, steps: [{run: a}]}
`})
	r.want("who runs", r.in(pipeline.Queued), []string{"a", "d"})
	r.want("who waits", r.in(pipeline.Held), []string{"c"})
	r.want("who made room", r.s.Jobs["b"].Conclusion, pipeline.Cancelled)
	r.end("a", pipeline.Failure, nil)
	r.want("the next one", r.in(pipeline.Queued), []string{"c", "d"})
	r.all()
	r.want("the groups are empty", o.Groups.Empty(), true)
}

func TestAJobCannotWaitForItself(t *testing.T) {
	r := start(t, "1", outside(), map[string]string{
		"main.yaml": "on: {push: {branches: [main]}}\nconcurrency: g\njobs:\n  a: {concurrency: G, runs-on: ubuntu-latest, steps: [{run: a}]}\n",
	})
	if st := r.s.Jobs["a"]; st.Conclusion != pipeline.Cancelled || !strings.Contains(st.Reason, "deadlock") {
		t.Errorf("%+v", st)
	}
	r = start(t, "1", outside(), map[string]string{
		"main.yaml": pushed + "  c: {uses: ./.github/workflows/c.yaml}\n",
		"c.yaml":    "on: workflow_call\nconcurrency: g\njobs:\n  a: {concurrency: g, runs-on: ubuntu-latest, steps: [{run: a}]}\n  b: {runs-on: ubuntu-latest, steps: [{run: a}]}\n",
	})
	if st := r.s.Jobs["c/a"]; st.Conclusion != pipeline.Cancelled || !strings.Contains(st.Reason, "deadlock") {
		t.Errorf("%+v", st)
	}
	r.all()
	r.want("the groups are empty", r.o.Groups.Empty(), true)
}

func TestAnEmptyGroupIsAFailure(t *testing.T) {
	r := start(t, "1", outside(), map[string]string{"main.yaml": pushed + "  a: {concurrency: \"${{ vars.NONE }}\", runs-on: ubuntu-latest, steps: [{run: a}]}\n"})
	if st := r.s.Jobs["a"]; st.Conclusion != pipeline.Failure || !strings.Contains(st.Reason, "main.yaml:3:") {
		t.Errorf("%+v", st)
	}
	r = start(t, "1", outside(), workflowWith("concurrency: ${{ vars.NONE }}"))
	r.want("the run", r.s.Result, pipeline.Cancelled)
}

func TestAWaitTimerHoldsAJobUntilItsEnd(t *testing.T) {
	o := outside()
	o.Entry = map[string]pipeline.Entry{"dev": {Allowed: true, Wait: 5 * time.Minute}}
	r := start(t, "1", o, map[string]string{"main.yaml": pushed + "  a: {runs-on: ubuntu-latest, environment: dev, steps: [{run: a}]}\n"})
	r.want("it waits", r.in(pipeline.Held), []string{"a"})
	r.want("until", r.s.Due(), o.Now.Add(5*time.Minute))
	o.Now = o.Now.Add(5*time.Minute - time.Second)
	r.move()
	r.want("a second before its end", r.in(pipeline.Held), []string{"a"})
	o.Now = o.Now.Add(time.Second)
	r.move()
	r.want("at its end", r.in(pipeline.Queued), []string{"a"})
}
