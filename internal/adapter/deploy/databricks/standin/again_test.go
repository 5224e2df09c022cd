package standin_test

import (
	"strings"
	"sync"
	"testing"
)

// A rollback is the older bundle from a fresh checkout: the same lineage, a
// higher serial, and what it does not know is deleted.
func TestAnOlderBundleOverANewerOne(t *testing.T) {
	w := open(t)
	w.deploy()
	first, before := w.state(), w.Jobs()
	w.write("resources/more.yml", "resources: {jobs: {more: {name: more}}}\n")
	w.edit("resources/main.yml", "Europe/Amsterdam", "Europe/Berlin")
	w.deploy()
	if got := len(w.Jobs()); got != 2 {
		t.Fatalf("%d jobs, want 2", got)
	}
	w.checkout()
	w.deploy()
	last := w.state()
	if last.Lineage != first.Lineage || last.Serial != 3 {
		t.Errorf("lineage %s serial %d after %s serial %d", last.Lineage, last.Serial, first.Lineage, first.Serial)
	}
	if job, settings := w.job(); job.ID != before[0].ID || settings["schedule"].(jsonObject)["timezone_id"] != "Europe/Amsterdam" {
		t.Errorf("job %d %v", job.ID, settings["schedule"])
	}
	if w.file(root+"/files/resources/more.yml") != "" {
		t.Error("a file of the newer bundle is still there")
	}
}

// Of deployments at the same time those that do not get the lock do nothing.
func TestDeploymentsAtTheSameTime(t *testing.T) {
	w := open(t)
	w.deploy()
	var mu sync.Mutex
	var group sync.WaitGroup
	done := 1
	for range 4 {
		own := *w
		own.checkout()
		group.Go(func() {
			exit, _, stderr := own.run("bundle", "deploy", "-t", "dev")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case exit == 0:
				done++
			case !strings.Contains(stderr, "deployment lock"):
				t.Errorf("exit %d: %s", exit, stderr)
			}
		})
	}
	group.Wait()
	if got := w.state().Serial; got != done || len(w.Jobs()) != 1 {
		t.Errorf("serial %d after %d deployments, %d jobs", got, done, len(w.Jobs()))
	}
}
