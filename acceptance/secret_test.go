package acceptance_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const leaky = `on: push
jobs:
  leak:
    runs-on: ubuntu-latest
    outputs:
      value: ${{ steps.out.outputs.value }}
    steps:
      - id: out
        name: Print it in every form
        env:
          TOKEN: ${{ secrets.CANARY }}
        run: |
          echo "$TOKEN"
          printf '%s' "$TOKEN" | base64
          echo "value=$TOKEN" >> "$GITHUB_OUTPUT"
          echo "summary $TOKEN" >> "$GITHUB_STEP_SUMMARY"
          echo "::error::$TOKEN"
          printf '%s' "$TOKEN" | cut -c1-10; printf '%s' "$TOKEN" | cut -c11-
`

// TestASecretRestsNowhere greps everything that a run leaves for the value of
// its secret, plain and encoded.
func TestASecretRestsNowhere(t *testing.T) {
	dir := folder(t)
	repo := filepath.Join(dir, "repo")
	mustWrite(t, filepath.Join(repo, ".github", "workflows", "leak.yaml"), []byte(leaky))
	for _, args := range [][]string{{"init", "-q", "-b", "main", "."}, {"add", "."}, {"-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-qm", "leak"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = repo
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	const canary = `c4n4ry"with/odd+chars&0123456789`
	secret := filepath.Join(dir, "secret")
	mustWrite(t, secret, []byte(canary))
	r := want(t, 0, "", "run", "--rehearse", "--keep", "--json", "--repo", repo, "--ref", "refs/heads/main", "--secret", "CANARY=@"+secret)
	var out struct {
		Data string `json:"data"`
	}
	if err := json.Unmarshal([]byte(r.out), &out); err != nil || out.Data == "" {
		t.Fatalf("%v\n%s", err, r)
	}
	t.Cleanup(func() { _ = os.RemoveAll(out.Data) })
	for _, form := range restsNowhere(t, out.Data, canary) {
		if strings.Contains(r.String(), form) {
			t.Errorf("the program printed the secret as %q", form)
		}
	}
}

// restsNowhere searches every file below a directory but keys for the value of a
// secret, and gives the forms that it looked for.
func restsNowhere(t *testing.T, dir, canary string) []string {
	t.Helper()
	quoted, err := json.Marshal(canary)
	if err != nil {
		t.Fatal(err)
	}
	forms := []string{canary, base64.StdEncoding.EncodeToString([]byte(canary)), hex.EncodeToString([]byte(canary)), url.QueryEscape(canary), strings.Trim(string(quoted), `"`)}
	files := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(filepath.Dir(path)) == "keys" {
			return err
		}
		files++
		data := string(mustRead(t, path))
		for _, form := range forms {
			if strings.Contains(data, form) {
				t.Errorf("%s holds the secret as %q", path, form)
			}
		}
		return nil
	})
	if err != nil || files < 5 {
		t.Fatalf("%d files, %v", files, err)
	}
	return forms
}

// TestASecretOfTheServerRestsNowhere sets a secret, lets a job use it, seals it
// again, and searches everything that the server keeps.
func TestASecretOfTheServerRestsNowhere(t *testing.T) {
	o := newSealed(t)
	mustWrite(t, filepath.Join(o.log, ".github", "workflows", "main.yaml"), []byte(leaky))
	o.commit()
	const canary = `c4n4ry"with/odd+chars&0123456789`
	set := []string{"--data", o.data, "secret", "set", "CANARY", "--solution", product, "--all-environments", "--as", "admin", "--reason", "a bird"}
	said := []result{want(t, 0, canary, set...), want(t, 0, "", "--data", o.data, "run", "--solution", product, "--json")}
	logs := want(t, 0, "", "--data", o.data, "runs", "logs", runID(t, said[1]), "--job", "leak")
	if !strings.Contains(logs.out, "***") {
		t.Errorf("the job was not given the secret:\n%s", logs.out)
	}
	said = append(said, logs, o.rotate("a yearly change"), want(t, 0, canary+"\n", set...), want(t, 2, canary+"\x00", set...), want(t, 0, "", "--data", o.data, "audit", "list"))
	for _, form := range restsNowhere(t, o.data, canary) {
		for _, r := range said {
			if strings.Contains(r.String(), form) {
				t.Errorf("the program printed the secret as %q:\n%s", form, r)
			}
		}
	}
}

// TestARotationOfTheKeyOfSecretsThatIsKilledLosesNothing kills the process at
// several points; afterwards one key opens everything, and the ledger says which.
func TestARotationOfTheKeyOfSecretsThatIsKilledLosesNothing(t *testing.T) {
	o := newSealed(t)
	const secrets = 20
	for i := range secrets {
		want(t, 0, strings.Repeat(fmt.Sprint(i), 20_000), "--data", o.data, "secret", "set", fmt.Sprintf("N%d", i), "--solution", product, "--environment", "prd", "--as", "admin", "--reason", "large")
	}
	s := &site{t: t, dir: o.dir}
	key, next := filepath.Join(o.data, "keys", "secrets.key"), filepath.Join(o.data, "keys", "secrets.next")
	length := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	for name, reached := range map[string]func(size int) bool{
		"the next key is kept":    func(int) bool { return length(next) > 0 },
		"the database is written": func(int) bool { return length(next) > 0 && length(filepath.Join(o.data, "ledger.db-wal")) > 200_000 },
		"the ledger has grown":    func(size int) bool { return s.size() > size },
	} {
		before, size := string(mustRead(t, key)), s.size()
		p := s.start("secret", "rotate-key", "--as", "admin", "--reason", "a test of "+name)
		tick := time.NewTicker(50 * time.Microsecond)
		for over := false; !over; {
			select {
			case <-p.done:
				over = true
			case <-tick.C:
				if over = reached(size); over {
					p.kill(true)
				}
			}
		}
		tick.Stop()
		if listed := want(t, 0, "", "--data", o.data, "secret", "list"); listed.errOut != "" {
			t.Errorf("%s: %s", name, listed.errOut)
		}
		if length(next) > 0 {
			t.Errorf("%s: a next key was left", name)
		}
		ledger := want(t, 0, "", "--data", o.data, "audit", "list", "--type", "secret.key_rotated").out
		changed := string(mustRead(t, key)) != before
		if changed != strings.Contains(ledger, "a test of "+name) {
			t.Errorf("%s: the key changed: %t, and the ledger says\n%s", name, changed, ledger)
		}
		t.Logf("%s: the key changed: %t", name, changed)
		// It opens every value with the key in force, or fails.
		if r := o.rotate("after " + name); !strings.Contains(r.out, fmt.Sprintf("sealed again: %d", secrets)) {
			t.Errorf("%s: %s", name, r)
		}
	}
}

// newSealed is an installation of a product without gates, whose code repository
// is also its log.
func newSealed(t *testing.T) *office {
	t.Helper()
	need(t, "git")
	o := &office{t: t, dir: folder(t)}
	o.data, o.log = filepath.Join(o.dir, "data"), filepath.Join(o.dir, "code")
	o.git("init", "--quiet", "--initial-branch=main", o.log)
	want(t, 0, "password of admin", "--data", o.data, "person", "add", "admin", "--bootstrap", "--name", "Admin", "--password-file", "-", "--reason", "first person")
	args := []string{"--data", o.data, "solution", "add", product, "--profile", "non-gxp", "--code", o.log, "--as", "admin", "--reason", "baseline"}
	for _, place := range []string{"dev", "tst", "prd"} {
		args = append(args, "--environment", place+"=script")
	}
	want(t, 0, "", args...)
	return o
}

// commit commits what is in the code repository.
func (o *office) commit() {
	o.t.Helper()
	o.git("-C", o.log, "add", ".")
	o.git("-C", o.log, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", "workflow")
}

func (o *office) rotate(reason string) result {
	o.t.Helper()
	return want(o.t, 0, "", "--data", o.data, "secret", "rotate-key", "--as", "admin", "--reason", reason)
}

func runID(t *testing.T, r result) string {
	t.Helper()
	var run runJSON
	if err := json.Unmarshal([]byte(r.out), &run); err != nil || run.Run == "" {
		t.Fatalf("no run in %s (%v)", r, err)
	}
	return run.Run
}
