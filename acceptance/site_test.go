package acceptance_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as authenticator apps use it
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	product    = "corp-procurement"
	exampleDir = "../examples/corp-procurement"
)

// cast is who works at a site, with the roles of each.
var cast = map[string][]string{
	"ada":  {"data-engineer", "sme"}, // the author, who could sign if authors could
	"cleo": {"sme"}, "sven": {"sme", "qc"}, "maja": {"sme"},
	"quinn": {"qc"}, "rosa": {"qc"}, "vera": {"qc"}, "rune": {"release-manager"}, "dora": {"data-product-owner"},
	"tom": {"acceptance-tester"},
}

// site is an installation with the example product, its code on main verified
// in DEV and TST, and nothing released. Every site of a plot lies at the same
// place, so that its paths stay true; there is one at a time.
type site struct {
	t     *testing.T
	dir   string
	seeds map[string]string
	used  map[string]int64 // last time step of each person

	workspaces workspaces // of a script that has some
}

// plot is a place for sites, with the one that the others are copies of.
type plot struct {
	name  string
	built sync.Once
	seeds map[string]string
	used  map[string]int64
	ok    bool
}

// home is the plot of tests that run one after the other.
var home = &plot{name: "site"}

// newSite gives a fresh one at home.
func newSite(t *testing.T) *site {
	t.Helper()
	return home.site(t)
}

// site gives a fresh one.
func (p *plot) site(t *testing.T) *site {
	t.Helper()
	need(t, "git")
	s := &site{t: t, dir: filepath.Join(scratch, p.name), used: map[string]int64{}}
	whole := s.dir + ".whole"
	p.built.Do(func() {
		s.seeds = map[string]string{}
		s.build()
		if out, err := exec.Command("cp", "-a", s.dir, whole).CombinedOutput(); err != nil {
			t.Fatalf("keep the site: %v\n%s", err, out)
		}
		p.seeds, p.used, p.ok = s.seeds, maps.Clone(s.used), true
	})
	if !p.ok {
		t.Fatal("the site could not be built")
	}
	s.seeds, s.used = p.seeds, maps.Clone(p.used)
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", whole, s.dir).CombinedOutput(); err != nil {
		t.Fatalf("copy the site: %v\n%s", err, out)
	}
	return s
}

func (s *site) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s *site) data() string { return s.path("data") }

func (s *site) clone() string { return s.path("work", "code") }

// call runs the program on the site's data directory.
func (s *site) call(stdin string, args ...string) result {
	s.t.Helper()
	return dcRelease(s.t, stdin, append([]string{"--data", s.data()}, args...)...)
}

func (s *site) want(code int, stdin string, args ...string) result {
	s.t.Helper()
	return want(s.t, code, stdin, append([]string{"--data", s.data()}, args...)...)
}

// ask runs a call that answers in JSON.
func (s *site) ask(into any, args ...string) {
	s.t.Helper()
	r := s.want(0, "", append(args, "--json")...)
	if err := json.Unmarshal([]byte(r.out), into); err != nil {
		s.t.Fatalf("%v: %v\n%s", args, err, r.out)
	}
}

// git runs git as ada at a fixed time, so that every site has the same commits.
func (s *site) git(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada Nielsen", "GIT_AUTHOR_EMAIL=ada@corp-procurement.example", "GIT_AUTHOR_DATE=2026-01-05T08:00:00Z",
		"GIT_COMMITTER_NAME=Ada Nielsen", "GIT_COMMITTER_EMAIL=ada@corp-procurement.example", "GIT_COMMITTER_DATE=2026-01-05T08:00:00Z",
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *site) mustGit(dir string, args ...string) {
	s.t.Helper()
	if out, err := s.git(dir, args...); err != nil {
		s.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (s *site) bare(name string) string { return s.path("git", name+".git") }

// build makes the site through the command line.
func (s *site) build() {
	s.t.Helper()
	if err := os.MkdirAll(s.path("work"), 0o755); err != nil {
		s.t.Fatal(err)
	}
	by := []string{"--as", "admin", "--reason", "joins the site"}
	s.want(0, "password of admin", "person", "add", "admin", "--bootstrap", "--name", "Admin", "--password-file", "-", "--reason", "first person")
	for login, roles := range cast {
		var added struct {
			Seed string `json:"totp_seed"`
		}
		r := s.want(0, "password of "+login, append([]string{"person", "add", login, "--name", strings.ToUpper(login), "--password-file", "-", "--json"}, by...)...)
		if err := json.Unmarshal([]byte(r.out), &added); err != nil {
			s.t.Fatal(err)
		}
		s.seeds[login] = added.Seed
		for _, role := range roles {
			s.want(0, "", append([]string{"role", "grant", login, role, "--solution", product}, by...)...)
		}
		s.prepare(login, by)
	}
	s.want(0, "", append([]string{"person", "map", "ada", "--git-identity", "ada@corp-procurement.example"}, by...)...)
	for _, name := range []string{"code", "requirements", "release-log"} {
		if err := os.MkdirAll(s.bare(name), 0o755); err != nil {
			s.t.Fatal(err)
		}
		s.mustGit(s.bare(name), "init", "--quiet", "--bare", "--initial-branch=main", ".")
	}
	s.want(0, "", s.solutionArgs()...)
	for name, line := range map[string]string{
		"update":       "'" + program + "' intake guard \"$@\"",
		"post-receive": "'" + program + "' --data '" + s.data() + "' intake drop --solution " + product + " --actor ada",
	} {
		hook := filepath.Join(s.bare("code"), "hooks", name)
		mustWrite(s.t, hook, []byte("#!/bin/sh\nexec "+line+"\n"))
		if err := os.Chmod(hook, 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"code": "code", "requirements": "requirements"} {
		dir := s.path("work", to)
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(exampleDir, from))); err != nil {
			s.t.Fatal(err)
		}
		s.mustGit(dir, "init", "--quiet", "--initial-branch=main", ".")
		s.mustGit(dir, "remote", "add", "origin", s.bare(to))
		s.commit(dir, "First")
		s.mustGit(dir, "push", "--quiet", "origin", "main")
	}
	s.want(0, "", "intake")
}

// prepare does what comes before a first signature; the statement is accepted
// with the code of the period before as long as that is good for 10 seconds.
func (s *site) prepare(login string, by []string) {
	s.t.Helper()
	s.want(0, "", append([]string{"person", "check-identity", login}, by...)...)
	for _, sop := range []string{"SOP-RELEASE", "SOP-ACCEPTANCE"} {
		s.want(0, "", append([]string{"person", "train", login, "--sop", sop, "--revision", "1", "--until", "2099-12-31"}, by...)...)
	}
	step := (time.Now().Unix() - 20) / 30
	s.used[login] = step
	s.want(0, credentials("password of "+login, totp(s.seeds[login], step)), "person", "accept-statement", "--as", login, "--credentials", "-")
}

// solutionArgs records the baseline, with further flags when they are given.
func (s *site) solutionArgs(more ...string) []string {
	args := []string{
		"solution", "add", product, "--code", s.bare("code"), "--requirements", s.bare("requirements"), "--release-log", s.bare("release-log"),
		"--as", "admin", "--reason", "baseline",
	}
	for _, place := range []string{"dev", "tst", "val", "prd"} {
		args = append(args, "--environment", place+"=localdir:"+s.path("environments", place))
	}
	return append(args, more...)
}

func (s *site) commit(dir, message string) {
	s.t.Helper()
	s.mustGit(dir, "add", "--all", ".")
	s.mustGit(dir, "commit", "--quiet", "--allow-empty", "-m", message)
}

// tag makes and pushes a version tag; intake takes it later.
func (s *site) tag(version string) {
	s.t.Helper()
	s.mustGit(s.clone(), "tag", "-a", "v"+version, "-m", "Release "+version)
	s.mustGit(s.clone(), "push", "--quiet", "origin", "v"+version)
}

// note writes the release note of a version.
func (s *site) note(version string) {
	s.t.Helper()
	text := mustRead(s.t, filepath.Join(exampleDir, "code", "documentation", "releases", "1.0.0.md"))
	mustWrite(s.t, filepath.Join(s.clone(), "documentation", "releases", version+".md"), text)
}

// totp is RFC 6238 with SHA-1, six digits and 30 seconds.
func totp(seed string, step int64) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(seed, "="))
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(step))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff)%1_000_000)
}

// fresh gives credentials with a code that the person has not used: the one of
// the period before, of now, or of the next one, which are all accepted.
func (s *site) fresh(login string) string {
	s.t.Helper()
	for {
		now := time.Now().Unix() / 30
		step := max(now, s.used[login]+1)
		if step <= now+1 {
			s.used[login] = step
			return credentials("password of "+login, totp(s.seeds[login], step))
		}
		<-time.After(time.Until(time.Unix((now+1)*30, 0)))
	}
}

func credentials(password, code string) string {
	return fmt.Sprintf(`{"password":%q,"code":%q}`, password, code)
}

func (s *site) signArgs(gate, login, meaning string) []string {
	return []string{"gate", "sign", gate, "--solution", product, "--version", "1.0.0", "--as", login, "--meaning", meaning, "--reason", "reviewed", "--credentials", "-"}
}

// sign signs with fresh credentials and wants it to be accepted.
func (s *site) sign(gate, login, meaning string) {
	s.t.Helper()
	s.want(0, s.fresh(login), s.signArgs(gate, login, meaning)...)
}

func (s *site) acceptArgs(login string) []string {
	file, err := filepath.Abs(filepath.Join(exampleDir, "acceptance", "acceptance.xml"))
	if err != nil {
		s.t.Fatal(err)
	}
	return []string{"evidence", "add", file, "--solution", product, "--version", "1.0.0", "--as", login, "--reason", "executed", "--credentials", "-"}
}

// approveToPRD gives everything that approve_to_prd asks for after the tests
// in VAL were accepted.
func (s *site) approveToPRD() {
	s.t.Helper()
	s.sign("approve_to_prd", "quinn", "qc-approved")
	s.sign("approve_to_prd", "sven", "sme-approved")
	s.sign("approve_to_prd", "rune", "authorised-to-prd")
	s.sign("approve_to_prd", "dora", "accountable")
}

// review lets somebody who does nothing else review the audit trail.
func (s *site) review() {
	s.t.Helper()
	s.want(0, s.fresh("vera"), s.reviewArgs("vera")...)
}

func (s *site) reviewArgs(login string) []string {
	return []string{"audit", "review", "--sign", "--solution", product, "--version", "1.0.0", "--as", login, "--reason", "reviewed each entry", "--credentials", "-"}
}

func (s *site) approveForUse() {
	s.t.Helper()
	if s.gate("approve_for_use").Phase == "closed" {
		s.review()
	}
	s.sign("approve_for_use", "rosa", "qc-approved")
	s.sign("approve_for_use", "maja", "released-for-use")
}

// releaseJSON is what tests look at in dc-release/release/v1.
type releaseJSON struct {
	Release struct {
		State string     `json:"state"`
		Run   string     `json:"run"`
		Gates []gateJSON `json:"gates"`
	} `json:"release"`
}

type gateJSON struct {
	Gate     string   `json:"gate"`
	Phase    string   `json:"phase"`
	Manifest string   `json:"manifest"`
	Missing  []string `json:"missing"`
	Unsigned []string `json:"unsigned"`
	Voided   []string `json:"voided"`
}

// release is 1.0.0, nothing before it is registered.
func (s *site) release() (out releaseJSON) {
	s.t.Helper()
	r := s.call("", "release", "show", "1.0.0", "--solution", product, "--json")
	if r.code == 4 {
		return out
	}
	if err := json.Unmarshal([]byte(r.out), &out); r.code != 0 || err != nil {
		s.t.Fatalf("release show: exit %d, %v\n%s", r.code, err, r)
	}
	return out
}

func (s *site) gate(name string) gateJSON {
	s.t.Helper()
	for _, g := range s.release().Release.Gates {
		if g.Gate == name {
			return g
		}
	}
	return gateJSON{}
}

func (s *site) state() string {
	s.t.Helper()
	return s.release().Release.State
}

// recorded counts the audit trail's events of a type whose row has the text.
func (s *site) recorded(kind, text string) int {
	s.t.Helper()
	var list struct {
		Events []json.RawMessage `json:"events"`
	}
	s.ask(&list, "audit", "list", "--type", kind)
	n := 0
	for _, raw := range list.Events {
		if strings.Contains(string(raw), text) {
			n++
		}
	}
	return n
}
