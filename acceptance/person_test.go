package acceptance_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAPersonIsInvitedLosesEverythingAndEnrolsAnew goes by the command line
// alone, up to the link that does not work for a day.
func TestAPersonIsInvitedLosesEverythingAndEnrolsAnew(t *testing.T) {
	dir := t.TempDir()
	call := func(code int, stdin string, args ...string) string {
		t.Helper()
		return want(t, code, stdin, append([]string{"--data", filepath.Join(dir, "data"), "--evaluation"}, args...)...).out
	}
	read := func(text string, into any) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	by := func(login string) []string { return []string{"--as", login, "--reason", "as agreed on the phone"} }
	seeds := map[string]string{}
	for _, login := range []string{"admin", "boris"} {
		args := append([]string{"person", "add", login, "--name", strings.ToUpper(login), "--password-file", "-", "--json"}, by("admin")...)
		if login == "admin" {
			args = append(args, "--bootstrap")
		}
		var added struct {
			Seed string `json:"totp_seed"`
		}
		read(call(0, "password of "+login, args...), &added)
		seeds[login] = added.Seed
	}
	call(0, "", append([]string{"role", "grant", "boris", "administrator"}, by("admin")...)...)
	used := map[string]int64{}
	present := func(login string) string { // a code is used once, and good for 10 seconds at least
		for {
			now := time.Now().Unix()
			step := max((now-20)/30, used[login]+1)
			if step <= now/30+1 {
				used[login] = step
				return credentials("password of "+login, totp(seeds[login], step))
			}
			<-time.After(time.Until(time.Unix((now/30+1)*30, 0)))
		}
	}

	var link struct{ Secret, Since string }
	read(call(0, "", append([]string{"person", "invite", "cleo", "--name", "Cleo Andersen", "--json"}, by("admin")...)...), &link)
	secret := filepath.Join(dir, "secret")
	mustWrite(t, secret, []byte(link.Secret+"\n"))
	var shown struct {
		Login string
		Seed  string `json:"totp_seed"`
	}
	read(call(0, "", "person", "enrol", "--secret-file", secret, "--json"), &shown)
	if shown.Login != "cleo" || shown.Seed == "" {
		t.Fatalf("shown %+v", shown)
	}
	seeds["cleo"] = shown.Seed
	call(5, credentials("password of cleo", "000000"), "person", "enrol", "--secret-file", secret, "--credentials", "-")
	call(0, present("cleo"), "person", "enrol", "--secret-file", secret, "--credentials", "-")
	call(5, "", "person", "enrol", "--secret-file", secret)
	call(2, "", append([]string{"person", "invite", "cleo2", "--name", "CLEO  andersen"}, by("admin")...)...)

	call(0, "", append([]string{"role", "grant", "cleo", "sme"}, by("admin")...)...)
	if out := call(0, "", "person", "show", "cleo"); strings.Count(out, "lacking") != 3 {
		t.Errorf("want identity, statement and training to be lacking:\n%s", out)
	}
	call(0, "", append([]string{"person", "check-identity", "cleo"}, by("boris")...)...)
	call(0, "", append([]string{"person", "train", "cleo", "--sop", "SOP-RELEASE", "--revision", "1", "--until", "2099-12-31"}, by("boris")...)...)
	call(0, present("cleo"), "person", "accept-statement", "--as", "cleo", "--credentials", "-")
	if out := call(0, "", "person", "show", "cleo"); strings.Contains(out, "lacking") {
		t.Errorf("prepared:\n%s", out)
	}

	call(0, "", append([]string{"person", "lose", "cleo"}, by("admin")...)...)
	call(5, present("cleo"), "person", "accept-statement", "--as", "cleo", "--credentials", "-")
	call(0, present("admin"), append([]string{"person", "reset", "cleo", "--credentials", "-"}, by("admin")...)...)
	call(5, present("admin"), append([]string{"person", "reset", "cleo", "--credentials", "-"}, by("admin")...)...)
	call(5, credentials("guess", "000000"), append([]string{"person", "reset", "cleo", "--credentials", "-"}, by("boris")...)...)
	var anew struct{ Secret, Since string }
	read(call(0, present("boris"), append([]string{"person", "reset", "cleo", "--credentials", "-", "--json"}, by("boris")...)...), &anew)
	mustWrite(t, secret, []byte(anew.Secret+"\n"))
	if out := want(t, 5, "", "--data", filepath.Join(dir, "data"), "--evaluation", "person", "enrol", "--secret-file", secret).errOut; !strings.Contains(out, "works from") {
		t.Errorf("the link works before its day: %s", out)
	}
	if out := call(0, "", "person", "show", "cleo"); !strings.Contains(out, "can be enrolled anew from") {
		t.Errorf("cleo is not told:\n%s", out)
	}

	var token struct{ Token, Secret string }
	read(call(0, "", append([]string{"token", "create", "cleo", "--scope", "run.*", "--json"}, by("admin")...)...), &token)
	if out := call(0, "", "token", "list"); !strings.Contains(out, token.Token) || strings.Contains(out, token.Secret) {
		t.Errorf("tokens:\n%s", out)
	}
	call(0, "", append([]string{"token", "revoke", token.Token}, by("admin")...)...)
	call(4, "", append([]string{"token", "revoke", token.Token}, by("admin")...)...)
	call(0, "", "audit", "verify")
}
