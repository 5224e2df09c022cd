package verify_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

func TestWhatWasPublishedVerifies(t *testing.T) {
	w := published(t)
	for _, c := range []struct{ folder, state string }{
		{"1.0.0", "re-instated"}, {"1.1.0", "superseded"}, {"1.2.0", "draft"}, {"rollbacks/prd-1", "authorised"},
	} {
		t.Run(c.folder, func(t *testing.T) {
			r := judged(t, w.log, c.folder, options())
			if !r.OK || r.Trust != verify.TrustNone || r.State != c.state {
				t.Errorf("%s", r.Text())
			}
			if !strings.HasPrefix(r.Text(), "self-consistent; issuer not established\n") {
				t.Errorf("first line: %s", r.Text())
			}
			if r.Counts.Events == 0 || r.Counts.Signatures == 0 || r.Counts.Evidence == 0 || r.Counts.Recounted != r.Counts.Evidence || r.Counts.Files < 10 {
				t.Errorf("counts: %+v", r.Counts)
			}
			if r.Externals.Absent != r.Externals.Named {
				t.Errorf("externals: %+v", r.Externals)
			}
		})
	}
	if r := verify.Folder(w.log, "1.0.0", options()); r.Counts.Checkpoints != 3 || r.Externals.Named == 0 || r.Counts.Signatures != 8 {
		t.Errorf("%+v %+v", r.Counts, r.Externals)
	}
	if r := verify.Folder(w.draft, "1.0.0", options()); !r.OK || r.State != "draft" {
		t.Errorf("%s", r.Text())
	}
}

func trust(w world) *releaselog.Trust {
	keys, err := releaselog.ParseKeys(w.log["1.0.0/keys.json"].Data)
	if err != nil {
		panic(err)
	}
	t := &releaselog.Trust{Schema: releaselog.TrustSchema, Installation: publishtest.Installation, Fingerprints: map[string]string{}}
	for _, k := range keys.Keys {
		t.Fingerprints[k.Name] = k.Fingerprint
	}
	return t
}

func TestTheKeysAreComparedWithATrustFile(t *testing.T) {
	w := published(t)
	o := options()
	o.Trust = trust(w)
	if r := verify.Folder(w.log, "1.0.0", o); !r.OK || r.Trust != verify.TrustVerified {
		t.Errorf("%s", r.Text())
	}
	for _, name := range releaselog.KeyNames {
		o.Trust = trust(w)
		o.Trust.Fingerprints[name] = strings.Repeat("0", 64)
		if r := verify.Folder(w.log, "1.0.0", o); r.OK || r.Trust != verify.TrustRefused || r.Findings[0].File != "1.0.0/keys.json" {
			t.Errorf("another %s key: %s", name, r.Text())
		}
	}
	o.Trust = trust(w)
	o.Trust.Installation = "another"
	if r := verify.Folder(w.log, "1.0.0", o); r.OK || r.Trust != verify.TrustRefused {
		t.Errorf("another installation: %s", r.Text())
	}
}

// names reports whether a finding names the file.
func names(r verify.Report, file string) bool {
	return slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.File == file })
}

// own are the files that a verification of the folder reads.
func own(log fstest.MapFS, folder string) []string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(log)) {
		if strings.HasPrefix(path, folder+"/") || !strings.Contains(path, "/") {
			out = append(out, path)
		}
	}
	return out
}

// TestEveryFlippedByteIsFoundInItsFile flips a bit of every byte of small
// files and of bytes all over larger ones.
func TestEveryFlippedByteIsFoundInItsFile(t *testing.T) {
	w := published(t)
	for _, c := range []struct {
		log     fstest.MapFS
		folder  string
		offsets int // of a file that is not small
		small   int // bytes
	}{{w.draft, "1.0.0", 40, 500}, {w.log, "1.0.0", 5, 0}, {w.log, "rollbacks/prd-1", 8, 0}} {
		for _, path := range own(c.log, c.folder) {
			data := c.log[path].Data
			step := max(1, len(data)/c.offsets)
			if len(data) <= c.small {
				step = 1
			}
			for i := 0; i < len(data); i += step {
				changed := slices.Clone(data)
				changed[i] ^= 1 << (i % 8)
				if r := verify.Folder(with(c.log, path, changed), c.folder, options()); r.OK || !names(r, path) {
					t.Fatalf("%s byte %d (%q to %q): %s", path, i, data[i], changed[i], r.Text())
				}
			}
			for what, changed := range map[string][]byte{"cut": data[:len(data)-1], "longer": append(slices.Clone(data), '\n'), "emptied": {}} {
				if r := verify.Folder(with(c.log, path, changed), c.folder, options()); r.OK || !names(r, path) {
					t.Errorf("%s %s: %s", path, what, r.Text())
				}
			}
		}
	}
}

func TestRemovedAndAddedFilesAreNamed(t *testing.T) {
	w := published(t)
	for _, folder := range []string{"1.0.0", "rollbacks/prd-1"} {
		for _, path := range own(w.log, folder) {
			if r := verify.Folder(with(w.log, path, nil), folder, options()); r.OK || !names(r, path) {
				t.Errorf("without %s: %s", path, r.Text())
			}
		}
		for _, path := range []string{"more.md", "final/more.md", "ledger/pre_val-1/more.json", "evidence/none/x/y.xml", ".hidden"} {
			if r := verify.Folder(with(w.log, folder+"/"+path, []byte("{}")), folder, options()); r.OK || !names(r, folder+"/"+path) {
				t.Errorf("with %s: %s", path, r.Text())
			}
		}
	}
	for _, folder := range []string{"9.9.9", "", "..", "/etc", "rollbacks"} {
		if r := verify.Folder(w.log, folder, options()); r.OK {
			t.Errorf("folder %q verified", folder)
		}
	}
}

func TestTheIndexOfADraftIsNotThatOfTheFinal(t *testing.T) {
	w := published(t)
	for _, path := range []string{"1.0.0/index.json", "1.0.0/index.note"} {
		if r := verify.Folder(with(w.log, path, w.draft[path].Data), "1.0.0", options()); r.OK {
			t.Errorf("%s of before verified", path)
		}
	}
	both := with(with(w.log, "1.0.0/index.json", w.draft["1.0.0/index.json"].Data), "1.0.0/index.note", w.draft["1.0.0/index.note"].Data)
	if r := verify.Folder(both, "1.0.0", options()); r.OK || !names(r, "1.0.0/final/certificate.md") || !names(r, "index.json") {
		t.Errorf("the index of before with its note: %s", r.Text())
	}
	other := with(with(w.log, "1.1.0/index.json", w.log["1.0.0/index.json"].Data), "1.1.0/index.note", w.log["1.0.0/index.note"].Data)
	if r := verify.Folder(other, "1.1.0", options()); r.OK || !names(r, "1.1.0/index.note") {
		t.Errorf("the index of another version: %s", r.Text())
	}
}
