package acceptance_test

import (
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
	quoted, err := json.Marshal(canary)
	if err != nil {
		t.Fatal(err)
	}
	forms := []string{canary, base64.StdEncoding.EncodeToString([]byte(canary)), url.QueryEscape(canary), strings.Trim(string(quoted), `"`)}
	files := 0
	err = filepath.WalkDir(out.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
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
	for _, form := range forms {
		if strings.Contains(r.String(), form) {
			t.Errorf("the program printed the secret as %q", form)
		}
	}
}
