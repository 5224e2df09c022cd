package acceptance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// size is the ledger's size as head.note says.
func (s *site) size() int {
	raw, err := os.ReadFile(s.path("data", "head.note"))
	if err != nil {
		return 0
	}
	lines := strings.SplitN(string(raw), "\n", 3)
	if len(lines) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(lines[1])
	return n
}

// killer ends the call that runs when the ledger comes to a size, once.
type killer struct {
	at     int // 0 kills nothing
	worker bool
	done   bool
}

// attempt runs one call, which the killer may end; killed reports that.
func (s *site) attempt(k *killer, stdin string, args ...string) (killed bool) {
	s.t.Helper()
	p := s.startWith(stdin, args...)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return false
		case <-tick.C:
			if k.at > 0 && !k.done && s.size() >= k.at {
				k.done = true
				p.kill(k.worker)
				return true
			}
		}
	}
}

// signers give what each meaning of a release asks for, gate by gate.
var signers = map[string]map[string]string{
	"pre_val":         {"sme-approved": "cleo"},
	"approve_to_prd":  {"qc-approved": "quinn", "sme-approved": "sven", "authorised-to-prd": "rune", "accountable": "dora"},
	"approve_for_use": {"qc-approved": "rosa", "released-for-use": "maja"},
}

// takeToPRD does what people do until the release is effective, whatever is
// killed meanwhile: it looks at what is there and does the next thing.
func (s *site) takeToPRD(k *killer) {
	s.t.Helper()
	for range 60 {
		if s.attempt(k, "", "intake") {
			continue
		}
		r := s.release().Release
		if r.State == "effective" {
			return
		}
		if s.lost(k, r.Run) {
			continue
		}
		s.nextSignature(k, r.Gates)
	}
	s.t.Fatalf("the release does not become effective: %+v", s.release())
}

func (s *site) nextSignature(k *killer, gates []gateJSON) {
	s.t.Helper()
	for _, g := range gates {
		switch {
		case g.Phase == "open" && len(g.Unsigned) > 0:
			login := signers[g.Gate][g.Unsigned[0]]
			s.attempt(k, s.fresh(login), s.signArgs(g.Gate, login, g.Unsigned[0])...)
			return
		case g.Phase == "closed" && strings.Contains(strings.Join(g.Missing, ";"), "AV in val: no evidence"):
			s.attempt(k, s.fresh("tom"), s.acceptArgs("tom")...)
			return
		case g.Phase == "closed" && strings.Contains(strings.Join(g.Missing, ";"), "audit trail: "):
			s.attempt(k, s.fresh("vera"), s.reviewArgs("vera")...)
			return
		}
	}
}

// lost declares every deployment lost whose worker is gone, as a person would
// after a look.
func (s *site) lost(k *killer, run string) (any bool) {
	s.t.Helper()
	var d struct {
		Jobs []struct{ Key, Status string }
	}
	s.ask(&d, "runs", "show", run)
	for _, j := range d.Jobs {
		if j.Status == "running" {
			any = true
			s.attempt(k, "", "runs", "rerun", run, "--job", j.Key, "--as", "admin", "--reason", "its worker was killed")
		}
	}
	return any
}

// history is what a release left: the types of events in order, for each job
// or gate of each stream; the files of environments and of the release log.
type history struct {
	ledger map[string][]string
	files  map[string]string
}

var (
	ulid   = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{26}\b`)
	digest = regexp.MustCompile(`\b[0-9a-f]{12,64}\b`)
	try    = regexp.MustCompile(`~\d+(/|$)`)
)

// plain takes ids and digests out of a name.
func plain(s string) string {
	s = statement.ReplaceAllString(s, "$1-N.json")
	return try.ReplaceAllString(digest.ReplaceAllString(ulid.ReplaceAllString(s, "ID"), "D"), "~N$1")
}

// statement is the file of an attestation, which is named after its event.
var statement = regexp.MustCompile(`(attestations/[a-z]+(?:-[a-z]+)*)-\d+(?:-\d+)?\.json`)

func (s *site) history(after int) history {
	s.t.Helper()
	h := history{ledger: map[string][]string{}, files: map[string]string{}}
	s.readLedger(after, &h)
	for _, f := range filesIn(s.t, s.path("environments")) {
		path := s.path("environments", f)
		if link, err := os.Readlink(path); err == nil {
			h.files["environments/"+plain(f)] = "-> " + plain(link)
			continue
		}
		h.files["environments/"+plain(f)] = plain(string(mustRead(s.t, path)))
	}
	log := filepath.Join(folder(s.t), "log")
	s.mustGit(s.dir, "clone", "--quiet", s.bare("release-log"), log)
	want(s.t, 0, "", "audit", "verify", "--release-log", log, "--version", "1.0.0")
	for _, f := range filesIn(s.t, log) {
		if strings.HasPrefix(f, ".git/") {
			continue
		}
		content := ""
		if strings.HasSuffix(f, "results.xml") || f == "1.0.0/release-note.md" {
			content = string(mustRead(s.t, filepath.Join(log, f)))
		}
		h.files["release-log/"+plain(f)] += content + "\n" // one line for each file of that name
	}
	return h
}

// readLedger leaves out the tries that were given up and the refusals: both say
// only that somebody was killed.
func (s *site) readLedger(after int, h *history) {
	s.t.Helper()
	db := openLedger(s.t, s.data())
	defer db.Close()
	rows, err := db.Query(`SELECT e.stream, e.type, p.body FROM events e JOIN event_parts p ON p.seq = e.seq AND p.name = 'public' WHERE e.seq > ? ORDER BY e.seq`, after)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	type row struct{ stream, kind, execution, about string }
	var all []row
	given := map[string]bool{}
	for rows.Next() {
		var r row
		var body []byte
		if err := rows.Scan(&r.stream, &r.kind, &body); err != nil {
			s.t.Fatal(err)
		}
		var d struct{ Execution, Job, Gate string }
		_ = json.Unmarshal(body, &d)
		r.execution, r.about = d.Execution, d.Job+d.Gate
		if parts := strings.Split(d.Execution, "/"); len(parts) > 3 {
			r.about = strings.Join(parts[2:len(parts)-1], "/")
		}
		if r.kind == "execution.given_up" {
			given[d.Execution] = true
		}
		all = append(all, r)
	}
	for _, r := range all {
		if r.execution != "" && given[r.execution] || r.kind == "operation.refused" {
			continue
		}
		key := plain(r.stream) + " " + r.about
		h.ledger[key] = append(h.ledger[key], r.kind)
	}
}

// differences names what two histories do not share.
func differences(one, two history) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(union(one.ledger, two.ledger))) {
		if !slices.Equal(one.ledger[key], two.ledger[key]) {
			out = append(out, fmt.Sprintf("stream %s:\n  undisturbed %v\n  killed      %v", key, one.ledger[key], two.ledger[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(union(one.files, two.files))) {
		a, inOne := one.files[key]
		b, inTwo := two.files[key]
		if a != b || inOne != inTwo {
			out = append(out, fmt.Sprintf("file %s: undisturbed %v %q, killed %v %q", key, inOne, a, inTwo, b))
		}
	}
	return out
}

func union[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// TestGXP065_Attack48_CrashAtAnyStepLosesNothing kills the program with SIGKILL when the ledger
// comes to a size, starts it again, and compares what is left with an
// undisturbed release. DC_RELEASE_TEST_CRASH=all tries every size, with the worker
// and without it; otherwise it is a spread.
func TestGXP065_Attack48_CrashAtAnyStepLosesNothing(t *testing.T) {
	s := newSite(t)
	begin := s.size()
	s.tag("1.0.0")
	s.takeToPRD(&killer{})
	calm, end := s.history(begin), s.size()
	if end-begin < 60 {
		t.Fatalf("a release of %d events", end-begin)
	}
	step := (end - begin) / 4
	if os.Getenv("DC_RELEASE_TEST_CRASH") == "all" {
		step = 1
	}
	for i, at := 0, begin+step/2+1; at <= end; i, at = i+1, at+step {
		ways := []bool{i%2 == 1}
		if step == 1 {
			ways = []bool{false, true}
		}
		for _, worker := range ways {
			t.Run(fmt.Sprintf("seq %d, worker killed %v", at-begin, worker), func(t *testing.T) {
				s := newSite(t)
				s.tag("1.0.0")
				k := &killer{at: at, worker: worker}
				s.takeToPRD(k)
				if !k.done {
					t.Log("nothing ran at that size")
				}
				if d := differences(calm, s.history(begin)); len(d) > 0 {
					t.Error(strings.Join(d, "\n"))
				}
				s.want(0, "", "audit", "verify")
			})
		}
	}
}
