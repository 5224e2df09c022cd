package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// runs asks for lists of runs in every way: A to F of two solutions in turns,
// of which B and E have ended.
func runs(t *testing.T, s *sqlstore.Store, _ *Clock) {
	for i, run := range []string{"A", "B", "C", "D", "E", "F"} {
		must(t, s, batch(run, on(ledger.RunStream(run), &pipeline.RunStarted{Run: run, Solution: fmt.Sprint("s", i%2), Number: int64(i/2 + 1)})))
	}
	for _, run := range []string{"B", "E"} {
		must(t, s, batch("end-"+run, on(ledger.RunStream(run), &pipeline.RunFinished{Run: run, Conclusion: pipeline.Success})))
	}
	for _, c := range []struct {
		q    inspect.RunsQuery
		want string
	}{
		{inspect.RunsQuery{}, "ABCDEF"},
		{inspect.RunsQuery{Solution: "s1"}, "BDF"},
		{inspect.RunsQuery{Last: 2}, "EF"},
		{inspect.RunsQuery{Last: 2, Before: "E"}, "CD"},
		{inspect.RunsQuery{Last: 2, Before: "B"}, "A"},
		{inspect.RunsQuery{Before: "A"}, ""},
		{inspect.RunsQuery{Before: "nobody"}, ""},
		{inspect.RunsQuery{Open: true}, "ACDF"},
		{inspect.RunsQuery{Open: true, Solution: "s0", Last: 1}, "C"},
	} {
		list, err := s.Runs(t.Context(), c.q)
		var got strings.Builder
		for _, r := range list {
			got.WriteString(r.Run)
		}
		if err != nil || got.String() != c.want {
			t.Errorf("%+v: %s, %v, want %s", c.q, got.String(), err, c.want)
		}
	}
}
