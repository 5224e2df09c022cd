package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// runsShown is how many runs a page lists.
const runsShown = 50

// runList is a page of runs, the newest first.
type runList struct {
	Solution string
	Runs     []inspect.Run
	Older    string // id that the next page is before, "" on the last one
}

func (s *Site) runs(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	q := inspect.RunsQuery{Solution: r.URL.Query().Get("solution"), Before: r.URL.Query().Get("before"), Last: runsShown + 1}
	list, err := ask[[]inspect.Run](s, r, "run.list", q)
	if err != nil {
		return err
	}
	slices.Reverse(list)
	v := runList{Solution: q.Solution, Runs: list[:min(len(list), runsShown)]}
	if len(list) > runsShown {
		v.Older = list[runsShown-1].Run
	}
	return s.show(w, r, http.StatusOK, "Runs", runsPage(v))
}

func (s *Site) run(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	run, err := ask[inspect.RunDetail](s, r, "run.show", operation.RunID{Run: r.PathValue("run")})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, runTitle(run), runPage(run))
}

func runTitle(run inspect.RunDetail) string {
	return fmt.Sprintf("Run %d of %s", run.Number, run.Solution)
}

// liveRun streams what a run is, each time it has changed.
func (s *Site) liveRun(r *http.Request, cursor string) (glimpse, error) {
	q := inspect.WatchQuery{Run: r.PathValue("run"), Cursor: cursor, Wait: liveWait}
	run, err := ask[inspect.Watched](s, r, "run.watch", q)
	return glimpse{shown: runBody(run.RunDetail), cursor: run.Cursor, last: run.Finished}, err
}
