// Package storetest is the conformance suite of the store: every engine runs
// it whole.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/artifact"
	"github.com/dc-release/dc-release/internal/app/cache"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/person"

	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Clock is a clock that a test moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Open is how an engine is opened for one test.
type Open func(t *testing.T) sqlstore.Engine

// New opens a store on an engine with a fixed clock and real ids.
func New(t *testing.T, open Open) (*sqlstore.Store, *Clock) {
	t.Helper()
	return On(t, open(t))
}

// On is New for a test or a benchmark with its engine.
func On(t testing.TB, engine sqlstore.Engine) (*sqlstore.Store, *Clock) {
	t.Helper()
	clock := &Clock{now: time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)}
	s, err := sqlstore.Open(t.Context(), engine, sqlstore.Config{
		Now: clock.Now, NewID: func() string { return ulid.Make().String() },
		NewSalt: func() ([]byte, error) { return make([]byte, ledger.SaltSize), nil }, Build: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, clock
}

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *sqlstore.Store, *Clock)
	}{
		{"an appended batch is read back in order", appendAndRead},
		{"TestGXP009 a failing effect rolls the whole batch back", effectFails},
		{"a repeated command changes nothing and answers the same", replay},
		{"a stale read is refused", staleRead},
		{"TestGXP051 a person without a reason is refused", needsReason},
		{"TestGXP073 time never runs backwards", timeOrder},
		{"TestGXP073 concurrent appends give one gapless sequence", concurrent},
		{"every leaf is provable and every head extends the one before", proofs},
		{"one lock for one environment", environmentLock},
		{"the queue is first in first out per environment", fifo},
		{"a stale fence cannot renew", staleFence},
		{"runs are listed by solution, page and whether they have ended", runs},
		{"a login is unique for ever", uniqueLogin},
		{"views rebuilt are views followed", rebuild},
		{"a one-time code's step is used once", useStep},
		{"a ceremony is taken once and forgotten when nobody answers", ceremonies},
		{"a link is one person's and used once", links},
		{"TestGXP009 a sealed value changes with its event or not at all", sealed},
		{"TestGXP036 sessions and tokens end with a person's access", accesses},
		{"TestGXP034 TestAttack20 a name and an identity are one person's", uniqueName},
		{"too large an event is refused", tooLarge},
		{"a name of an artifact has one owner in an attempt", artifactNames},
		{"caches are kept, used, dropped and make room", caches},
		{"TestGXP054 the trail is what looking at every event gives", trailFilters},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, clock := New(t, open)
			c.test(t, s, clock)
		})
	}
	t.Run("the root is that of all records, whoever appended and whatever failed", func(t *testing.T) {
		engine := open(t)
		one, _ := On(t, engine)
		other, _ := On(t, engine)
		grown(t, []*sqlstore.Store{one, other})
	})
}

var machine = ledger.Actor{Kind: ledger.Machine, ID: "test", Authentication: "internal"}

func refused(message string) ledger.Payload {
	return &ledger.Refused{Operation: "test", Message: message}
}

func batch(command string, drafts ...ledger.Draft) ledger.Batch {
	return ledger.Batch{Command: command, Actor: machine, Events: drafts}
}

func on(stream ledger.Stream, p ledger.Payload) ledger.Draft {
	return ledger.Draft{Stream: stream, Data: p}
}

func must(t *testing.T, s *sqlstore.Store, b ledger.Batch) []ledger.Event {
	t.Helper()
	events, err := s.Append(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func wantConflict(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
}

func appendAndRead(t *testing.T, s *sqlstore.Store, _ *Clock) {
	must(t, s, batch("c1", on("run/A", refused("one")), on("run/B", refused("two")), ledger.Draft{Stream: "run/A", Data: refused("three"), Personal: policy.PrintedName{Name: "Ada"}}))
	events, err := s.Stream(t.Context(), "run/A", 0)
	if err != nil || len(events) != 2 {
		t.Fatalf("got %d events, %v", len(events), err)
	}
	last := events[1]
	if last.Seq != 3 || last.Version != 2 || last.Data.(*ledger.Refused).Message != "three" || last.Type != "operation.refused" {
		t.Errorf("got %+v", last)
	}
	if body, ok, err := s.Personal(t.Context(), 3); err != nil || !ok || string(body) != `{"name":"Ada"}` {
		t.Errorf("personal part: %s, %v, %v", body, ok, err)
	}
	if after, _ := s.Stream(t.Context(), "run/A", 1); len(after) != 1 {
		t.Errorf("after version 1: %d events", len(after))
	}
	if all, _ := s.Events(t.Context(), 1, 10); len(all) != 2 || all[0].Seq != 2 {
		t.Errorf("after seq 1: %+v", all)
	}
}

func effectFails(t *testing.T, s *sqlstore.Store, _ *Clock) {
	s.OnEffects(func(context.Context, sqlstore.Tx, []ledger.Effect) error { return errors.New("no room") })
	b := batch("c1", on("run/A", refused("one")))
	b.Effects = []ledger.Effect{{Kind: "x", Key: "k"}}
	if _, err := s.Append(t.Context(), b); err == nil {
		t.Fatal("appended although the effect failed")
	}
	if h, _ := s.Head(t.Context()); h.Size != 0 {
		t.Errorf("size %d after a rollback", h.Size)
	}
}

func replay(t *testing.T, s *sqlstore.Store, _ *Clock) {
	first := must(t, s, batch("c1", on("run/A", refused("one"))))
	again := must(t, s, batch("c1", on("run/A", refused("other"))))
	if len(again) != 1 || again[0].ID != first[0].ID || again[0].Data.(*ledger.Refused).Message != "one" {
		t.Errorf("got %+v", again)
	}
	if h, _ := s.Head(t.Context()); h.Size != 1 {
		t.Errorf("size %d", h.Size)
	}
}

func staleRead(t *testing.T, s *sqlstore.Store, _ *Clock) {
	must(t, s, batch("c1", on("run/A", refused("one"))))
	b := batch("c2", on("run/B", refused("two")))
	b.Reads = []ledger.Read{{Stream: "run/A", Version: 0}}
	_, err := s.Append(t.Context(), b)
	wantConflict(t, err)
	b.Reads[0].Version = 1
	must(t, s, b)
}

func needsReason(t *testing.T, s *sqlstore.Store, _ *Clock) {
	b := batch("c1", on("run/A", refused("one")))
	b.Actor = ledger.Actor{Kind: ledger.Person, ID: "P"}
	for _, nothing := range []string{"", ".", " - ", "...", "\u200b"} {
		b.Events[0].Reason = nothing
		if _, err := s.Append(t.Context(), b); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a person's event with the reason %q gave %v, want invalid input", nothing, err)
		}
	}
	b.Events[0].Reason = "because"
	must(t, s, b)
}

func timeOrder(t *testing.T, s *sqlstore.Store, c *Clock) {
	one := must(t, s, batch("c1", on("run/A", refused("one"))))[0]
	c.Move(-time.Hour)
	two := must(t, s, batch("c2", on("run/A", refused("two"))))[0]
	if two.Time < one.Time {
		t.Errorf("%s after %s", two.Time, one.Time)
	}
}

func concurrent(t *testing.T, s *sqlstore.Store, _ *Clock) {
	const writers, each = 4, 25
	var wg sync.WaitGroup
	errs := make(chan error, writers*each)
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				_, err := s.Append(context.Background(), batch(fmt.Sprintf("%d-%d", w, i), on("run/A", refused("x"))))
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	events, err := s.Stream(t.Context(), "run/A", 0)
	if err != nil || len(events) != writers*each {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for i, e := range events {
		if e.Seq != int64(i+1) || e.Version != int64(i+1) {
			t.Fatalf("event %d has seq %d, version %d", i, e.Seq, e.Version)
		}
	}
}

func queued(execution, environment string) ledger.Draft {
	return on("run/A", &pipeline.ExecutionQueued{Execution: execution, Run: "A", Solution: "corp-procurement", Environment: environment, Pool: "build", Labels: []string{"x"}})
}

func claimed(execution string) ledger.Draft {
	return on("run/A", &pipeline.ExecutionClaimed{Execution: execution, Worker: "w"})
}

func finished(execution string) ledger.Draft {
	return on("run/A", &pipeline.ExecutionFinished{Execution: execution})
}

func environmentLock(t *testing.T, s *sqlstore.Store, _ *Clock) {
	must(t, s, batch("q", queued("A/1/a/1", "prd"), queued("A/1/b/1", "prd")))
	must(t, s, batch("c1", claimed("A/1/a/1")))
	_, err := s.Append(t.Context(), batch("c2", claimed("A/1/b/1")))
	wantConflict(t, err)
	_, err = s.Append(t.Context(), batch("c3", claimed("A/1/a/1")))
	wantConflict(t, err)
	must(t, s, batch("f1", finished("A/1/a/1")))
	_, err = s.Append(t.Context(), batch("f2", finished("A/1/a/1")))
	wantConflict(t, err)
	must(t, s, batch("c4", claimed("A/1/b/1")))
}

func fifo(t *testing.T, s *sqlstore.Store, _ *Clock) {
	must(t, s, batch("q", queued("1", "tst"), queued("2", "tst"), queued("3", ""), queued("4", "val")))
	names := func() (out []string) {
		rows, err := s.Queue(t.Context(), []string{"build"})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			out = append(out, r.Execution)
		}
		return out
	}
	if got := fmt.Sprint(names()); got != "[1 3 4]" {
		t.Errorf("got %s", got)
	}
	must(t, s, batch("c", claimed("1")))
	if got := fmt.Sprint(names()); got != "[3 4]" {
		t.Errorf("with tst locked: %s", got)
	}
	must(t, s, batch("f", finished("1")))
	if got := fmt.Sprint(names()); got != "[2 3 4]" {
		t.Errorf("with tst free: %s", got)
	}
	if rows, _ := s.Queue(t.Context(), []string{"deploy"}); len(rows) != 0 {
		t.Errorf("another pool got %v", rows)
	}
}

func staleFence(t *testing.T, s *sqlstore.Store, c *Clock) {
	must(t, s, batch("q", queued("1", "")))
	e := must(t, s, batch("c", claimed("1")))[0]
	expired := func(when string, want int) {
		t.Helper()
		if rows, err := s.Expired(t.Context()); err != nil || len(rows) != want || want > 0 && rows[0].Fence != e.Seq {
			t.Errorf("%s %v have expired, want %d, %v", when, rows, want, err)
		}
	}
	expired("with the claim", 0)
	c.Move((pipeline.LeaseSeconds - 1) * time.Second)
	expired("before the first lease ends", 0)
	c.Move(2 * time.Second)
	expired("after it", 1)
	wantConflict(t, s.Renew(t.Context(), "1", "w", e.Seq-1, 30))
	expired("with a stale fence", 1)
	if err := s.Renew(t.Context(), "1", "w", e.Seq, 30); err != nil {
		t.Fatal(err)
	}
	expired("renewed", 0)
	c.Move(31 * time.Second)
	expired("not renewed again", 1)
	if err := s.RenewAll(t.Context(), 30); err != nil {
		t.Fatal(err)
	}
	expired("all renewed", 0)
	must(t, s, batch("f", finished("1")))
	c.Move(31 * time.Second)
	expired("finished", 0)
	wantConflict(t, s.Renew(t.Context(), "1", "w", e.Seq, 30))
}

func uniqueLogin(t *testing.T, s *sqlstore.Store, _ *Clock) {
	must(t, s, batch("a", on("person/P1", &policy.PersonAdded{Person: "P1", Login: "ada"})))
	_, err := s.Append(t.Context(), batch("b", on("person/P2", &policy.PersonAdded{Person: "P2", Login: "ada"})))
	wantConflict(t, err)
}

func rebuild(t *testing.T, s *sqlstore.Store, _ *Clock) {
	must(t, s, batch("a", on("person/P1", &policy.PersonAdded{Person: "P1", Login: "ada"}),
		on("release/corp-procurement/1.0.0", &release.Registered{Solution: "corp-procurement", Version: "1.0.0", Run: "R"}),
		on("run/R", &pipeline.RunStarted{Run: "R", Solution: "corp-procurement", Number: 1})))
	read := func() string {
		releases, err := s.Releases(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		runs, err := s.Runs(t.Context(), inspect.RunsQuery{Solution: "corp-procurement"})
		if err != nil {
			t.Fatal(err)
		}
		persons, err := s.Persons(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(releases, runs, persons)
	}
	before := read()
	must(t, s, batch("b", on("release/corp-procurement/1.0.0", &release.ForUse{}), on("run/R", &pipeline.RunFinished{Run: "R", Conclusion: pipeline.Success})))
	after := read()
	if before == after {
		t.Error("views did not follow")
	}
	if err := s.RebuildViews(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != after {
		t.Errorf("rebuilt: %s\nfollowed: %s", got, after)
	}
}

func useStep(t *testing.T, s *sqlstore.Store, _ *Clock) {
	if err := s.SetCredential(t.Context(), "P1", person.Credential{Password: "h", Seed: "s"}); err != nil {
		t.Fatal(err)
	}
	if err := s.UseStep(t.Context(), "P1", 7); err != nil {
		t.Fatal(err)
	}
	wantConflict(t, s.UseStep(t.Context(), "P1", 7))
	wantConflict(t, s.UseStep(t.Context(), "P1", 6))
	if c, ok, err := s.Credential(t.Context(), "P1"); err != nil || !ok || c.LastStep != 7 {
		t.Errorf("%+v, %v, %v", c, ok, err)
	}
}

func artifactNames(t *testing.T, s *sqlstore.Store, _ *Clock) {
	take := func(attempt int, execution string, over bool, want string) {
		t.Helper()
		n := artifact.Name{Run: "r", Attempt: attempt, Name: "n", Execution: execution}
		if got, err := s.TakeName(t.Context(), n, over); err != nil || got != want {
			t.Errorf("%s in attempt %d: got %q, %v, want %q", execution, attempt, got, err, want)
		}
	}
	take(1, "a", false, "a")
	take(1, "b", false, "a")
	take(1, "b", true, "b")
	take(2, "a", false, "a")
	for _, execution := range []string{"a", "b"} {
		if err := s.KeepDigest(t.Context(), artifact.Name{Run: "r", Attempt: 1, Name: "n", Execution: execution, Digest: "of " + execution}); err != nil {
			t.Error(err)
		}
	}
	if list, err := s.Names(t.Context(), "r"); err != nil || fmt.Sprint(list) != "[{r 1 n b of b} {r 2 n a }]" {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := s.Names(t.Context(), "other"); err != nil || len(list) > 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func caches(t *testing.T, s *sqlstore.Store, _ *Clock) {
	add := func(scope, key, digest string, size, created int64) {
		e := cache.Entry{Solution: "corp", Scope: scope, Key: key, Version: "v", Digest: digest, Size: size, CreatedUS: created, UsedUS: created}
		if added, err := s.AddCache(t.Context(), e); err != nil || !added {
			t.Fatalf("%v %v", added, err)
		}
		e.Digest = "other"
		if added, err := s.AddCache(t.Context(), e); err != nil || added {
			t.Fatalf("a key was taken twice: %v", err)
		}
	}
	keys := func(scope string) string {
		list, err := s.CacheEntries(t.Context(), "corp", scope, "v")
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range list {
			out = append(out, e.Key+"="+e.Digest)
		}
		return strings.Join(out, " ")
	}
	add("main", "a", "d1", 4, 1)
	add("main", "b", "d2", 4, 2)
	add("topic", "a", "d1", 4, 3)
	if got := keys("main"); got != "b=d2 a=d1" {
		t.Errorf("got %q, want the newest first", got)
	}
	if err := s.UseCache(t.Context(), cache.Entry{Solution: "corp", Scope: "main", Key: "a", Version: "v", UsedUS: 9}); err != nil {
		t.Fatal(err)
	}
	unused, err := s.TrimCaches(t.Context(), "corp", 8)
	if err != nil || fmt.Sprint(unused) != "[d2]" || keys("main") != "a=d1" || keys("topic") != "a=d1" {
		t.Errorf("trimmed %v, %v: %q %q", unused, err, keys("main"), keys("topic"))
	}
	if unused, err := s.TrimCaches(t.Context(), "corp", 4); err != nil || len(unused) > 0 || keys("topic") != "" {
		t.Errorf("bytes that another entry has are given as unused: %v %v", unused, err)
	}
	if err := s.DropCache(t.Context(), cache.Entry{Solution: "corp", Scope: "main", Key: "a", Version: "v"}); err != nil {
		t.Fatal(err)
	}
	if used, err := s.CacheDigests(t.Context()); err != nil || len(used) > 0 {
		t.Errorf("%v %v", used, err)
	}
}

func tooLarge(t *testing.T, s *sqlstore.Store, _ *Clock) {
	if _, err := s.Append(t.Context(), batch("c", on("run/A", refused(string(make([]byte, ledger.MaxEvent)))))); err == nil {
		t.Error("an event beyond the limit was stored")
	}
}
