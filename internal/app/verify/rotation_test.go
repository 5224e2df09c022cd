package verify_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/app/witness"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// rotated is a release log over whose time every key was replaced twice: once
// between the gates of 1.0.0, once between 1.0.0 and 1.1.0.
type rotated struct {
	log   fstest.MapFS
	seqs  map[string]int64 // of the second rotation of each name
	notes map[string][]byte
	store []byte // the database
}

var (
	turned sync.Once
	turn   rotated
)

func rotatedLog(t *testing.T) rotated {
	t.Helper()
	turned.Do(func() {
		s := start(t)
		publishGate := func(r *publishtest.Release, names ...string) {
			for _, name := range names {
				if _, _, err := r.Publish(t.Context(), name, s.effects); err != nil {
					t.Fatal(err)
				}
			}
		}
		x := rotated{seqs: map[string]int64{}, notes: map[string][]byte{}}
		one := s.Register("1.0.0", "")
		publishGate(one, gate.PreVal)
		x.notes["before"] = head(t, s.store, "ledger")
		for _, name := range releaselog.KeyNames {
			s.Rotate(name, name+" 2")
		}
		publishGate(one, gate.ApproveToPrd, gate.ApproveForUse)
		x.notes["between"] = head(t, s.store, "ledger 2")
		for _, name := range releaselog.KeyNames {
			x.seqs[name] = s.Rotate(name, name+" 3").Seq
		}
		if err := s.Register("1.1.0", "1.0.0").Road(t.Context(), s.effects); err != nil {
			t.Fatal(err)
		}
		x.notes["after"] = head(t, s.store, "ledger 3")
		engine, err := sqlite.OpenReadOnly(s.path)
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close()
		copied := filepath.Join(t.TempDir(), "ledger.db")
		if err := engine.CopyTo(t.Context(), copied); err != nil {
			t.Fatal(err)
		}
		if x.store, err = os.ReadFile(copied); err != nil {
			t.Fatal(err)
		}
		x.log = clone(t, s.source)
		turn = x
	})
	if turn.log == nil {
		t.Fatal("the release log was not built")
	}
	return turn
}

func public(name string) ed25519.PublicKey {
	return publishtest.Key(name).Public().(ed25519.PublicKey)
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// trusting names the keys by the names that they are made from.
func trusting(keys ...string) *releaselog.Trust {
	t := &releaselog.Trust{Schema: releaselog.TrustSchema, Installation: publishtest.Installation, Fingerprints: map[string]string{}}
	for i, name := range releaselog.KeyNames {
		t.Fingerprints[name] = ledger.Fingerprint(public(keys[i]))
	}
	return t
}

func TestFoldersFromBeforeAndAfterARotationVerifyWithTheFirstTrustFile(t *testing.T) {
	w := rotatedLog(t)
	for _, folder := range []string{"1.0.0", "1.1.0"} {
		for name, c := range map[string]struct {
			trust *releaselog.Trust
			want  string
		}{
			"none":                         {nil, verify.TrustNone},
			"the first keys":               {trusting("ledger", "attest", "document"), verify.TrustVerified},
			"the keys after one rotation":  {trusting("ledger 2", "attest 2", "document 2"), verify.TrustVerified},
			"the keys after two rotations": {trusting("ledger 3", "attest 3", "document 3"), map[string]string{"1.0.0": verify.TrustRefused, "1.1.0": verify.TrustVerified}[folder]},
			"some of each":                 {trusting("ledger 2", "attest", "document 2"), verify.TrustVerified},
			"a foreign ledger key":         {trusting("another", "attest", "document"), verify.TrustRefused},
			"a foreign document key":       {trusting("ledger", "attest", "another"), verify.TrustRefused},
			"a key of another name":        {trusting("document", "attest", "ledger"), verify.TrustRefused},
		} {
			o := options()
			o.Trust = c.trust
			if r := judged(t, w.log, folder, o); r.Trust != c.want || r.OK != (c.want != verify.TrustRefused) {
				t.Errorf("%s with %s: want %s\n%s", folder, name, c.want, r.Text())
			}
		}
	}
}

func TestEveryByteOfRotatedKeysIsVerified(t *testing.T) {
	w := rotatedLog(t)
	for _, path := range []string{"keys.json", "1.0.0/keys.json", "index.json", "index.note"} {
		data := w.log[path].Data
		for i := 0; i < len(data); i += 37 {
			changed := slices.Clone(data)
			changed[i] ^= 1 << (i % 8)
			if r := verify.Folder(with(w.log, path, changed), "1.0.0", options()); r.OK || !names(r, path) {
				t.Fatalf("%s byte %d: %s", path, i, r.Text())
			}
		}
		if r := verify.Folder(with(w.log, path, nil), "1.0.0", options()); r.OK || !names(r, path) {
			t.Errorf("without %s: %s", path, r.Text())
		}
	}
}

// says wants a finding in a file that gives a reason.
func says(t *testing.T, r verify.Report, file, reason string) {
	t.Helper()
	if r.OK || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool {
		return (file == "" || f.File == file) && strings.Contains(f.Message, reason)
	}) {
		t.Errorf("want %s: %q\n%s", file, reason, r.Text())
	}
}

// TestAttack55_WhatAnOldKeySignsAfterItsRotationIsRefused lets somebody who stole
// keys that were replaced since write into the release log; he has the newest
// document key of the folder too, so that nothing else is wrong.
func TestAttack55_WhatAnOldKeySignsAfterItsRotationIsRefused(t *testing.T) {
	w := rotatedLog(t)
	replaced := func(name string) string { return "which event " + decimal(w.seqs[name]) + " replaced" }
	point := "1.1.0/ledger/pre_val-1/checkpoint"
	body := strings.SplitAfter(string(w.log[point].Data), "\n\n")[0]
	old, err := ledger.SignNote(strings.TrimSuffix(body, "\n"), ledger.NewSigner(ledger.Origin(publishtest.Installation, 1), publishtest.Key("ledger 2")))
	if err != nil {
		t.Fatal(err)
	}
	keys := func(log fstest.MapFS, path string, n int) fstest.MapFS {
		return edit(t, log, path, func(k *releaselog.Keys) {
			if k.Rotations = k.Rotations[:n]; n == 0 {
				k.Schema = releaselog.KeysSchema
			}
		})
	}
	first := keys(w.log, "1.1.0/keys.json", 0)
	for name, c := range map[string]struct {
		log          fstest.MapFS
		file, reason string
	}{
		"a checkpoint":            {resignBy(t, with(w.log, point, old), "1.1.0", "document 3", "document 3", nil), point, replaced("ledger")},
		"the index of a folder":   {resignBy(t, w.log, "1.1.0", "document 2", "document 3", nil), "1.1.0/index.note", replaced("document")},
		"the index of all":        {resignBy(t, w.log, "1.1.0", "document 3", "document 2", nil), "index.note", replaced("document")},
		"keys without rotations":  {resignBy(t, first, "1.1.0", "document", "document", nil), "1.1.0/ledger/approve_for_use-1/checkpoint", "no verifiable signatures"},
		"keys without the newest": {resignBy(t, keys(w.log, "1.1.0/keys.json", 5), "1.1.0", "document 2", "document 3", nil), "1.1.0/keys.json", "is not the one that the ledger announced"},
	} {
		t.Run(name, func(t *testing.T) { says(t, judged(t, c.log, "1.1.0", options()), c.file, c.reason) })
	}
}

func TestAttack55_AnAttestationByAnOldKeyAfterItsRotationIsRefused(t *testing.T) {
	s := start(t)
	r := s.Register("1.0.0", "")
	seq := s.Rotate(releaselog.AttestKey, "attest 2").Seq
	s.Attest = publishtest.Key("attest") // stolen, or kept by a server that should not have it
	if _, _, err := r.Publish(t.Context(), gate.PreVal, s.effects); err != nil {
		t.Fatal(err)
	}
	report := judged(t, clone(t, s.source), "1.0.0", options())
	says(t, report, find(clone(t, s.source), "1.0.0/attestations/01J", ""), "sealed by the attest key "+ledger.Fingerprint(public("attest"))[:12]+", which event "+decimal(seq)+" replaced")
	for _, f := range report.Findings {
		if f.Rule != "attestation" {
			t.Errorf("besides: %+v", f)
		}
	}
}

func TestAttack55_AnAttestationByAKeyThatWasNotAnnouncedYetIsRefused(t *testing.T) {
	s := start(t)
	r := s.Register("1.0.0", "")
	s.Attest = publishtest.Key("attest 2")
	execution, fence := r.Step(gate.PreVal)
	s.Rotate(releaselog.AttestKey, "attest 2")
	if _, _, err := r.Await(t.Context(), execution, fence, gate.PreVal, s.effects); err != nil {
		t.Fatal(err)
	}
	says(t, judged(t, clone(t, s.source), "1.0.0", options()), "", "announced after event")
}

// hiding is a ledger whose installation publishes as if no key had been rotated.
type hiding struct{ publish.Log }

func (h hiding) StreamRecords(ctx context.Context, stream ledger.Stream, upTo int64) ([]ledger.Record, error) {
	all, err := h.Log.StreamRecords(ctx, stream, upTo)
	if stream == ledger.Installation && upTo > 1<<40 {
		all = slices.DeleteFunc(all, func(r ledger.Record) bool { return strings.Contains(string(r.Header), `"key.rotated"`) })
	}
	return all, err
}

// TestAttack55_ARotationInTheLedgerThatIsNotSignedByBothIsRefused lets a ledger
// hold rotations that only one of the keys made, and a second announcement; the
// store and a published folder are refused with the reason.
func TestAttack55_ARotationInTheLedgerThatIsNotSignedByBothIsRefused(t *testing.T) {
	rotation := func(old, next string) *ledger.KeyRotated {
		return ledger.Rotate(publishtest.Installation, "ledger", publishtest.Key(old), publishtest.Key(next))
	}
	halved := func(change func(r *ledger.KeyRotated)) *ledger.KeyRotated {
		r := rotation("ledger", "thief")
		change(r)
		return r
	}
	for name, c := range map[string]struct {
		event  ledger.Payload
		reason string
	}{
		"by the new key alone":       {halved(func(r *ledger.KeyRotated) { r.ByOld = r.ByNew }), "is not signed by the old ledger key"},
		"by the old key alone":       {halved(func(r *ledger.KeyRotated) { r.ByNew = r.ByOld }), "is not signed by the new ledger key"},
		"by a foreign key":           {rotation("another", "thief"), "rotates the ledger key " + ledger.Fingerprint(public("another"))[:12] + ", in force is"},
		"as if it was made at first": {&ledger.KeyCreated{Name: "ledger", Algorithm: "ed25519", Public: base64.StdEncoding.EncodeToString(public("thief"))}, "announces the ledger key a second time"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			e := s.Append(ledger.Draft{Stream: ledger.Installation, Data: c.event})[0]
			r := s.Register("1.0.0", "")
			if _, err := s.Publisher.PublicKeys(t.Context()); err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("the installation itself: %v", err)
			}
			report := check(t, s.path, map[string][]byte{"head.note": head(t, s.store, "thief")})
			says(t, report, "", c.reason)
			if !slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Seq == e.Seq }) || !names(report, "head.note") {
				t.Errorf("event and note are not named: %s", report.Text())
			}
			if _, again := c.event.(*ledger.KeyCreated); again {
				return // an installation without rotations to hide
			}
			s.Publisher.Log = hiding{s.store}
			if _, _, err := r.Publish(t.Context(), gate.PreVal, s.effects); err != nil {
				t.Fatal(err)
			}
			says(t, judged(t, clone(t, s.source), "1.0.0", options()), "1.0.0/ledger/pre_val-1/context.json", c.reason)
		})
	}
	t.Run("a good one that the published keys do not say", func(t *testing.T) {
		s := start(t)
		s.Append(ledger.Draft{Stream: ledger.Installation, Data: rotation("ledger", "ledger 2")})
		s.Publisher.Log = hiding{s.store}
		if _, _, err := s.Register("1.0.0", "").Publish(t.Context(), gate.PreVal, s.effects); err != nil {
			t.Fatal(err)
		}
		says(t, judged(t, clone(t, s.source), "1.0.0", options()), "1.0.0/keys.json", "is not the one that the ledger announced")
	})
}

// TestAttack55_AStoreIsComparedWithCheckpointsOfEveryKey takes the store of the
// rotated installation.
func TestAttack55_AStoreIsComparedWithCheckpointsOfEveryKey(t *testing.T) {
	w := rotatedLog(t)
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := os.WriteFile(path, w.store, 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(notes map[string][]byte, trust *releaselog.Trust) verify.Report {
		e, err := sqlite.OpenReadOnly(path)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		r, err := verify.Store(t.Context(), sqlstore.ForVerification(e), verify.StoreOptions{Notes: notes, Trust: trust})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, keys := range [][]string{{"ledger", "attest", "document"}, {"ledger 2", "attest 2", "document 2"}, {"ledger 3", "attest 3", "document 3"}} {
		if r := at(w.notes, trusting(keys...)); !r.OK || r.Trust != verify.TrustVerified {
			t.Errorf("%v: %s", keys, r.Text())
		}
	}
	late := map[string][]byte{}
	for name, key := range map[string]string{"by the first": "ledger", "by the second": "ledger 2"} {
		body := strings.TrimSuffix(strings.SplitAfter(string(w.notes["after"]), "\n\n")[0], "\n")
		raw, err := ledger.SignNote(body, ledger.NewSigner(ledger.Origin(publishtest.Installation, 1), publishtest.Key(key)))
		if err != nil {
			t.Fatal(err)
		}
		late[name] = raw
	}
	r := at(late, nil)
	says(t, r, "by the first", "which event")
	says(t, r, "by the second", "which event "+decimal(w.seqs["ledger"])+" replaced")
	// Nothing says that the third key ever saw this ledger.
	says(t, at(map[string][]byte{"before": w.notes["before"], "between": w.notes["between"]}, trusting("ledger 3", "attest", "document")), "", "from before the one of the trust file")
	if canonical.SHA256(w.notes["before"]) == canonical.SHA256(w.notes["between"]) {
		t.Error("the ledger did not grow")
	}
}

// TestAPublicationThatWasAskedForBeforeARotationIsCarriedOutAfter: what it is
// signed with is newer than all that it tells, and the size that it is anchored at
// may have been anchored before by the old key.
func TestAPublicationThatWasAskedForBeforeARotationIsCarriedOutAfter(t *testing.T) {
	for name, first := range map[string]func(s *installation) error{
		"the size is not anchored yet": func(*installation) error { return nil },
		"the size was anchored by the old key": func(s *installation) error {
			solution, err := s.Solution(s.t.Context(), publishtest.Solution)
			if err != nil {
				return err
			}
			_, err = s.Publisher.Anchor(s.t.Context(), solution, s.Publisher.Now())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			done := false
			effects := func() [][]byte {
				list := s.effects()
				if len(list) > 0 && !done {
					done = true
					if err := first(s); err != nil {
						t.Error(err)
					}
					for _, name := range releaselog.KeyNames {
						s.Rotate(name, name+" 2")
					}
				}
				return list
			}
			if _, _, err := s.Register("1.0.0", "").Publish(t.Context(), gate.PreVal, effects); err != nil {
				t.Fatal(err)
			}
			log := clone(t, s.source)
			o := options()
			o.Trust = trusting("ledger", "attest", "document")
			if r := judged(t, log, "1.0.0", o); !r.OK || r.Trust != verify.TrustVerified {
				t.Errorf("%s", r.Text())
			}
			o.Trust = trusting("ledger", "attest 2", "document")
			says(t, judged(t, log, "1.0.0", o), "1.0.0/keys.json", "the attest key of the trust file came after everything that is here")
			before := s.witnessed(t, nil)
			if err := s.resume(t, "1.0.0"); err != nil {
				t.Error(err)
			}
			if after := s.witnessed(t, &before); after.Key != base64.StdEncoding.EncodeToString(public("ledger 2")) {
				t.Errorf("the witness is at key %s", after.Key)
			}
		})
	}
}

// witnessed is what a witness with the first trust file sees.
func (s *installation) witnessed(t *testing.T, last *witness.Memory) witness.Memory {
	t.Helper()
	seen, err := witness.Follow(witness.Look{Last: last, Files: branch(t, s.source), Trust: trusting("ledger", "attest", "document")})
	if err != nil {
		t.Fatal(err)
	}
	return seen.Memory
}

// resume publishes another version over the same log, and verifies both.
func (s *installation) resume(t *testing.T, before string) error {
	if _, _, err := s.Register("1.1.0", "").Publish(t.Context(), gate.PreVal, s.effects); err != nil {
		return err
	}
	log := clone(t, s.source)
	for _, folder := range []string{before, "1.1.0"} {
		if r := judged(t, log, folder, options()); !r.OK {
			t.Errorf("%s", r.Text())
		}
	}
	return nil
}

// branch are the files of the branch of anchors.
func branch(t *testing.T, source string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for path, f := range cloneOf(t, source, releaselog.AnchorBranch) {
		out[path] = f.Data
	}
	return out
}
