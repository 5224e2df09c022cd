package verify_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

var (
	events = flag.Int("events", 20000, "events of BenchmarkStore")
	kept   = flag.String("ledger", "", "file that BenchmarkStore keeps its ledger in and takes it from")
)

// head is the signed checkpoint of a store's head.
func head(t *testing.T, s *sqlstore.Store, key string) []byte {
	t.Helper()
	h, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := ledger.Checkpoint{Origin: ledger.Origin(publishtest.Installation, 1), Size: h.Size, Root: h.Root}
	note, err := ledger.SignNote(c.Body(), ledger.NewSigner(c.Origin, publishtest.Key(key)))
	if err != nil {
		t.Fatal(err)
	}
	return note
}

func check(t *testing.T, path string, notes map[string][]byte) verify.Report {
	t.Helper()
	e, err := sqlite.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r, err := verify.Store(t.Context(), sqlstore.ForVerification(e), verify.StoreOptions{Notes: notes})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unguarded changes a database as somebody with its file can.
func unguarded(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var triggers []string
	rows, err := db.Query(`SELECT sql FROM sqlite_master WHERE type = 'trigger'`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		triggers = append(triggers, text)
	}
	rows.Close()
	all := []string{}
	for _, name := range []string{"events_no_update", "events_no_delete", "event_parts_no_update", "event_parts_no_delete", "ledger_hashes_no_update", "ledger_hashes_no_delete"} {
		all = append(all, "DROP TRIGGER "+name)
	}
	for _, x := range append(append(all, statements...), triggers...) {
		if _, err := db.Exec(x); err != nil {
			t.Fatalf("%s: %v", x, err)
		}
	}
}

func TestAnUntouchedStoreVerifies(t *testing.T) {
	s := start(t)
	notes := map[string][]byte{"anchor": head(t, s.store, "ledger")}
	if _, _, err := s.Register("1.0.0", "").Publish(t.Context(), gate.PreVal, s.effects); err != nil {
		t.Fatal(err)
	}
	notes["head.note"] = head(t, s.store, "ledger")
	for path, f := range clone(t, s.source) {
		if strings.HasSuffix(path, "/checkpoint") {
			notes[path] = f.Data
		}
	}
	r := check(t, s.path, notes)
	if !r.OK || r.Counts.Checkpoints != 3 || r.Counts.Events < 40 {
		t.Errorf("%s", r.Text())
	}
	e, err := sqlite.OpenReadOnly(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	trust := &releaselog.Trust{Installation: publishtest.Installation, Fingerprints: map[string]string{}}
	for _, name := range releaselog.KeyNames {
		trust.Fingerprints[name] = canonical.SHA256(publishtest.Key(name).Public().(ed25519.PublicKey))
	}
	for _, want := range []string{verify.TrustVerified, verify.TrustRefused} {
		r, err := verify.Store(t.Context(), sqlstore.ForVerification(e), verify.StoreOptions{Trust: trust})
		if err != nil || r.Trust != want || r.OK != (want == verify.TrustVerified) {
			t.Errorf("%v %s", err, r.Text())
		}
		trust.Fingerprints[releaselog.AttestKey] = trust.Fingerprints[releaselog.LedgerKey]
	}
}

func TestErasedPartsAreReportedAndVerify(t *testing.T) {
	s := start(t)
	notes := map[string][]byte{"head.note": head(t, s.store, "ledger")}
	unguarded(t, s.path, `DELETE FROM event_parts WHERE seq = 5 AND name = 'personal'`)
	r := check(t, s.path, notes)
	if !r.OK || len(r.Erased) != 1 || r.Erased[0].Seq != 5 || !slices.Equal(r.Erased[0].Parts, []string{"personal"}) {
		t.Errorf("%s", r.Text())
	}
	if !strings.Contains(r.Text(), "event 5: erased: personal") {
		t.Errorf("%s", r.Text())
	}
}

func TestTamperingWithAStoreIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		do      []string
		seq     int64  // of the first finding
		message string // part of a finding
	}{
		"TestAttack01 a header was updated":      {[]string{`UPDATE events SET header = CAST(replace(CAST(header AS TEXT), '"reason":"test"', '"reason":"best"') AS BLOB) WHERE seq = 7`}, 7, "header"},
		"TestAttack01 a body was updated":        {[]string{`UPDATE event_parts SET body = CAST(replace(CAST(body AS TEXT), 'bob', 'rob') AS BLOB) WHERE seq = 8`}, 8, "commitment"},
		"TestAttack06 a role was granted by SQL": {[]string{`UPDATE event_parts SET body = CAST(replace(CAST(body AS TEXT), '"qc"', '"sme"') AS BLOB) WHERE seq = 13`}, 13, "commitment"},
		"a column was updated":                   {[]string{`UPDATE events SET stream = 'person/other' WHERE seq = 9`}, 9, "columns"},
		"a time was set back":                    {[]string{`UPDATE events SET time_us = 1 WHERE seq = 9`}, 9, "columns"},
		"a public part was deleted":              {[]string{`DELETE FROM event_parts WHERE seq = 6 AND name = 'public'`}, 6, "public part"},
		"a part was added":                       {[]string{`INSERT INTO event_parts VALUES (6, 'purgeable', x'00', x'7b7d')`}, 6, "not in its header"},
		"a part without an event":                {[]string{`INSERT INTO event_parts VALUES (6000, 'public', x'00', x'7b7d')`}, 0, "no event"},
		"an event in the middle was deleted":     {[]string{`DELETE FROM events WHERE seq = 6`, `DELETE FROM event_parts WHERE seq = 6`}, 6, "not there"},
		"a stored hash was updated":              {[]string{`UPDATE ledger_hashes SET hash = zeroblob(32) WHERE idx = 2`}, 2, "tree above"},
		"a stored hash was deleted":              {[]string{`DELETE FROM ledger_hashes WHERE idx = (SELECT MAX(idx) FROM ledger_hashes)`}, 23, "hash is not stored"},
		"TestAttack02 the last events were deleted": {[]string{
			`DELETE FROM events WHERE seq > 20`, `DELETE FROM event_parts WHERE seq > 20`,
			`DELETE FROM ledger_hashes WHERE idx >= 38`, `DELETE FROM stream_heads WHERE stream NOT IN (SELECT stream FROM events)`,
			`UPDATE stream_heads SET version = (SELECT MAX(version) FROM events e WHERE e.stream = stream_heads.stream)`,
		}, 0, "differs from the checkpoint of size 23"},
		"TestAttack06 a head was changed": {[]string{`UPDATE stream_heads SET version = 99 WHERE stream = 'installation'`}, 0, "the table says 99"},
		"TestAttack06 a head was deleted": {[]string{`DELETE FROM stream_heads WHERE stream = 'installation'`}, 0, "not in the table"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			notes := map[string][]byte{"head.note": head(t, s.store, "ledger")}
			unguarded(t, s.path, c.do...)
			r := check(t, s.path, notes)
			if r.OK || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return strings.Contains(f.Message, c.message) }) {
				t.Fatalf("want %q:\n%s", c.message, r.Text())
			}
			if r.Findings[0].Seq != c.seq {
				t.Errorf("first finding at %d, want %d:\n%s", r.Findings[0].Seq, c.seq, r.Text())
			}
		})
	}
}

// TestAttack03_RewrittenHistoryDiffersFromTheCheckpoint computes every hash
// again, as somebody with the program and the database can.
func TestAttack03_RewrittenHistoryDiffersFromTheCheckpoint(t *testing.T) {
	first, second := start(t), start(t)
	first.Register("1.0.0", "")
	second.Register("2.0.0", "")
	notes := map[string][]byte{"head.note": head(t, first.store, "ledger")}
	r := check(t, second.path, notes)
	if r.OK || len(r.Findings) != 1 || r.Findings[0].File != "head.note" || !strings.Contains(r.Findings[0].Message, "differs from the checkpoint of size 43") {
		t.Errorf("%s", r.Text())
	}
}

func TestACheckpointByAnotherKeyIsRefused(t *testing.T) {
	s := start(t)
	r := check(t, s.path, map[string][]byte{"head.note": head(t, s.store, "another"), "other": []byte("x")})
	if r.OK || len(r.Findings) != 2 {
		t.Errorf("%s", r.Text())
	}
}

func TestAttack07_MissingOrWeakenedTriggersAreFound(t *testing.T) {
	s := start(t)
	db, err := sql.Open("sqlite", "file:"+s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, x := range []string{
		`DROP TRIGGER events_no_update`, `DROP TRIGGER events_no_delete`,
		`CREATE TRIGGER events_no_delete BEFORE DELETE ON events WHEN 0 BEGIN SELECT RAISE(ABORT, 'events are append-only'); END`,
	} {
		if _, err := db.Exec(x); err != nil {
			t.Fatal(err)
		}
	}
	r := check(t, s.path, nil)
	if r.OK || len(r.Findings) != 2 || r.Findings[0].Rule != "guard" || r.Findings[1].Rule != "guard" {
		t.Errorf("%s", r.Text())
	}
}

// BenchmarkStore verifies a large ledger: go test -bench Store -events 1000000.
func BenchmarkStore(b *testing.B) {
	path := *kept
	if path == "" {
		path = filepath.Join(b.TempDir(), "ledger.db")
	}
	if _, err := os.Stat(path); err != nil {
		large(b, path, *events)
	}
	b.ResetTimer()
	e, err := sqlite.OpenReadOnly(path)
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	for b.Loop() {
		r, err := verify.Store(b.Context(), sqlstore.ForVerification(e), verify.StoreOptions{})
		if err != nil || !r.OK || r.Counts.Events != int64(*events) {
			b.Fatalf("%v %s", err, r.Text())
		}
	}
	b.ReportMetric(float64(*events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// large makes a ledger of many events in batches.
func large(b *testing.B, path string, n int) {
	b.Helper()
	engine, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)
	store, err := sqlstore.Open(b.Context(), engine, sqlstore.Config{
		Now: func() time.Time { return now }, NewID: func() string { return ulid.Make().String() },
		NewSalt: func() ([]byte, error) { return bytes.Repeat([]byte{7}, ledger.SaltSize), nil }, Build: "bench",
	})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	for at := 0; at < n; {
		batch := ledger.Batch{Command: fmt.Sprint(at), Actor: ledger.Actor{Kind: ledger.Machine, ID: "bench", Role: "worker", Authentication: "internal"}}
		for range min(1000, n-at) {
			at++
			batch.Events = append(batch.Events, ledger.Draft{Stream: ledger.RunStream(fmt.Sprint("R", at/40)), Data: &ledger.Refused{Operation: "gate.sign", Subject: "release/corp-procurement/1.0.0", Kind: "forbidden", Message: "somebody may not"}})
		}
		if _, err := store.Append(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
}
