package access_test

import (
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/access"
)

func TestAttack29_DelaysGrowForWhoGuesses(t *testing.T) {
	now := time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)
	d := access.Delays{Now: func() time.Time { return now }}
	if w := d.Wait("cleo", "10.0.0.1"); w != 0 {
		t.Errorf("the first attempt waits %v", w)
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16} {
		d.Failed("cleo", "10.0.0.1")
		if w := d.Wait("cleo", "10.0.0.1"); w != want*time.Second {
			t.Errorf("waits %v, want %v seconds", w, want)
		}
		now = now.Add(d.Wait("cleo", "10.0.0.1"))
	}
	for range 40 {
		d.Failed("cleo", "10.0.0.1")
	}
	if w := d.Wait("cleo", "10.0.0.1"); w != 5*time.Minute {
		t.Errorf("the longest wait is %v", w)
	}
	if w := d.Wait("cleo", "10.0.0.2"); w > 5*time.Second {
		t.Errorf("the person elsewhere waits %v", w)
	}
	if w := d.Wait("dora", "10.0.0.1"); w != 0 {
		t.Errorf("somebody else waits %v", w)
	}
	d.Passed("cleo", "10.0.0.2")
	if w := d.Wait("cleo", "10.0.0.2"); w != 0 {
		t.Errorf("after a sign-in: %v", w)
	}
	now = now.Add(time.Hour)
	d.Failed("cleo", "10.0.0.1")
	if w := d.Wait("cleo", "10.0.0.1"); w != time.Second {
		t.Errorf("an hour later: %v", w)
	}
}

func TestDelaysTakeABoundedAmountOfMemory(t *testing.T) {
	now := time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)
	d := access.Delays{Now: func() time.Time { return now }}
	for i := range 50000 {
		d.Failed(time.Duration(i).String(), "10.0.0.1")
	}
	if n := d.Len(); n > 10002 {
		t.Errorf("%d entries", n)
	}
}
