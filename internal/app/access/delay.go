package access

import (
	"sync"
	"time"
)

// Delays make guessing slow without shutting anybody out: each failure of a
// source for a login doubles its wait, and all sources together make a login
// wait a little.
type Delays struct {
	Now func() time.Time

	mu   sync.Mutex
	keys map[string]delay
}

type delay struct {
	failures int
	until    time.Time
}

const (
	firstDelay  = time.Second
	longSource  = 5 * time.Minute
	longLogin   = 5 * time.Second
	forgetAfter = 15 * time.Minute
	maxDelays   = 10000
)

// Wait is how long an attempt has to wait; zero lets it through.
func (d *Delays) Wait(login, source string) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.Now()
	return max(d.keys[login+"\x00"+source].until.Sub(now), d.keys[login].until.Sub(now), 0)
}

// Failed makes the next attempt wait longer.
func (d *Delays) Failed(login, source string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.Now()
	if d.keys == nil || len(d.keys) > maxDelays {
		d.sweep(now)
	}
	d.grow(login+"\x00"+source, now, longSource)
	d.grow(login, now, longLogin)
}

// Passed forgets the failures of a source.
func (d *Delays) Passed(login, source string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.keys, login+"\x00"+source)
	delete(d.keys, login)
}

func (d *Delays) grow(key string, now time.Time, longest time.Duration) {
	k := d.keys[key]
	if now.Sub(k.until) > forgetAfter {
		k.failures = 0
	}
	wait := min(firstDelay<<min(k.failures, 20), longest)
	d.keys[key] = delay{failures: k.failures + 1, until: now.Add(wait)}
}

// sweep keeps what still waits.
func (d *Delays) sweep(now time.Time) {
	kept := map[string]delay{}
	for key, k := range d.keys {
		if k.until.After(now) && len(kept) < maxDelays/2 {
			kept[key] = k
		}
	}
	d.keys = kept
}

// Len is how many waits are kept.
func (d *Delays) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.keys)
}
