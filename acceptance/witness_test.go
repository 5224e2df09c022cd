package acceptance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// office is a small installation with one solution and its release log, and a
// witness that looked once. Nothing is released in it.
type office struct {
	t                *testing.T
	dir, data, log   string
	state            string
	people           int
	cosigned, public string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	need(t, "git")
	o := &office{t: t, dir: folder(t)}
	o.data, o.log, o.state = filepath.Join(o.dir, "data"), filepath.Join(o.dir, "release-log.git"), filepath.Join(o.dir, "witness")
	o.git("init", "--quiet", "--bare", o.log)
	o.begin()
	o.grow(4)
	o.anchor(0)
	o.witness(0)
	return o
}

// begin makes the first administrator and the solution.
func (o *office) begin() {
	o.t.Helper()
	want(o.t, 0, "password of admin", "--data", o.data, "person", "add", "admin", "--bootstrap", "--name", "Admin", "--password-file", "-", "--reason", "first person")
	o.solution(o.log)
}

// solution records the baseline with a release log.
func (o *office) solution(log string) {
	o.t.Helper()
	args := []string{"--data", o.data, "solution", "add", product, "--code", o.log, "--requirements", o.log, "--release-log", log, "--as", "admin", "--reason", "baseline"}
	for _, place := range []string{"dev", "tst", "val", "prd"} {
		args = append(args, "--environment", place+"=localdir:"+filepath.Join(o.dir, place))
	}
	want(o.t, 0, "", args...)
}

func (o *office) git(args ...string) string {
	o.t.Helper()
	out, err := exec.Command("git", args...).CombinedOutput()
	if err != nil {
		o.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// grow appends events: people.
func (o *office) grow(n int) {
	o.t.Helper()
	for range n {
		o.people++
		want(o.t, 0, "a password of theirs", "--data", o.data, "person", "add", fmt.Sprintf("person%d", o.people), "--name", fmt.Sprintf("Person %d", o.people), "--password-file", "-", "--as", "admin", "--reason", "joins")
	}
}

func (o *office) anchor(code int) result {
	o.t.Helper()
	return want(o.t, code, "", "--data", o.data, "audit", "checkpoint")
}

// witness looks and remembers what it gave.
func (o *office) witness(code int, more ...string) result {
	o.t.Helper()
	r := want(o.t, code, "", append([]string{"audit", "witness", "--release-log", o.log, "--state", o.state, "--json"}, more...)...)
	if code == 0 {
		var a struct{ Cosigned, Public string }
		if err := json.Unmarshal([]byte(r.out), &a); err != nil {
			o.t.Fatalf("%v\n%s", err, r)
		}
		o.cosigned, o.public = a.Cosigned, a.Public
	}
	return r
}

// forget is what an attacker does who owns machine and release log, and has
// only the witness to fear: everything that remembers is removed.
func (o *office) forget() {
	o.t.Helper()
	o.git("--git-dir="+o.log, "update-ref", "-d", "refs/heads/checkpoints")
	for _, name := range []string{"head.note", "git"} {
		if err := os.RemoveAll(filepath.Join(o.data, name)); err != nil {
			o.t.Fatal(err)
		}
	}
}

// cut removes the last n events with everything that points to them.
func (o *office) cut(n int) {
	o.t.Helper()
	db := openLedger(o.t, o.data)
	var size int64
	if err := db.QueryRow(`SELECT max(seq) FROM events`).Scan(&size); err != nil {
		o.t.Fatal(err)
	}
	size -= int64(n)
	ones := 0
	for x := size; x > 0; x >>= 1 {
		ones += int(x & 1)
	}
	unguarded(o.t, db,
		fmt.Sprintf(`DELETE FROM events WHERE seq > %d`, size), fmt.Sprintf(`DELETE FROM event_parts WHERE seq > %d`, size),
		fmt.Sprintf(`DELETE FROM ledger_hashes WHERE idx >= %d`, 2*size-int64(ones)), fmt.Sprintf(`DELETE FROM commands WHERE first > %d`, size),
		fmt.Sprintf(`DELETE FROM unique_values WHERE seq > %d`, size),
		`DELETE FROM stream_heads WHERE stream NOT IN (SELECT stream FROM events)`,
		`UPDATE stream_heads SET version = (SELECT max(version) FROM events e WHERE e.stream = stream_heads.stream)`,
		`DELETE FROM view_watermark`, `DELETE FROM view_persons`, `DELETE FROM view_identities`, `DELETE FROM view_solutions`, `DELETE FROM view_trail`,
	)
}

func (o *office) says(r result, reason string) {
	o.t.Helper()
	if !strings.Contains(r.errOut, reason) {
		o.t.Errorf("want %q in\n%s", reason, r)
	}
}

func TestAWitnessCosignsWhatVerifyTakesAsAnAnchor(t *testing.T) {
	o := newOffice(t)
	o.grow(2)
	o.anchor(0)
	if r := o.witness(0); !strings.Contains(r.out, `"from":`) || strings.Contains(r.out, `"from": 0`) {
		t.Errorf("the second look: %s", r)
	}
	want(t, 0, "", "--data", o.data, "audit", "verify", "--anchor", o.cosigned)
	trust := o.trust()
	want(t, 0, "", "--data", o.data, "audit", "verify", "--require-trust", "--trust", trust, "--anchor", o.cosigned)
	plain := filepath.Join(o.dir, "plain")
	mustWrite(t, plain, []byte(strings.Join(strings.SplitAfter(string(mustRead(t, o.cosigned)), "\n")[:5], "")))
	o.says(want(t, 7, "", "--data", o.data, "audit", "verify", "--trust", trust, "--anchor", plain), "none of the witnesses")
	o.witness(0, "--trust", trust)
}

// trust writes a trust file from what the installation published.
func (o *office) trust() string {
	o.t.Helper()
	var keys struct {
		Installation string
		Keys         []struct{ Name, Fingerprint string }
	}
	name := strings.Fields(o.git("--git-dir="+o.log, "ls-tree", "-r", "--name-only", "checkpoints", "--", "checkpoints"))
	raw := ""
	for _, n := range name {
		if strings.HasSuffix(n, "/keys.json") {
			raw = o.git("--git-dir="+o.log, "show", "checkpoints:"+n)
		}
	}
	if err := json.Unmarshal([]byte(raw), &keys); err != nil {
		o.t.Fatal(err)
	}
	fingerprints := map[string]string{}
	for _, k := range keys.Keys {
		fingerprints[k.Name] = k.Fingerprint
	}
	var a struct{ Witness string }
	if err := json.Unmarshal([]byte(o.witness(0).out), &a); err != nil {
		o.t.Fatal(err)
	}
	out, err := json.Marshal(map[string]any{
		"schema": "dc-release/trust/v2", "installation": keys.Installation, "fingerprints": fingerprints, "witnesses": map[string]string{a.Witness: o.public},
	})
	if err != nil {
		o.t.Fatal(err)
	}
	path := filepath.Join(o.dir, "trust.json")
	mustWrite(o.t, path, out)
	return path
}

func TestAttack02_AWitnessCatchesALedgerThatWasCut(t *testing.T) {
	o := newOffice(t)
	o.forget()
	o.cut(2)
	o.anchor(0) // nothing here remembers
	o.says(o.witness(7), "went back")
	want(t, 7, "", "--data", o.data, "audit", "verify", "--anchor", o.cosigned)
}

func TestAttack03_AWitnessCatchesALedgerThatWasCutAndGrewAgain(t *testing.T) {
	o := newOffice(t)
	o.forget()
	o.cut(2)
	o.grow(3)
	o.anchor(0)
	o.says(o.witness(7), "not in the release log any more")
	want(t, 7, "", "--data", o.data, "audit", "verify", "--anchor", o.cosigned)
}

func TestAttack04_AWitnessCatchesADatabaseThatWasDroppedAndBegunAgain(t *testing.T) {
	o := newOffice(t)
	o.forget()
	for _, name := range []string{"ledger.db", "ledger.db-wal", "ledger.db-shm"} {
		if err := os.RemoveAll(filepath.Join(o.data, name)); err != nil {
			t.Fatal(err)
		}
	}
	o.begin()
	o.anchor(0)
	o.says(o.witness(7), "went back")
}

func TestAttack08_AWitnessCatchesTwoServersWithOneKey(t *testing.T) {
	o := newOffice(t)
	twin := *o
	twin.data = filepath.Join(o.dir, "twin")
	second, first := o.log+".second", o.log+".first"
	for from, to := range map[string]string{o.data: twin.data, o.log: second} {
		if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
			t.Fatalf("copy: %v\n%s", err, out)
		}
	}
	o.grow(1)
	o.anchor(0)
	o.witness(0)
	// The second server shows the witness a release log of its own.
	if err := os.Rename(o.log, first); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(second, o.log); err != nil {
		t.Fatal(err)
	}
	twin.people += 50
	twin.grow(1)
	twin.anchor(0)
	o.says(twin.witness(7), "forked or rewritten")
	// In the one release log it meets the checkpoint of the first.
	if err := os.RemoveAll(o.log); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(first, o.log); err != nil {
		t.Fatal(err)
	}
	o.says(twin.anchor(7), "the ledger was forked")
	o.witness(0)
}

// held wants an installation that answers, changes nothing and says why.
func (o *office) held(reason string, flags ...string) {
	o.t.Helper()
	before := mustRead(o.t, filepath.Join(o.data, "ledger.db"))
	base := append([]string{"--data", o.data}, flags...)
	r := want(o.t, 0, "", append(base, "audit", "list")...)
	o.says(r, "INTEGRITY HOLD")
	o.says(want(o.t, 7, "a password of theirs", append(base, "person", "add", "eve", "--name", "E", "--password-file", "-", "--as", "admin", "--reason", "joins")...), reason)
	o.says(want(o.t, 7, "", append(base, "audit", "checkpoint")...), reason)
	o.says(want(o.t, 7, "", append(base, "intake")...), reason)
	if v := want(o.t, 7, "", append(base, "audit", "verify")...); !strings.Contains(v.out, "integrity hold: ") {
		o.t.Errorf("audit verify: %s", v)
	}
	if !bytes.Equal(before, mustRead(o.t, filepath.Join(o.data, "ledger.db"))) {
		o.t.Error("the database was written to")
	}
}

func TestAttack02_ACutLedgerIsHeldByEveryAnchorThatIsLeft(t *testing.T) {
	o := newOffice(t)
	o.cut(2)
	db := openLedger(t, o.data)
	if _, err := db.Exec(`INSERT INTO view_trail (seq, time_us, stream, type, actor, why, solution, version) VALUES (1, 0, 'x', 'x', 'x', 'x', '', '')`); err != nil {
		t.Fatal(err) // a view that was changed: what answers is made from the events
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	o.held("head.note: the ledger has")
	if err := os.Remove(filepath.Join(o.data, "head.note")); err != nil {
		t.Fatal(err)
	}
	o.held("release log checkpoints/")
	if err := os.RemoveAll(filepath.Join(o.data, "git")); err != nil {
		t.Fatal(err)
	}
	o.held("cosigned: the ledger has", "--anchor", o.cosigned)
	mustWrite(t, filepath.Join(o.data, "anchors", "qa"), mustRead(t, o.cosigned))
	o.held("anchors/qa: the ledger has")
}
