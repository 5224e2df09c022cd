package acceptance_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // driver for whoever has the database's file
)

const tampered = "1.0.0"

// refutes wants exit 7 and the file's name.
func refutes(t *testing.T, log, file string) {
	t.Helper()
	r := dcRelease(t, "", "audit", "verify", "--release-log", log, "--version", tampered)
	if r.code != 7 || !strings.Contains(r.out, file) {
		t.Errorf("%s: exit %d, want 7 and its name\n%s", file, r.code, r)
	}
}

// TestGXP001_AnyFlippedByteIsFoundAndNamed goes through every file of the folder.
func TestGXP001_AnyFlippedByteIsFoundAndNamed(t *testing.T) {
	log := published(t)
	files := filesIn(t, filepath.Join(log, tampered))
	if len(files) < 100 {
		t.Fatalf("%d files", len(files))
	}
	for i, name := range files {
		path := filepath.Join(log, tampered, name)
		data := mustRead(t, path)
		at := (i * 7919) % len(data) // any place, another one in each file
		flipped := bytes.Clone(data)
		flipped[at] ^= 1
		mustWrite(t, path, flipped)
		refutes(t, log, tampered+"/"+name)
		mustWrite(t, path, data)
	}
	want(t, 0, "", "audit", "verify", "--release-log", log, "--version", tampered)
}

// TestARemovedAndAnAddedFileAreNamed removes every tenth file and adds some.
func TestARemovedAndAnAddedFileAreNamed(t *testing.T) {
	log := published(t)
	for i, name := range filesIn(t, filepath.Join(log, tampered)) {
		if i%10 != 0 && !strings.HasPrefix(name, "index.") && name != "keys.json" {
			continue
		}
		path := filepath.Join(log, tampered, name)
		data := mustRead(t, path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		refutes(t, log, tampered+"/"+name)
		mustWrite(t, path, data)
	}
	for _, name := range []string{"extra.md", "evidence/prd/more.xml", "signatures/one-more.json", "ledger/pre_val-1/run~X.json", "final/.hidden"} {
		path := filepath.Join(log, tampered, name)
		mustWrite(t, path, []byte("{}\n"))
		refutes(t, log, tampered+"/"+name)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGXP071_Attack33_AResultThatWasChangedWithEveryDigestIsFound changes a result file and
// then every digest, everywhere in the release log, until all of them fit.
func TestGXP071_Attack33_AResultThatWasChangedWithEveryDigestIsFound(t *testing.T) {
	log := published(t)
	content := map[string][]byte{}
	var results string
	for _, name := range filesIn(t, log) {
		content[name] = mustRead(t, filepath.Join(log, name))
		if strings.HasPrefix(name, tampered+"/evidence/val/") && strings.HasSuffix(name, "results.xml") {
			results = name
		}
	}
	if results == "" {
		t.Fatal("no result file of val")
	}
	digest := func(data []byte) string { sum := sha256.Sum256(data); return hex.EncodeToString(sum[:]) }
	before := map[string]string{}
	for name, data := range content {
		before[name] = digest(data)
	}
	content[results] = bytes.Replace(content[results], []byte(`name="`), []byte(`name="X`), 1)
	content[results] = bytes.TrimSuffix(content[results], []byte("\n")) // the size stays
	for round := 0; ; round++ {
		changed := false
		for name, data := range content {
			now := digest(data)
			if now == before[name] {
				continue
			}
			for other, text := range content {
				if fits := bytes.ReplaceAll(text, []byte(before[name]), []byte(now)); !bytes.Equal(fits, text) {
					content[other], changed = fits, true
				}
			}
			before[name] = now
		}
		if !changed {
			break
		}
		if round > 50 {
			t.Log("some files name each other's digest and cannot all fit")
			break
		}
	}
	for name, data := range content {
		mustWrite(t, filepath.Join(log, name), data)
	}
	r := want(t, 7, "", "audit", "verify", "--release-log", log, "--version", tampered)
	if strings.Contains(r.out, tampered+": verified") {
		t.Error(r)
	}
}

// stored copies the ledger of the demo and opens it with its guards dropped, as
// somebody who owns the file can.
func stored(t *testing.T) (data string, db *sql.DB) {
	t.Helper()
	dir, _ := demo(t)
	data = filepath.Join(folder(t), "data")
	for _, name := range []string{"ledger.db", "ledger.db-wal", "head.note"} {
		raw, err := os.ReadFile(filepath.Join(dir, "data", name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, filepath.Join(data, name), raw)
	}
	return data, openLedger(t, data)
}

func openLedger(t *testing.T, data string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// guards are dropped before and made again after, so that only the change
// itself can be found.
func unguarded(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	rows, err := db.Query(`SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`)
	if err != nil {
		t.Fatal(err)
	}
	guards := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		guards[name] = text
	}
	if err := rows.Close(); err != nil || len(guards) == 0 {
		t.Fatalf("%d guards: %v", len(guards), err)
	}
	for name := range guards {
		statements = append([]string{"DROP TRIGGER " + name}, statements...)
	}
	for _, text := range guards {
		statements = append(statements, text)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTheStoreOfTheDemoVerifies is what the tampered ones are compared with.
func TestTheStoreOfTheDemoVerifies(t *testing.T) {
	data, db := stored(t)
	unguarded(t, db)
	want(t, 0, "", "--data", data, "audit", "verify")
}

// TestChangesOfTheStoreBySQLAreFound wants exit 7 for each.
func TestChangesOfTheStoreBySQLAreFound(t *testing.T) {
	for name, statements := range map[string][]string{
		"an update of a column":           {`UPDATE events SET type = 'gate.closed' WHERE seq = 60`},
		"an update of a time":             {`UPDATE events SET time_us = time_us + 1 WHERE seq = 61`},
		"an update of a header":           {`UPDATE events SET header = CAST(replace(CAST(header AS TEXT), 'person', 'parson') AS BLOB) WHERE seq = (SELECT max(seq) FROM events WHERE type = 'signature.made')`},
		"an update of a public part":      {`UPDATE event_parts SET body = CAST(replace(CAST(body AS TEXT), 'e', 'a') AS BLOB) WHERE name = 'public' AND seq = 62`},
		"a deletion of the last five":     {`DELETE FROM events WHERE seq > (SELECT max(seq) FROM events) - 5`, `DELETE FROM event_parts WHERE seq > (SELECT max(seq) FROM events)`},
		"the last five, with their heads": {`DELETE FROM events WHERE seq > (SELECT max(seq) FROM events) - 5`, `DELETE FROM event_parts WHERE seq > (SELECT max(seq) FROM events)`, `UPDATE stream_heads SET version = (SELECT count(*) FROM events e WHERE e.stream = stream_heads.stream)`},
		"one event in the middle":         {`DELETE FROM events WHERE seq = 100`},
		"two events changed places":       {`UPDATE events SET seq = -1 WHERE seq = 50`, `UPDATE events SET seq = 50 WHERE seq = 51`, `UPDATE events SET seq = 51 WHERE seq = -1`},
		"a changed hash":                  {`UPDATE ledger_hashes SET hash = zeroblob(32) WHERE idx = 40`},
		"all hashes gone":                 {`DELETE FROM ledger_hashes`},
	} {
		t.Run(name, func(t *testing.T) {
			data, db := stored(t)
			unguarded(t, db, statements...)
			want(t, 7, "", "--data", data, "audit", "verify")
		})
	}
}

// TestARewriteOfAnyEventRowIsFound changes one byte of every row in turn.
func TestARewriteOfAnyEventRowIsFound(t *testing.T) {
	data, db := stored(t)
	var last int
	if err := db.QueryRow(`SELECT max(seq) FROM events`).Scan(&last); err != nil {
		t.Fatal(err)
	}
	unguarded(t, db)
	whole := mustRead(t, filepath.Join(data, "ledger.db"))
	step := 3
	if testing.Short() {
		step = 101
	}
	for seq := 1; seq <= last; seq += step {
		db := openLedger(t, data)
		unguarded(t, db, fmt.Sprintf(`UPDATE events SET header = CAST(substr(header, 1, length(header) - 3) || '9' || substr(header, length(header) - 1) AS BLOB) WHERE seq = %d`, seq))
		r := dcRelease(t, "", "--data", data, "audit", "verify")
		if r.code != 7 || !strings.Contains(r.out, fmt.Sprint(seq)) {
			t.Errorf("event %d was rewritten: exit %d\n%s", seq, r.code, r)
		}
		_ = os.Remove(filepath.Join(data, "ledger.db-wal"))
		_ = os.Remove(filepath.Join(data, "ledger.db-shm"))
		mustWrite(t, filepath.Join(data, "ledger.db"), whole)
	}
}
