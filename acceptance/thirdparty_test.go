package acceptance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	formatVectors = "../docs/testdata/format"
	thirdParty    = "thirdparty/verify.py"
)

// byThePage asks the verifier that was written from docs/release-log-format.md
// alone: its exit code, and the rules that a folder breaks by file.
func byThePage(t *testing.T, log, folder string, more ...string) (code int, broken map[string][]string, out string) {
	t.Helper()
	cmd := exec.Command("python3", append([]string{"-B", thirdParty, log, folder, "--json"}, more...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Findings []struct{ Rule, File string }
	}
	if code != 2 {
		if err := json.Unmarshal(raw, &said); err != nil {
			t.Fatalf("%v\n%s%s", err, raw, stderr.String())
		}
	}
	broken = map[string][]string{}
	for _, f := range said.Findings {
		broken[f.File] = append(broken[f.File], f.Rule)
	}
	return code, broken, string(raw) + stderr.String()
}

// TestTheVectorsAreReadByThePageAlone holds the independent verifier against every
// vector of the format page.
func TestTheVectorsAreReadByThePageAlone(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	out, err := exec.Command("python3", "-B", "thirdparty/vectors.py", formatVectors).CombinedOutput()
	if err != nil || !strings.Contains(string(out), " 0 differ") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, folder := range []string{"1.0.0", "rollbacks/prd-1"} {
		want(t, 0, "", "audit", "verify", "--release-log", filepath.Join(formatVectors, "release-log"), "--version", folder)
	}
}

// TestPublishedFoldersVerifyByThePageAlone wants the same verdict of both
// verifiers about folders of the demo, as they are and changed.
func TestPublishedFoldersVerifyByThePageAlone(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	log := published(t)
	for _, folder := range []string{"1.0.0", "1.1.0", "rollbacks/prd-1"} {
		code, _, out := byThePage(t, log, folder)
		want(t, 0, "", "audit", "verify", "--release-log", log, "--version", folder)
		if code != 0 || !strings.Contains(out, `"uncounted": []`) {
			t.Errorf("%s: exit %d\n%s", folder, code, out)
		}
	}
	files := filesIn(t, filepath.Join(log, "1.0.0"))
	some := []string{"index.json", "index.note", "keys.json", "release-note.md"}
	for i, name := range files {
		if i%25 == 7 {
			some = append(some, name)
		}
	}
	for i, name := range some {
		path := filepath.Join(log, "1.0.0", name)
		data := mustRead(t, path)
		flipped := bytes.Clone(data)
		flipped[(i*7919)%len(data)] ^= 1
		mustWrite(t, path, flipped)
		refutes(t, log, "1.0.0/"+name)
		if code, broken, out := byThePage(t, log, "1.0.0"); code != 7 || len(broken["1.0.0/"+name]) == 0 {
			t.Errorf("%s: exit %d, want 7 and its name\n%.1000s", name, code, out)
		}
		mustWrite(t, path, data)
	}
	extra := filepath.Join(log, "1.0.0", "final", ".hidden")
	mustWrite(t, extra, []byte("x"))
	refutes(t, log, "1.0.0/final/.hidden")
	if code, broken, out := byThePage(t, log, "1.0.0"); code != 7 || !slices.Contains(broken["1.0.0/final/.hidden"], "F-304") {
		t.Errorf("an added file: exit %d\n%.1000s", code, out)
	}
}

// TestTheIssuerIsEstablishedByThePageAlone compares both verifiers with trust
// files.
func TestTheIssuerIsEstablishedByThePageAlone(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	log := published(t)
	var keys struct {
		Installation string
		Keys         []struct{ Name, Fingerprint string }
	}
	if err := json.Unmarshal(mustRead(t, filepath.Join(log, "1.0.0", "keys.json")), &keys); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(fingerprints map[string]string)
		code   int
		trust  string
	}{
		"the keys":             {func(map[string]string) {}, 0, "verified"},
		"another document key": {func(f map[string]string) { f["document"] = strings.Repeat("0", 64) }, 7, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			fingerprints := map[string]string{}
			for _, k := range keys.Keys {
				fingerprints[k.Name] = k.Fingerprint
			}
			c.change(fingerprints)
			raw, err := json.MarshalIndent(map[string]any{"schema": "dc-release/trust/v1", "installation": keys.Installation, "fingerprints": fingerprints}, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder(t), "trust.json")
			mustWrite(t, file, raw)
			want(t, c.code, "", "audit", "verify", "--release-log", log, "--version", "1.0.0", "--trust", file)
			code, _, out := byThePage(t, log, "1.0.0", "--trust", file)
			if code != c.code || !strings.Contains(out, `"trust": "`+c.trust+`"`) {
				t.Errorf("exit %d, want %d and %s\n%.1000s", code, c.code, c.trust, out)
			}
		})
	}
}
