package effects

import (
	"testing"
	"time"
)

func TestAnIdleServerRests(t *testing.T) {
	start := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	w := watch{looked: map[string]time.Time{}}
	asked := func(from, to time.Duration) (n int) {
		for at := from; at < to; at += pollEvery {
			if w.look("one", start.Add(at)) != w.look("other", start.Add(at)) {
				t.Fatal("one queue takes the look of another")
			}
			if w.looked["one"].Equal(start.Add(at)) {
				n++
			}
		}
		return n
	}
	if n := asked(0, 10*time.Second); n != 10 {
		t.Errorf("asked %d times in 10 s without work, want once a second", n)
	}
	w.wake(start.Add(10 * time.Second))
	if n, all := asked(10*time.Second, 12*time.Second), int(2*time.Second/pollEvery); n != all {
		t.Errorf("asked %d times in the 2 s after an effect, want %d", n, all)
	}
	if n := asked(13*time.Second, 15*time.Second); n != 2 {
		t.Errorf("asked %d times in 2 s after that, want once a second", n)
	}
}
