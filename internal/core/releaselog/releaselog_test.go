package releaselog_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/releaselog"
)

func TestAPathThatIsNotPortableIsRefused(t *testing.T) {
	for _, good := range []string{"a", "1.0.0/index.json", "evidence/none/R~1~build#1~1/reports/ünit test.xml", ".hidden", "a/..b"} {
		if err := releaselog.CheckPath(good); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, bad := range []string{
		"", ".", "..", "/a", "a/", "a//b", "a/../b", "./a", `a\b`, "a:b", "a\nb", "a\x00b", "a\x7f", `"a"`, ".git/config", "x/.GIT", ".gitmodules", "a.", "a /b", "a*", "a?", "<a>", "a|b",
		"a\u202eb", "a\u200bb", "\ufeffa", "a\xffb", strings.Repeat("a", 401),
	} {
		if err := releaselog.CheckPath(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestEvidenceHasAPathWhateverItsName(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	for _, c := range []struct{ environment, source, name, want string }{
		{"", "R/1/unit/1", "reports/unit.xml", "evidence/none/R~1~unit~1/reports/unit.xml"},
		{"tst", "R/1/tst/deploy/1", "a.xml", "evidence/tst/R~1~tst~deploy~1/a.xml"},
		{"tst", "R/1/tst/1", "../../index.json", "evidence/tst/R~1~tst~1/" + digest},
		{"tst", "R/1/tst/1", "a\nb", "evidence/tst/R~1~tst~1/" + digest},
		{"tst", "R/1/tst/1", "", "evidence/tst/R~1~tst~1/" + digest},
		{"tst", "R/1/tst/1", "x/.git/hooks/a", "evidence/tst/R~1~tst~1/" + digest},
	} {
		if got := releaselog.EvidencePath(c.environment, c.source, c.name, digest); got != c.want || releaselog.CheckPath(got) != nil {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestTheRootIndexIsSortedAndReadable(t *testing.T) {
	r := releaselog.Root{Solution: "corp-procurement", Publication: "1.10.0-pre_val-1", Releases: []releaselog.Entry{
		{Version: "1.9.0", State: "superseded", Index: "aa", By: "1.10.0"}, {Version: "1.10.0", State: "effective", Index: "bb"}, {Version: "2.0.0", State: "in progress"},
	}, Rollbacks: []releaselog.Rollback{{Rollback: "prd-1", Environment: "prd", From: "1.10.0", To: "1.9.0", Index: "cc"}}}
	raw, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := releaselog.ParseRoot(raw)
	if err != nil || got.Releases[0].Version != "2.0.0" || got.Releases[1].Version != "1.10.0" {
		t.Fatalf("%+v, %v", got, err)
	}
	for folder, want := range map[string]string{"1.9.0": "aa", "rollbacks/prd-1": "cc", "2.0.0": ""} {
		if index, ok := got.Folder(folder); !ok || index != want {
			t.Errorf("%s: %q, %v", folder, index, ok)
		}
	}
	for _, folder := range []string{"3.0.0", "rollbacks/prd-2"} {
		if _, ok := got.Folder(folder); ok {
			t.Errorf("%s is there", folder)
		}
	}
	want := "# Releases of corp-procurement\n\nWritten by dc-release; edits are found by verification.\n\n" +
		"| version | state | note | index.json (SHA-256) |\n|---|---|---|---|\n" +
		"| 2.0.0 | in progress |  | - |\n| [1.10.0](1.10.0/index.json) | effective |  | `bb` |\n| [1.9.0](1.9.0/index.json) | superseded | by 1.10.0 | `aa` |\n" +
		"\n## Rollbacks\n\n| rollback | environment | from | to | index.json (SHA-256) |\n|---|---|---|---|---|\n" +
		"| [prd-1](rollbacks/prd-1/index.json) | prd | 1.10.0 | 1.9.0 | `cc` |\n"
	if md := string(got.Markdown()); md != want {
		t.Errorf("got\n%s\nwant\n%s", md, want)
	}
}

func TestATrustFileNamesAllKeys(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	good := `{"schema": "dc-release/trust/v1", "installation": "I",
		"fingerprints": {"ledger": "` + digest + `", "attest": "` + digest + `", "document": "` + digest + `"}}`
	if _, err := releaselog.ParseTrust([]byte(good)); err != nil {
		t.Error(err)
	}
	public := strings.Repeat("A", 43) + "="
	witnessed := strings.Replace(strings.Replace(good, "trust/v1", "trust/v2", 1), `"installation"`, `"witnesses": {"qa": "`+public+`"}, "anchors": ["text"], "installation"`, 1)
	if trust, err := releaselog.ParseTrust([]byte(witnessed)); err != nil || trust.Witnesses["qa"] != public || len(trust.Anchors) != 1 {
		t.Errorf("with witnesses: %+v, %v", trust, err)
	}
	for name, bad := range map[string]string{
		"witnesses in the first version": strings.Replace(witnessed, "trust/v2", "trust/v1", 1),
		"a witness without a key":        strings.Replace(witnessed, public, "AAAA", 1),
		"no key":                         strings.Replace(good, `"attest"`, `"other"`, 1),
		"no digest":                      strings.Replace(good, digest, "ABCD", 1),
		"another":                        strings.Replace(good, "trust/v1", "trust/v3", 1),
		"unknown field":                  strings.Replace(good, `"installation"`, `"x": 1, "installation"`, 1),
		"twice":                          strings.Replace(good, `"installation"`, `"installation": "J", "installation"`, 1),
		"more":                           good + "{}",
	} {
		if _, err := releaselog.ParseTrust([]byte(bad)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzParsersAcceptOnlyWhatIsWritten(f *testing.F) {
	for _, name := range []string{"index.json", "keys.json"} {
		data, err := os.ReadFile("../../../docs/testdata/format/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"installation":"I","publication":"p","releases":[],"rollbacks":[],"schema":"dc-release/release-log/v1","solution":"s"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if x, err := releaselog.ParseIndex(data); err == nil {
			if again, err := x.Encode(); err != nil || !bytes.Equal(again, data) {
				t.Errorf("%q is written as %q, %v", data, again, err)
			}
		}
		if k, err := releaselog.ParseKeys(data); err == nil {
			for _, key := range k.Keys {
				if _, err := key.PublicKey(); err != nil {
					t.Error(err)
				}
			}
		}
		if r, err := releaselog.ParseRoot(data); err == nil {
			r.Markdown()
		}
		_, _ = releaselog.ParseTrust(data)
	})
}
