package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/ledger"
	coretrail "github.com/dc-release/dc-release/internal/core/trail"
)

// BenchmarkGXP054_ATrailOfOneHundredThousandEvents asks by each of who, what,
// when and why, and fails where one answer takes two seconds.
func BenchmarkGXP054_ATrailOfOneHundredThousandEvents(b *testing.B) {
	const events, atOnce = 100_000, 1000
	s := benchStore(b)
	for n := 0; n < events; n += atOnce {
		batch := ledger.Batch{Command: fmt.Sprintf("fill/%d", n), Actor: ledger.Actor{Kind: ledger.Machine, ID: "bench"}}
		for i := n; i < n+atOnce; i++ {
			batch.Events = append(batch.Events, ledger.Draft{
				Stream: ledger.ReleaseStream("k", fmt.Sprintf("1.%d.0", i%50)), Data: &ledger.Refused{Operation: "bench", Message: "one event"},
				Actor: ledger.Actor{Kind: ledger.Person, ID: fmt.Sprintf("person-%d", i%20)}, Reason: fmt.Sprintf("reason number %d of many", i),
			})
		}
		if _, err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	start := time.Now()
	if err := s.CatchUpAll(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("the views caught up with %d events in %v", events, time.Since(start))
	for name, f := range map[string]coretrail.Filter{
		"all": {}, "who": {Actor: "person-7"}, "what": {Type: "operation."}, "stream": {Stream: "release/k/1.3"}, "when": {Since: "2020-01-01T00:00:00.000000Z"},
		"why": {Why: "NUMBER 77"}, "version": {Solution: "k", Version: "1.7.0"}, "nothing": {Why: "not there"},
	} {
		b.Run(name, func(b *testing.B) {
			var longest time.Duration
			for range b.N {
				start := time.Now()
				records, _, err := s.Trail(b.Context(), f, trail.Page{Newest: true, Limit: trail.DefaultLimit})
				if err != nil || (len(records) == 0) != (name == "nothing") {
					b.Fatalf("%d events, %v", len(records), err)
				}
				longest = max(longest, time.Since(start))
			}
			if longest > 2*time.Second {
				b.Errorf("%v, want less than 2 s", longest)
			}
			b.ReportMetric(longest.Seconds(), "s-at-most")
		})
	}
}
