package wire

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/keyring"
	"github.com/dc-release/dc-release/internal/app/keys"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/face/cli/audit"
)

// administered is an installation with an administrator, closed, and the trust
// file of its first keys.
func administered(t *testing.T) (c Config, trust string) {
	t.Helper()
	c = begun(t)
	o := opened(t, c)
	_, err := operation.Ask[person.Added](t.Context(), o, "person.bootstrap", operation.NewPerson{ByAdministrator: by("admin"), Login: "admin", Name: "Alma", Password: "a long password"})
	if err != nil {
		t.Fatal(err)
	}
	file := releaselog.Trust{Schema: releaselog.TrustSchema, Installation: o.Ring.Installation, Fingerprints: map[string]string{}}
	for _, name := range releaselog.KeyNames {
		file.Fingerprints[name] = ledger.Fingerprint(o.Ring.Public(name))
	}
	raw, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	trust = filepath.Join(t.TempDir(), "trust.json")
	if err := errors.Join(os.WriteFile(trust, raw, 0o600), o.Close()); err != nil {
		t.Fatal(err)
	}
	return c, trust
}

// verified wants a store that follows from the first keys.
func verified(t *testing.T, c Config, trust string) verify.Report {
	t.Helper()
	r, err := Verify("test")(t.Context(), audit.Verification{Data: c.Data, Trust: trust})
	if err != nil || !r.OK || r.Trust != verify.TrustVerified {
		t.Errorf("verify: %v, %+v", err, r)
	}
	return r
}

func keyFile(t *testing.T, c Config, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(c.Data, "keys", name))
	if err != nil {
		return ""
	}
	return string(raw)
}

func rotate(t *testing.T, o *Owner, name string) keys.Rotation {
	t.Helper()
	r, err := operation.Ask[keys.Rotation](t.Context(), o, "audit.rotate", operation.RotateKey{ByAdministrator: by("admin"), Key: name})
	if err != nil {
		t.Fatalf("rotate %s: %v", name, err)
	}
	return r
}

func TestEveryKeyIsRotatedWhileTheInstallationRuns(t *testing.T) {
	c, trust := administered(t)
	o := opened(t, c)
	for range 2 {
		for _, name := range releaselog.KeyNames {
			before := keyFile(t, c, name+".key")
			r := rotate(t, o, name)
			if r.Old == r.New || keyFile(t, c, name+".key") == before || keyFile(t, c, name+".next") != "" {
				t.Errorf("%+v", r)
			}
			verified(t, c, trust)
			ask(t, o, "")
			verified(t, c, trust)
		}
	}
	if err := o.recheck(t.Context()); err != nil || o.Held() != nil {
		t.Errorf("recheck: %v, %v", err, o.Held())
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	o = opened(t, c)
	if o.Held() != nil {
		t.Fatal(o.Held())
	}
	rotate(t, o, "ledger")
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	verified(t, c, trust)
}

func TestAKeyIsNotRotatedWithoutANameAReasonAndAnAdministrator(t *testing.T) {
	c, _ := administered(t)
	o := opened(t, c)
	defer o.Close()
	for name, x := range map[string]struct {
		q      operation.RotateKey
		kind   fault.Kind
		reason string
	}{
		"the issuer's":       {operation.RotateKey{ByAdministrator: by("admin"), Key: "issuer"}, fault.Invalid, "changes by itself"},
		"one that is none":   {operation.RotateKey{ByAdministrator: by("admin"), Key: "seal"}, fault.Invalid, "want one of attest, document, ledger"},
		"an empty reason":    {operation.RotateKey{ByAdministrator: operation.ByAdministrator{As: "admin", Reason: " . "}, Key: "ledger"}, fault.Invalid, "says something"},
		"nobody who is here": {operation.RotateKey{ByAdministrator: by("eve"), Key: "ledger"}, fault.NotFound, "no person"},
	} {
		_, err := operation.Ask[keys.Rotation](t.Context(), o, "audit.rotate", x.q)
		if fault.KindOf(err) != x.kind || !strings.Contains(err.Error(), x.reason) {
			t.Errorf("%s: got %v, want %s with %q", name, err, x.kind, x.reason)
		}
		if keyFile(t, c, "ledger.next") != "" {
			t.Errorf("%s: a next key was left", name)
		}
	}
}

// dying is a keyring whose process ends before it settles.
type dying struct{ *keyring.Ring }

var errKilled = errors.New("killed")

func (dying) Settle(string, bool) error { return errKilled }

// kills leave an installation as a process that is killed at each boundary of a
// rotation leaves it; rotated says which key is in force then.
var kills = map[string]struct {
	kill    func(t *testing.T, o *Owner, name string)
	rotated bool
}{
	"before the event": {func(t *testing.T, o *Owner, name string) {
		if _, err := o.Ring.Next(name); err != nil {
			t.Fatal(err)
		}
	}, false},
	"between the commit and head.note": {func(t *testing.T, o *Owner, name string) {
		next, err := o.Ring.Next(name)
		if err != nil {
			t.Fatal(err)
		}
		o.Store.OnHead(func(ledger.Head, []ledger.Event) error { return errKilled })
		_, err = o.Store.Append(t.Context(), ledger.Batch{
			Command: "rotate/killed", Actor: ledger.Actor{Kind: ledger.Machine, ID: "test", Authentication: "internal"},
			Events: []ledger.Draft{{Stream: ledger.Installation, Data: ledger.Rotate(o.Ring.Installation, name, o.Ring.Keys[name], next)}},
		})
		if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
	}, true},
	"between head.note and the file": {func(t *testing.T, o *Owner, name string) {
		o.App.Rotator.Files = dying{o.Ring}
		if _, err := o.App.Rotator.Rotate(t.Context(), ledger.Actor{Kind: ledger.Machine, ID: "test", Authentication: "internal"}, name, "a test"); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
	}, true},
	"after the file": {func(t *testing.T, o *Owner, name string) { rotate(t, o, name) }, true},
}

// TestAttack48_ARotationSurvivesAKillAtEveryBoundary: the next start takes the
// key that the ledger announced, and forgets one that it did not.
func TestAttack48_ARotationSurvivesAKillAtEveryBoundary(t *testing.T) {
	for boundary, k := range kills {
		for _, name := range releaselog.KeyNames {
			t.Run(name+" "+boundary, func(t *testing.T) {
				c, trust := administered(t)
				before := keyFile(t, c, name+".key")
				o := opened(t, c)
				k.kill(t, o, name)
				if err := o.Close(); err != nil {
					t.Fatal(err)
				}
				verified(t, c, trust)
				next := keyFile(t, c, name+".next")
				o = opened(t, c)
				if o.Held() != nil {
					t.Fatal(o.Held())
				}
				after := keyFile(t, c, name+".key")
				if (after != before) != k.rotated || keyFile(t, c, name+".next") != "" || (next != "" && k.rotated && after != next) {
					t.Errorf("the key changed: %t, want %t", after != before, k.rotated)
				}
				ask(t, o, "")
				verified(t, c, trust)
				rotate(t, o, name) // nothing stands in the way of another
				if err := o.Close(); err != nil {
					t.Fatal(err)
				}
				verified(t, c, trust)
			})
		}
	}
}

// TestAttack55_AKeyThatTheLedgerDoesNotKnowIsNeverUsed puts others into the place
// of the one in force.
func TestAttack55_AKeyThatTheLedgerDoesNotKnowIsNeverUsed(t *testing.T) {
	file := func(c Config, name string) string { return filepath.Join(c.Data, "keys", name) }
	for name, change := range map[string]func(t *testing.T, c Config, first string) error{
		"it was removed, and would be made anew": func(_ *testing.T, c Config, _ string) error { return os.Remove(file(c, "attest.key")) },
		"it is the one from before the rotation": func(_ *testing.T, c Config, first string) error {
			return os.WriteFile(file(c, "attest.key"), []byte(first), 0o600)
		},
		"a next one has the name of the one here": func(_ *testing.T, c Config, _ string) error {
			return os.Rename(file(c, "document.key"), file(c, "attest.key"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := administered(t)
			first := keyFile(t, c, "attest.key")
			o := opened(t, c)
			rotate(t, o, "attest")
			if err := errors.Join(o.Close(), change(t, c, first)); err != nil {
				t.Fatal(err)
			}
			o = opened(t, c)
			ask(t, o, "attest.key is not the attest key that the ledger announced last")
			if err := o.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNothingIsSignedWithAnOldKeyAfterItsRotation signs, appends and rotates side
// by side.
func TestNothingIsSignedWithAnOldKeyAfterItsRotation(t *testing.T) {
	c, trust := administered(t)
	o := opened(t, c)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for range 15 {
				ask(t, o, "")
				head, err := o.Store.Head(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				note, err := o.keys.Checkpoint(head)
				if err != nil {
					t.Error(err)
					return
				}
				known, err := announced(t.Context(), o.Store)
				if err != nil {
					t.Error(err)
					return
				}
				if _, _, err := known.Chain(ledger.LedgerKey).OpenCheckpoint(note); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range 10 {
				err := o.keys.With(releaselog.AttestKey, func(key ed25519.PrivateKey) error {
					events, err := o.Store.Append(t.Context(), ledger.Batch{
						Command: newID(), Actor: ledger.Actor{Kind: ledger.Machine, ID: "test", Authentication: "internal"},
						Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.Refused{Operation: "test"}}},
					})
					if err != nil {
						return err
					}
					known, err := announced(t.Context(), o.Store)
					chain := known.Chain(releaselog.AttestKey)
					if link := chain.At(events[0].Seq); err == nil && !chain.Links[link].Public.Equal(key.Public()) {
						t.Errorf("event %d was sealed by another key than the one in force", events[0].Seq)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 4 {
		rotate(t, o, "ledger")
		rotate(t, o, "attest")
	}
	all.Wait()
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	verified(t, c, trust)
}

// failing is a ledger whose append fails before or after the commit, and which
// cannot be read then when it is blind.
type failing struct {
	ledger.Log
	commits, blind bool
	failed         bool
}

func (f *failing) Append(ctx context.Context, b ledger.Batch) (events []ledger.Event, err error) {
	f.failed = true
	if f.commits {
		if events, err = f.Log.Append(ctx, b); err != nil {
			return events, err
		}
	}
	return nil, errKilled
}

func (f *failing) Stream(ctx context.Context, s ledger.Stream, after int64) ([]ledger.Event, error) {
	if f.failed && f.blind {
		return nil, errKilled
	}
	return f.Log.Stream(ctx, s, after)
}

// TestAttack49_AnAppendThatFailedIsLookedForInTheLedger: what is not known is not
// signed with.
func TestAttack49_AnAppendThatFailedIsLookedForInTheLedger(t *testing.T) {
	for name, c := range map[string]struct {
		log              failing
		rotated, settled bool
	}{
		"nothing was committed":              {failing{}, false, true},
		"it was committed":                   {failing{commits: true}, true, true},
		"committed, and nobody can tell":     {failing{commits: true, blind: true}, true, false},
		"not committed, and nobody can tell": {failing{blind: true}, false, false},
	} {
		for _, key := range releaselog.KeyNames {
			t.Run(key+" "+name, func(t *testing.T) {
				c := c
				data, trust := administered(t)
				before := keyFile(t, data, key+".key")
				o := opened(t, data)
				c.log.Log = o.Store
				o.App.Rotator.Log = &c.log
				_, err := operation.Ask[keys.Rotation](t.Context(), o, "audit.rotate", operation.RotateKey{ByAdministrator: by("admin"), Key: key})
				if (err == nil) != (c.rotated && c.settled) {
					t.Errorf("rotate: %v", err)
				}
				_, err = o.keys.SignNote(key, "text\n")
				if (err == nil) != c.settled || err != nil && !strings.Contains(err.Error(), "it is not known whether") {
					t.Errorf("sign: %v", err)
				}
				ask(t, o, "")
				if err := o.Close(); err != nil {
					t.Fatal(err)
				}
				verified(t, data, trust)
				o = opened(t, data)
				if _, err := o.keys.SignNote(key, "text\n"); err != nil || o.Held() != nil {
					t.Errorf("after a restart: %v, %v", err, o.Held())
				}
				if err := o.Close(); err != nil {
					t.Fatal(err)
				}
				if after := keyFile(t, data, key+".key"); (after != before) != c.rotated || keyFile(t, data, key+".next") != "" {
					t.Errorf("the key changed: %t", after != before)
				}
				verified(t, data, trust)
			})
		}
	}
}
