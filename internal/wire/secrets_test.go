package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/secret"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// secretive is an installation with an administrator and a product, closed.
func secretive(t *testing.T) Config {
	t.Helper()
	c, _ := administered(t)
	o := opened(t, c)
	b := policy.Baseline{Solution: pageProduct, Profile: policy.NonGxP, Code: "/code", Environments: map[string]policy.Environment{}}
	for _, place := range policy.Places {
		b.Environments[place] = policy.Environment{Target: "localdir", Config: map[string]string{"dir": "/" + place}}
	}
	asks[operation.None](t, o, "solution.add", operation.AddSolution{ByAdministrator: by("admin"), Baseline: b})
	shut(t, o)
	return c
}

func asks[R any](t *testing.T, o *Owner, name string, request any) R {
	t.Helper()
	out, err := operation.Ask[R](t.Context(), o, name, request)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func shut(t *testing.T, o *Owner) {
	t.Helper()
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
}

// kept wants the value to be given in production after a start; what is logged
// is given back.
func kept(t *testing.T, c Config, want string, kind fault.Kind) (logged string) {
	t.Helper()
	var log bytes.Buffer
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	o := opened(t, c)
	defer shut(t, o)
	got, _, err := o.App.Secrets.Lookup(t.Context(), pageProduct, "prd", "API_TOKEN")
	if got != want || err != nil && fault.KindOf(err) != kind || err == nil && kind != "" {
		t.Errorf("got %q, %v, want %q and kind %q", got, err, want, kind)
	}
	return log.String()
}

const caged = "canary in a cage"

func TestTheKeyOfSecretsIsSettledByWhatIsSealed(t *testing.T) {
	c := secretive(t)
	file := filepath.Join(c.Data, "keys", "secrets.key")
	next := filepath.Join(c.Data, "keys", "secrets.next")
	first := read(t, file)
	o := opened(t, c)
	asks[secret.Listed](t, o, "secret.set", setting("API_TOKEN"))
	shut(t, o)
	if said := kept(t, c, caged, ""); said != "" {
		t.Errorf("said %q", said)
	}

	// A rotation that was killed before its commit: the next key is none.
	other := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{9}, 32))
	write(t, next, other)
	kept(t, c, caged, "")
	if _, err := os.Stat(next); err == nil || read(t, file) != first {
		t.Error("the next key was not dropped")
	}

	// One that was killed after its commit: the files are as before it.
	o = opened(t, c)
	r := asks[secret.Rotation](t, o, "secret.rotate-key", operation.RotateSecretsKey{ByAdministrator: by("admin")})
	shut(t, o)
	second := read(t, file)
	if r.Secrets != 1 || second == first {
		t.Errorf("%+v", r)
	}
	write(t, next, second)
	write(t, file, first)
	kept(t, c, caged, "")
	if _, err := os.Stat(next); err == nil || read(t, file) != second {
		t.Error("the next key was not put into its place")
	}
}

func TestAWrongOrMissingKeyOfSecretsIsSaidAtOnceAndNothingIsLost(t *testing.T) {
	c := secretive(t)
	file := filepath.Join(c.Data, "keys", "secrets.key")
	o := opened(t, c)
	asks[secret.Listed](t, o, "secret.set", setting("API_TOKEN"))
	shut(t, o)
	right := read(t, file)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if said := kept(t, c, "", fault.Conflict); !strings.Contains(said, "missing") || !strings.Contains(said, "--secrets-key") {
		t.Errorf("of a missing key: %q", said)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("another key was made beside what is sealed")
	}
	wrong := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{9}, 32))
	t.Setenv("SECRETS_KEY", wrong)
	c.SecretsKey = "env:SECRETS_KEY"
	if said := kept(t, c, "", fault.Conflict); !strings.Contains(said, "another one") || strings.Contains(said, wrong) {
		t.Errorf("of a wrong key: %q", said)
	}
	t.Setenv("SECRETS_KEY", right)
	if said := kept(t, c, caged, ""); said != "" {
		t.Errorf("said %q", said)
	}
	for _, source := range []string{"env:NOT_THERE", filepath.Join(c.Data, "none"), c.Data, "env:HALF"} {
		t.Setenv("HALF", right[:20])
		c.SecretsKey = source
		if _, err := Open(t.Context(), c); err == nil || strings.Contains(err.Error(), right[:20]) {
			t.Errorf("--secrets-key %s: %v", source, err)
		}
	}

	// A key that is kept elsewhere is replaced by one that is brought.
	c.SecretsKey = "env:SECRETS_KEY"
	o = opened(t, c)
	if _, err := operation.Ask[secret.Rotation](t.Context(), o, "secret.rotate-key", operation.RotateSecretsKey{ByAdministrator: by("admin")}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a key that nobody could keep: %v", err)
	}
	asks[secret.Rotation](t, o, "secret.rotate-key", operation.RotateSecretsKey{ByAdministrator: by("admin"), Key: wrong})
	shut(t, o)
	kept(t, c, "", fault.Conflict)
	place := filepath.Join(t.TempDir(), "key")
	write(t, place, wrong+"\n")
	c.SecretsKey = place
	kept(t, c, caged, "")
}

// Every file of the data directory but the keys, after a value was set, given,
// replaced, sealed again and refused.
func TestASecretOfTheServerRestsNowhere(t *testing.T) {
	c := secretive(t)
	const canary = `c4n4ry"with/odd+chars&0123456789`
	var log bytes.Buffer
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := opened(t, c)
	q := setting("API_TOKEN")
	q.Value = canary
	for range 2 {
		asks[secret.Listed](t, o, "secret.set", q)
		if got, ok, err := o.secret(t.Context(), pageProduct, "prd", "API_TOKEN"); got != canary || !ok || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
	}
	asks[secret.Rotation](t, o, "secret.rotate-key", operation.RotateSecretsKey{ByAdministrator: by("admin")})
	q.Environment = "nowhere"
	answers := []string{}
	for _, name := range []string{"secret.set", "secret.list", "audit.list", "audit.export"} {
		raw, err := json.Marshal(map[string]any{})
		if name == "secret.set" {
			raw, err = json.Marshal(q)
		}
		if err != nil {
			t.Fatal(err)
		}
		answer, err := o.Call(t.Context(), name, raw)
		if err != nil {
			answers = append(answers, err.Error(), fault.HintOf(err))
		}
		answers = append(answers, string(answer))
	}
	quoted, err := json.Marshal(canary)
	if err != nil {
		t.Fatal(err)
	}
	forms := []string{canary, base64.StdEncoding.EncodeToString([]byte(canary)), hex.EncodeToString([]byte(canary)), url.QueryEscape(canary), strings.Trim(string(quoted), `"`)}
	look := func(where, text string) {
		for _, form := range forms {
			if strings.Contains(text, form) {
				t.Errorf("%s holds the secret as %q", where, form)
			}
		}
	}
	files := 0
	walk := func() { // with the write-ahead log, and after it was written back
		err := filepath.WalkDir(c.Data, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "keys" {
				return fs.SkipDir
			}
			if d.Type().IsRegular() {
				files++
				look(path, read(t, path))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	walk()
	shut(t, o)
	walk()
	look("the log", log.String())
	for _, a := range answers {
		look("an answer", a)
	}
	if files < 6 {
		t.Errorf("%d files were looked at", files)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
