package trail_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/trail"
)

func TestMomentsAreTakenInTwoForms(t *testing.T) {
	for in, want := range map[string]string{
		"2026-03-04":                "2026-03-04T00:00:00.000000Z",
		"2026-03-04T13:22:05Z":      "2026-03-04T13:22:05.000000Z",
		"2026-03-04T13:22:05+01:00": "2026-03-04T12:22:05.000000Z",
		"2026-03-04T13:22:05.25Z":   "2026-03-04T13:22:05.250000Z",
		"yesterday":                 "", "2026-13-01": "", "2026-03-04 13:22": "", "": "",
	} {
		got, err := trail.ParseMoment(in)
		if got != want || (want == "") != (fault.KindOf(err) == fault.Invalid && err != nil) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestAFilterIsStatedWhole(t *testing.T) {
	f := trail.Filter{Who: "ada", Type: "gate.", Stream: "release/", Since: "2026-03-04T00:00:00.000000Z", Until: "2026-03-05T00:00:00.000000Z", Why: "fix", Solution: "k", Version: "1.0.0"}
	want := `who "ada", type begins with "gate.", stream begins with "release/", since "2026-03-04T00:00:00.000000Z", until before "2026-03-05T00:00:00.000000Z", reason contains "fix", solution "k", version "1.0.0"`
	if got := f.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (trail.Filter{}).String(); got != "none: every event" {
		t.Errorf("got %s", got)
	}
	for name, bad := range map[string]trail.Filter{"a version without solution": {Version: "1.0.0"}, "a time in another form": {Since: "2026-03-04"}} {
		if bad.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestTheScopeOfAnEventIsWhatItIsAbout(t *testing.T) {
	for stream, want := range map[ledger.Stream][3]string{
		"release/k/1.0.0": {"k", "1.0.0"}, "environment/k/val": {"k"}, "solution/k": {"k"}, "solution/k/concurrency": {"k"}, "run/R": {"", "", "R"},
		"person/P": {}, "installation": {}, "worker/w": {}, "policy/k": {"k"},
	} {
		solution, version, run := trail.ScopeOf(ledger.Event{Header: ledger.Header{Stream: stream}, Data: &ledger.InstallationCreated{}})
		if got := [3]string{solution, version, run}; got != want {
			t.Errorf("%s: %v, want %v", stream, got, want)
		}
	}
	solution, version, _ := trail.ScopeOf(ledger.Event{Header: ledger.Header{Stream: "installation"}, Data: &ledger.Refused{Subject: "release/k/1.0.0"}})
	if solution != "k" || version != "1.0.0" {
		t.Errorf("a refusal is about %s %s", solution, version)
	}
}
