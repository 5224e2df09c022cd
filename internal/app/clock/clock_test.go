package clock_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/clock"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// fixed is what is known of a clock; it counts how often it was asked.
type fixed struct {
	clock.Reading
	asked int
}

func (f *fixed) Read(context.Context) clock.Reading {
	f.asked++
	return f.Reading
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func keeper(now *time.Time, last time.Time, r *fixed, warned *[]string) *clock.Keeper {
	return &clock.Keeper{
		Now: func() time.Time { return *now }, Reader: r, Last: func(context.Context) (time.Time, error) { return last, nil },
		Warn: func(text string) { *warned = append(*warned, text) },
	}
}

func TestAttack31_AClockThatWasMovedSignsNothing(t *testing.T) {
	synchronised := clock.Reading{State: ledger.ClockSynchronised}
	measured := func(offset time.Duration) clock.Reading {
		return clock.Reading{State: ledger.ClockSynchronised, Source: "ntp.example", Measured: true, Offset: offset}
	}
	for name, c := range map[string]struct {
		last    time.Time
		reading clock.Reading
		refused string // "" lets sign
		warned  string // "" says nothing
	}{
		"a good clock":                            {noon.Add(-time.Second), synchronised, "", ""},
		"an empty ledger":                         {time.Time{}, synchronised, "", ""},
		"two seconds behind the ledger":           {noon.Add(2 * time.Second), synchronised, "", ""},
		"more than two seconds behind the ledger": {noon.Add(2*time.Second + time.Millisecond), synchronised, "2.001s behind the last event", ""},
		"a day behind":                            {noon.Add(24 * time.Hour), measured(0), "24h0m0s behind", ""},
		"five seconds off":                        {noon, measured(5 * time.Second), "", ""},
		"more than five seconds slow":             {noon, measured(5*time.Second + time.Millisecond), "differs by 5.001s from the time source ntp.example", ""},
		"more than five seconds fast":             {noon, measured(-6 * time.Second), "differs by -6s", ""},
		"a source that does not answer":           {noon, clock.Reading{State: ledger.ClockSynchronised, Source: "ntp.example", Problem: "timeout"}, "", "ntp.example cannot be asked: timeout"},
		"an unsynchronised kernel, no source":     {noon, clock.Reading{State: ledger.ClockUnsynchronised, Problem: "state 5"}, "", "is unsynchronised"},
		"an unsynchronised kernel, a good source": {noon, clock.Reading{State: ledger.ClockUnsynchronised, Source: "ntp.example", Measured: true}, "", ""},
		"nothing is known":                        {noon, clock.Reading{State: ledger.ClockUnknown, Problem: "adjtimex: not permitted"}, "", "is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			now, warned := noon, []string{}
			err := keeper(&now, c.last, &fixed{Reading: c.reading}, &warned).Trusted(t.Context())
			if (err == nil) != (c.refused == "") || (err != nil && (fault.KindOf(err) != fault.Forbidden || !strings.Contains(err.Error(), c.refused) || fault.HintOf(err) == "")) {
				t.Errorf("got %v, want %q", err, c.refused)
			}
			if got := strings.Join(warned, "; "); (got == "") != (c.warned == "") || !strings.Contains(got, c.warned) {
				t.Errorf("warned %q, want %q", got, c.warned)
			}
		})
	}
}

func TestTheSourceIsAskedOnceAMinuteAndWhenTheClockWasSetBack(t *testing.T) {
	now, warned, r := noon, []string{}, &fixed{Reading: clock.Reading{State: ledger.ClockSynchronised}}
	k := keeper(&now, time.Time{}, r, &warned)
	for _, step := range []struct {
		at   time.Duration
		want int
	}{{0, 1}, {30 * time.Second, 1}, {59 * time.Second, 1}, {time.Minute, 2}, {61 * time.Second, 2}, {-time.Hour, 3}, {-time.Hour + time.Second, 3}, {24 * time.Hour, 4}} {
		now = noon.Add(step.at)
		if err := k.Trusted(t.Context()); err != nil || r.asked != step.want {
			t.Errorf("at %v: asked %d times, want %d, %v", step.at, r.asked, step.want, err)
		}
	}
}

func TestALedgerThatCannotBeReadLetsNobodySign(t *testing.T) {
	k := &clock.Keeper{Now: time.Now, Reader: &fixed{}, Last: func(context.Context) (time.Time, error) { return time.Time{}, errors.New("disk") }}
	if err := k.Trusted(t.Context()); err == nil {
		t.Error("signed")
	}
}

func TestWhatIsRecordedIsADoubtfulClockWithItsOffset(t *testing.T) {
	for name, c := range map[string]struct {
		reading clock.Reading
		want    bool
	}{
		"synchronised":           {clock.Reading{State: ledger.ClockSynchronised}, false},
		"and measured":           {clock.Reading{State: ledger.ClockSynchronised, Source: "s", Measured: true, Offset: time.Second}, false},
		"unsynchronised":         {clock.Reading{State: ledger.ClockUnsynchronised, Source: "s", Measured: true, Offset: 250 * time.Millisecond}, true},
		"unknown":                {clock.Reading{State: ledger.ClockUnknown, Problem: "p"}, true},
		"a source without reply": {clock.Reading{State: ledger.ClockSynchronised, Source: "s", Problem: "p"}, true},
		"a measured offset":      {clock.Reading{State: ledger.ClockSynchronised, Source: "s", Measured: true, Offset: -1500 * time.Millisecond}, true},
	} {
		now, warned := noon, []string{}
		d, ok := keeper(&now, time.Time{}, &fixed{Reading: c.reading}, &warned).Observed(t.Context())
		want := ledger.ClockObserved{State: c.reading.State, Source: c.reading.Source, Measured: c.reading.Measured, OffsetUS: c.reading.Offset.Microseconds(), Problem: c.reading.Problem}
		if ok != c.want || d != want {
			t.Errorf("%s: %+v, %v", name, d, ok)
		}
	}
}
