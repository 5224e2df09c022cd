package acceptance_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// demoJSON is dc-release/demo/v1.
type demoJSON struct {
	Schema       string            `json:"schema"`
	Repositories map[string]string `json:"repositories"`
	Runs         []struct {
		Event      string `json:"event"`
		Ref        string `json:"ref"`
		Conclusion string `json:"conclusion"`
		Jobs       []struct {
			Key        string `json:"key"`
			Conclusion string `json:"conclusion"`
		} `json:"jobs"`
	} `json:"runs"`
	Releases []struct {
		Version string `json:"version"`
		State   string `json:"state"`
	} `json:"releases"`
	ReleaseLog string `json:"releaseLog"`
	Data       string `json:"data"`
}

var shared struct {
	sync.Once
	dir string
	result
}

// demo gives the folder and the answer of the one demo of this test run. Tests
// that change something take a copy.
func demo(t *testing.T) (dir string, answer demoJSON) {
	t.Helper()
	need(t, "git")
	shared.Do(func() {
		shared.dir = filepath.Join(scratch, "demo")
		shared.result = dcRelease(t, "", "demo", "--json", "--dir", shared.dir)
	})
	if shared.code != 0 {
		t.Fatalf("demo: exit %d\n%s", shared.code, shared.errOut)
	}
	if err := json.Unmarshal([]byte(shared.out), &answer); err != nil {
		t.Fatalf("demo --json: %v\n%s", err, shared.out)
	}
	return shared.dir, answer
}

// TestDemoTakesTwoReleasesToPRDAndOneBack is the main job: without a terminal
// the demo behaves as with --yes.
func TestDemoTakesTwoReleasesToPRDAndOneBack(t *testing.T) {
	dir, d := demo(t)
	if d.Schema != "dc-release/demo/v1" {
		t.Errorf("schema %q", d.Schema)
	}
	for _, name := range []string{"code", "requirements", "release-log"} {
		if _, err := os.Stat(d.Repositories[name]); err != nil {
			t.Errorf("repository %s: %v", name, err)
		}
	}
	wantRuns := []string{"pull_request refs/pull/1/merge", "push refs/heads/main", "push refs/tags/v1.0.0", "push refs/heads/main", "push refs/tags/v1.1.0"}
	var runs []string
	for _, r := range d.Runs {
		runs = append(runs, r.Event+" "+r.Ref)
		if r.Conclusion != "success" {
			t.Errorf("run %s of %s: %s", r.Event, r.Ref, r.Conclusion)
		}
		top := 0
		for _, j := range r.Jobs {
			if !strings.Contains(j.Key, "/") && j.Conclusion == "success" {
				top++
			}
		}
		if want := map[string]int{"refs/pull/1/merge": 3, "refs/heads/main": 4}[r.Ref]; want == 0 && top != 9 || want != 0 && top != want {
			t.Errorf("run %s of %s: %d jobs at the top succeeded", r.Event, r.Ref, top)
		}
	}
	if !slices.Equal(runs, wantRuns) {
		t.Errorf("runs %q, want %q", runs, wantRuns)
	}
	states := map[string]string{}
	for _, r := range d.Releases {
		states[r.Version] = r.State
	}
	if len(states) != 2 || states["1.0.0"] != "effective" || states["1.1.0"] != "superseded" {
		t.Errorf("releases %v, want 1.0.0 effective and 1.1.0 superseded", states)
	}
	if d.ReleaseLog != filepath.Join(dir, "release-log") {
		t.Errorf("release log %q", d.ReleaseLog)
	}
	info, err := os.Stat(filepath.Join(dir, "credentials.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("credentials.json: %v, %v", info, err)
	}
	for _, place := range []string{"dev", "tst", "val", "prd"} {
		if raw := mustRead(t, filepath.Join(dir, "sandbox", place+".json")); !bytes.Contains(raw, []byte("source_to_landing")) {
			t.Errorf("nothing is in the workspace of %s", place)
		}
	}
	if record := mustRead(t, filepath.Join(d.ReleaseLog, "1.1.0", "final", "change-record.md")); !bytes.Contains(record, []byte("**rehearsed** in TST on")) {
		t.Error("the change record of 1.1.0 does not say that its rollback was rehearsed")
	}
}

// TestDocumentsOfTheDemoPassEveryCheck tests the documents of its releases and of
// what was published, and compares the two releases.
func TestDocumentsOfTheDemoPassEveryCheck(t *testing.T) {
	t.Parallel()
	dir, _ := demo(t)
	data := copyOf(t, filepath.Join(dir, "data"))
	for _, version := range []string{"1.0.0", "1.1.0"} {
		r := want(t, 0, "", "--data", data, "document", "test", "--solution", "corp-procurement", "--version", version, "--results")
		for _, id := range []string{"DOC-R09", "DOC-R15", "DOC-T08", "DOC-T09", "DOC-T10", "DOC-T14"} {
			if !strings.Contains(r.out, "ok   "+id) {
				t.Errorf("%s of %s was not passed:\n%s", id, version, r)
			}
		}
	}
	log := copyOf(t, filepath.Join(dir, "release-log"))
	code := filepath.Join(dir, "work", "corp-procurement")
	r := want(t, 0, "", "document", "test", "--release-log", log, "--version", "1.0.0", "--code", code)
	for _, id := range []string{"DOC-P01", "DOC-P02", "DOC-P03", "DOC-P04", "DOC-P05", "DOC-P06", "DOC-P07", "DOC-P08", "DOC-P10", "DOC-P11", "DOC-P12", "DOC-P13", "DOC-R15"} {
		if !strings.Contains(r.out, "ok   "+id) {
			t.Errorf("%s of the published folder was not passed:\n%s", id, r)
		}
	}
	final := filepath.Join(log, "1.0.0", "final", "change-record.md")
	if err := os.WriteFile(final, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"add", "-A"}, {"-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "Improve"}} {
		if out, err := exec.Command("git", append([]string{"-C", log}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	r = want(t, 7, "", "document", "test", "--release-log", log, "--version", "1.0.0")
	for _, id := range []string{"DOC-P01", "DOC-P02"} {
		if !strings.Contains(r.out, "FAIL "+id) {
			t.Errorf("%s does not find the changed document:\n%s", id, r)
		}
	}
	r = want(t, 0, "", "--data", data, "release", "diff", "1.0.0", "1.1.0", "--solution", "corp-procurement")
	for _, text := range []string{"documentation/releases/1.1.0.md", "src/etl/landing_to_bronze.sh", "change-record", "RESULTS (0, "} {
		if !strings.Contains(r.out, text) {
			t.Errorf("the difference does not name %q:\n%s", text, r)
		}
	}
}

// TestDemoPrintsACode reads credentials as printed commands do.
func TestDemoPrintsACode(t *testing.T) {
	t.Parallel()
	dir, _ := demo(t)
	if code := strings.TrimSpace(want(t, 0, "", "demo", "code", "quinn", "--dir", dir).out); len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		t.Errorf("code %q", code)
	}
	want(t, 4, "", "demo", "code", "nobody", "--dir", dir)
	want(t, 2, "", "demo", "--dir", dir)
}

// TestGXP030_SignaturesOfTheDemoWentThroughTheCeremony looks for a person, a role and
// the method in every signature event: there is no other way to sign.
func TestGXP030_SignaturesOfTheDemoWentThroughTheCeremony(t *testing.T) {
	t.Parallel()
	dir, _ := demo(t)
	var list struct {
		Events []struct {
			Type  string `json:"type"`
			Actor struct {
				Kind           string `json:"kind"`
				Role           string `json:"role"`
				Authentication string `json:"authentication"`
			} `json:"actor"`
		} `json:"events"`
	}
	data := copyOf(t, filepath.Join(dir, "data"))
	r := want(t, 0, "", "--data", data, "audit", "list", "--type", "signature.made", "--json")
	if err := json.Unmarshal([]byte(r.out), &list); err != nil {
		t.Fatal(err)
	}
	// Two releases: one, four and two at gates, one tester and one reviewer of the
	// audit trail; who reviewed the protocol of the second; a rollback: two.
	if len(list.Events) != 2*9+1+2 {
		t.Errorf("%d signatures, want 21", len(list.Events))
	}
	for _, e := range list.Events {
		if e.Actor.Kind != "person" || e.Actor.Role == "" || e.Actor.Authentication != "password+totp" {
			t.Errorf("signature by %+v", e.Actor)
		}
	}
}

// published copies the release log alone, as a verifier receives it.
func published(t *testing.T) string {
	t.Helper()
	dir, _ := demo(t)
	log := copyOf(t, filepath.Join(dir, "release-log"))
	if err := os.RemoveAll(filepath.Join(log, ".git")); err != nil {
		t.Fatal(err)
	}
	return log
}

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestGXP003_PublishedFoldersVerifyWithNothingElse runs where there is no data
// directory and no home.
func TestGXP003_PublishedFoldersVerifyWithNothingElse(t *testing.T) {
	log := published(t)
	for version, state := range map[string]string{"1.0.0": "re-instated", "1.1.0": "superseded", "rollbacks/prd-1": ""} {
		r := want(t, 0, "", "--data", filepath.Join(log, "absent"), "audit", "verify", "--release-log", log, "--version", version)
		if !strings.Contains(r.out, "verified") || !strings.Contains(r.out, state) || !strings.Contains(r.out, "not here and not checked") && version != "rollbacks/prd-1" {
			t.Errorf("%s: %s", version, r)
		}
	}
	if _, err := os.Stat(filepath.Join(log, "absent")); err == nil {
		t.Error("verification made a data directory")
	}
	r := want(t, 7, "", "audit", "verify", "--release-log", log, "--version", "1.0.0", "--require-trust")
	if !strings.Contains(r.errOut, "issuer") {
		t.Errorf("--require-trust: %s", r)
	}
	want(t, 4, "", "audit", "verify", "--release-log", log, "--version", "9.9.9")
}
