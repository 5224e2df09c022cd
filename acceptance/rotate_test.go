package acceptance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAttack48_ARotationThatIsKilledIsSettledByTheLedger kills the process as soon
// as the next key is kept, and as soon as the ledger has grown. Whichever key is in
// force afterwards is the one that the ledger announced.
func TestAttack48_ARotationThatIsKilledIsSettledByTheLedger(t *testing.T) {
	o := newOffice(t)
	trust := o.trust()
	s := &site{t: t, dir: o.dir}
	key, next := filepath.Join(o.data, "keys", "ledger.key"), filepath.Join(o.data, "keys", "ledger.next")
	for name, reached := range map[string]func(size int) bool{
		"the next key is kept": func(int) bool { _, err := os.Stat(next); return err == nil },
		"the ledger has grown": func(size int) bool { return s.size() > size },
	} {
		before, size := string(mustRead(t, key)), s.size()
		p := s.start("audit", "rotate", "ledger", "--as", "admin", "--reason", "a test of "+name)
		tick := time.NewTicker(100 * time.Microsecond)
		for over := false; !over; {
			select {
			case <-p.done:
				over = true
			case <-tick.C:
				if over = reached(size); over {
					p.kill(true)
				}
			}
		}
		tick.Stop()
		want(t, 0, "", "--data", o.data, "audit", "verify", "--trust", trust, "--require-trust")
		o.grow(1)
		if _, err := os.Stat(next); err == nil {
			t.Errorf("%s: a next key was left", name)
		}
		listed := want(t, 0, "", "--data", o.data, "audit", "list", "--type", "key.rotated").out
		if changed := string(mustRead(t, key)) != before; changed != strings.Contains(listed, "a test of "+name) {
			t.Errorf("%s: the key changed: %t, and the ledger says\n%s", name, changed, listed)
		}
		o.anchor(0)
		o.witness(0, "--trust", trust)
		want(t, 0, "", "--data", o.data, "audit", "verify", "--trust", trust, "--require-trust")
	}
}
