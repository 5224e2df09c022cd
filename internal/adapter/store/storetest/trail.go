package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	apptrail "github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/trail"
)

// values that the trail is filled with and asked for.
var (
	trailActors  = []string{"01J-ADA", "01J-BOB", "worker"}
	trailStreams = []ledger.Stream{"installation", "release/k/1.0.0", "release/k/1.1.0", "release/other/1.0.0", "environment/k/val", "solution/k", "run/R1", "run/R2", "person/01J-ADA"}
	trailReasons = []string{"", "Repaired the fill level", "as ÅSA asked", "100% _wild% 'quoted'", "retry"}
	trailRuns    = map[string][2]string{"R1": {"k", "1.0.0"}, "R2": {"other", ""}}
)

// filled is a store with n events of all kinds, a minute apart.
func filled(t *testing.T, s *sqlstore.Store, clock *Clock, n int) {
	for run, of := range trailRuns {
		must(t, s, batch("start/"+run, on(ledger.RunStream(run), &pipeline.RunStarted{Run: run, Solution: of[0], Version: of[1]})))
	}
	for i := range n {
		actor := ledger.Actor{Kind: ledger.Machine, ID: trailActors[i%len(trailActors)]}
		d := ledger.Draft{Stream: trailStreams[i%len(trailStreams)], Actor: actor, Reason: trailReasons[i%len(trailReasons)]}
		switch d.Data = refused("no"); {
		case i%11 == 0:
			d.Data = &policy.RoleGranted{Person: "01J-ADA", Grant: policy.Grant{Role: policy.QC, Solution: "k"}}
		case i%7 == 0:
			d.Stream, d.Data = ledger.Installation, &ledger.Refused{Operation: "gate.sign", Subject: "release/k/1.1.0"}
		}
		must(t, s, batch(fmt.Sprintf("fill/%d", i), d))
		clock.Move(time.Minute)
	}
}

// selects is the trail by looking at every event.
func selects(all []ledger.Event, f trail.Filter) (seqs []int64) {
	for _, e := range all {
		solution, version, run := trail.ScopeOf(e)
		if of, ok := trailRuns[run]; ok {
			solution, version = of[0], of[1]
		}
		if f.Match(e.Header, solution, version) {
			seqs = append(seqs, e.Seq)
		}
	}
	return seqs
}

func seqsOf(t *rapid.T, records []ledger.Record) (seqs []int64) {
	for _, r := range records {
		h, err := r.Open()
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, h.Seq)
	}
	return seqs
}

// trailFilters compares every answer with what looking at every event gives.
func trailFilters(t *testing.T, s *sqlstore.Store, clock *Clock) {
	begin := clock.Now()
	const n = 300
	filled(t, s, clock, n)
	all, err := s.Events(t.Context(), 0, n+10)
	if err != nil {
		t.Fatal(err)
	}
	maybe := func(values ...string) *rapid.Generator[string] { return rapid.SampledFrom(append(values, "", "", "")) }
	moments := []string{ledger.FormatTime(begin), ledger.FormatTime(begin.Add(90 * time.Minute)), ledger.FormatTime(begin.Add(150*time.Minute + 30*time.Second))}
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		f := trail.Filter{
			Actor: maybe(trailActors...).Draw(t, "who"), Type: maybe("role.", "operation.refused", "run", "o").Draw(t, "type"),
			Stream: maybe("release/", "release/k/1", "run/R1", "person").Draw(t, "stream"), Since: maybe(moments...).Draw(t, "since"), Until: maybe(moments...).Draw(t, "until"),
			Why: maybe("REPAIRED", "åsa", "%", "'", "y").Draw(t, "why"), Solution: maybe("k", "other", "none").Draw(t, "solution"),
		}
		if f.Solution != "" {
			f.Version = maybe("1.0.0", "1.1.0").Draw(t, "version")
		}
		p := apptrail.Page{Limit: rapid.IntRange(1, n+10).Draw(t, "limit"), Newest: rapid.Bool().Draw(t, "newest"), After: rapid.Int64Range(0, n).Draw(t, "after")}
		if rapid.Bool().Draw(t, "bounded") {
			p.UpTo = rapid.Int64Range(1, n).Draw(t, "up to")
		}
		var want []int64
		total := int64(0)
		for _, seq := range selects(all, f) {
			if p.UpTo > 0 && seq > p.UpTo {
				continue
			}
			total++
			if seq > p.After {
				want = append(want, seq)
			}
		}
		if p.Newest {
			for i, j := 0, len(want)-1; i < j; i, j = i+1, j-1 {
				want[i], want[j] = want[j], want[i]
			}
		}
		want = want[:min(len(want), p.Limit)]
		records, got, err := s.Trail(t.Context(), f, p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, seqsOf(t, records)); diff != "" || got != total {
			t.Fatalf("%s: total %d, want %d\n%s", f, got, total, diff)
		}
		found += len(want)
	})
	if found == 0 {
		t.Error("no filter selected anything")
	}
}
