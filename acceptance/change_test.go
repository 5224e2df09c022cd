package acceptance_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestChanges runs the scripts of testdata/change: each is one release, or more,
// of a whole site with its people. As many run at a time as there are plots.
func TestChanges(t *testing.T) {
	need(t, "git")
	plots := make(chan *plot, 2)
	plots <- home
	plots <- &plot{name: "site-2"}
	on := func(do func(*site, *testscript.TestScript, bool, []string)) func(*testscript.TestScript, bool, []string) {
		return func(ts *testscript.TestScript, neg bool, args []string) {
			do(ts.Value(theSite{}).(*site), ts, neg, args)
		}
	}
	testscript.RunT(sideBySide{t}, testscript.Params{
		Dir: "testdata/change", RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			t, p := e.T().(sideBySide).T, <-plots
			t.Cleanup(func() { plots <- p })
			s := p.site(t)
			e.Values[theSite{}] = s
			e.Setenv("SITE", s.dir)
			e.Setenv("DC_RELEASE_DATA", s.data())
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"version": on(scriptVersion), "drive": on(scriptDrive), "by": on(scriptBy), "road": on(scriptRoad), "rest": on(scriptRest),
			"gate": on(scriptGate), "state": on(scriptState), "recorded": on(scriptRecorded), "workspaces": on(scriptWorkspaces), "workspace": on(scriptWorkspace), "bundle": on(scriptBundle), "git": on(scriptGit), "verified": on(scriptVerified), "killed": on(scriptKilled), "orphaned": on(scriptOrphaned), "code": exitsWith,
			"needs": on(func(s *site, _ *testscript.TestScript, _ bool, args []string) { need(s.t, args[0]) }),
		},
	})
}

// theSite is where a script keeps its site.
type theSite struct{}

// sideBySide is a testing.T as testscript wants it.
type sideBySide struct{ *testing.T }

func (t sideBySide) Verbose() bool { return testing.Verbose() }
func (t sideBySide) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(sideBySide{t}) })
}

// scriptVersion is "version X.Y.Z [CHANGE TYPE]": its note, with the change type,
// is committed on the branch that is checked out, tagged and pushed.
func scriptVersion(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: version X.Y.Z [CHANGE TYPE]")
	}
	s.note(args[0])
	if len(args) == 2 {
		file := filepath.Join(s.clone(), "documentation", "releases", args[0]+".md")
		text := string(mustRead(s.t, file)) + "\n## Change type\n" + args[1] + "\n"
		mustWrite(s.t, file, []byte(text))
	}
	s.commit(s.clone(), "Release "+args[0])
	s.mustGit(s.clone(), "push", "--quiet", "origin", "HEAD")
	s.tag(args[0])
}

// scriptDrive is "drive [FLAG...]": intake until nothing moves; every end of it
// is fine that is no error of the program.
func scriptDrive(s *site, ts *testscript.TestScript, _ bool, args []string) {
	if r := s.call("", append([]string{"intake"}, args...)...); !slices.Contains([]int{0, 3, 6}, r.code) {
		ts.Fatalf("intake: exit %d\n%s", r.code, r)
	}
}

// scriptBy is "by LOGIN ARGS...": the person signs with fresh factors; with a
// leading "!" it has to be refused with exit 5, and what it says is in stderr.
func scriptBy(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: by LOGIN ARGS...")
	}
	r := s.call(s.fresh(args[0]), append(args[1:], "--solution", product, "--as", args[0], "--credentials", "-")...)
	want := 0
	if neg {
		want = 5
	}
	if r.code != want {
		ts.Fatalf("%s: exit %d, want %d\n%s", strings.Join(args, " "), r.code, want, r)
	}
	ts.Check(os.WriteFile(ts.MkAbs("said"), []byte(r.out+r.errOut), 0o644))
}

// scriptRoad is "road X.Y.Z": the version goes the whole normal road to use.
func scriptRoad(s *site, ts *testscript.TestScript, _ bool, args []string) {
	scriptDrive(s, ts, false, nil)
	scriptBy(s, ts, false, []string{"cleo", "gate", "sign", "pre_val", "--version", args[0], "--meaning", "sme-approved", "--reason", "reviewed"})
	scriptRest(s, ts, false, args)
}

// scriptRest is "rest X.Y.Z": the road from VAL on.
func scriptRest(s *site, ts *testscript.TestScript, _ bool, args []string) {
	version := args[0]
	sign := func(gate, login, meaning string) {
		scriptBy(s, ts, false, []string{login, "gate", "sign", gate, "--version", version, "--meaning", meaning, "--reason", "reviewed"})
	}
	scriptAccept(s, ts, version)
	sign("approve_to_prd", "quinn", "qc-approved")
	sign("approve_to_prd", "sven", "sme-approved")
	sign("approve_to_prd", "rune", "authorised-to-prd")
	sign("approve_to_prd", "dora", "accountable")
	scriptReview(s, ts, version)
	sign("approve_for_use", "rosa", "qc-approved")
	sign("approve_for_use", "maja", "released-for-use")
	scriptState(s, ts, false, []string{version, "effective"})
}

// scriptAccept lets the tester execute the acceptance tests of a version.
func scriptAccept(s *site, ts *testscript.TestScript, version string) {
	file, err := filepath.Abs(filepath.Join(exampleDir, "acceptance", "acceptance.xml"))
	ts.Check(err)
	scriptBy(s, ts, false, []string{"tom", "evidence", "add", file, "--version", version, "--reason", "executed"})
}

// scriptReview lets somebody who does nothing else review the audit trail.
func scriptReview(s *site, ts *testscript.TestScript, version string) {
	scriptBy(s, ts, false, []string{"vera", "audit", "review", "--sign", "--version", version, "--reason", "reviewed each entry"})
}

func (s *site) shown(ts *testscript.TestScript, version string) (out releaseJSON) {
	r := s.call("", "release", "show", version, "--solution", product, "--json")
	if r.code != 0 {
		ts.Fatalf("release show %s: exit %d\n%s", version, r.code, r)
	}
	ts.Check(json.Unmarshal([]byte(r.out), &out))
	ts.Check(os.WriteFile(ts.MkAbs("shown"), []byte(r.out), 0o644))
	return out
}

// scriptGate is "gate X.Y.Z GATE PHASE [TEXT]": the gate is in the phase, and
// with a text that is what it misses or still asks for. "gate X.Y.Z accept" lets
// the tester execute the acceptance tests, "gate X.Y.Z review" the audit trail be
// reviewed.
func scriptGate(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 2 {
		map[string]func(*site, *testscript.TestScript, string){"accept": scriptAccept, "review": scriptReview}[args[1]](s, ts, args[0])
		return
	}
	if len(args) < 3 {
		ts.Fatalf("usage: gate X.Y.Z GATE PHASE [TEXT]")
	}
	for _, g := range s.shown(ts, args[0]).Release.Gates {
		if g.Gate != args[1] {
			continue
		}
		text := strings.Join(append(append(g.Missing, g.Unsigned...), g.Voided...), "; ")
		if g.Phase != args[2] || len(args) == 4 && strings.Contains(text, args[3]) == neg {
			ts.Fatalf("gate %s of %s is %s: %s", args[1], args[0], g.Phase, text)
		}
		return
	}
	ts.Fatalf("%s has not come to gate %s", args[0], args[1])
}

// scriptState is "state X.Y.Z STATE [TEXT]": the release is in the state, and
// with a text that stands in what release show says.
func scriptState(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: state X.Y.Z STATE [TEXT]")
	}
	got := s.shown(ts, args[0]).Release.State
	if got != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
	if len(args) == 3 && strings.Contains(ts.ReadFile("shown"), args[2]) == neg {
		ts.Fatalf("release show %s: %q: found is %v\n%s", args[0], args[2], neg, ts.ReadFile("shown"))
	}
}

// scriptRecorded is "recorded TYPE TEXT": the trail has an event of the type
// whose row has the text.
func scriptRecorded(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: recorded TYPE TEXT")
	}
	if n := s.recorded(args[0], args[1]); n > 0 == neg {
		ts.Fatalf("%d events %s with %q", n, args[0], args[1])
	}
}

// scriptGit is "git ARGS...": git in the clone of the code, as ada.
func scriptGit(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if out, err := s.git(s.clone(), args...); (err != nil) != neg {
		ts.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// scriptVerified is "verified FOLDER": both verifiers find nothing in a folder of
// the release log.
func scriptVerified(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: verified FOLDER")
	}
	log := filepath.Join(s.t.TempDir(), "log")
	s.mustGit(s.dir, "clone", "--quiet", s.bare("release-log"), log)
	if r := s.call("", "audit", "verify", "--release-log", log, "--version", args[0]); r.code != 0 {
		ts.Fatalf("%s: exit %d\n%s", args[0], r.code, r)
	}
	if code, _, out := byThePage(s.t, log, args[0]); code != 0 {
		ts.Fatalf("%s by the page alone: exit %d\n%s", args[0], code, out)
	}
}

// scriptKilled is "killed FILE X.Y.Z": what failed of the version's run is done
// again, and the program and its worker are killed as soon as the file is there.
func scriptKilled(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: killed FILE X.Y.Z")
	}
	p := s.start("runs", "rerun", s.shown(ts, args[1]).Release.Run, "--failed", "--as", "admin", "--reason", "the cause is gone")
	s.untilThere(args[0])
	p.kill(true)
}

// scriptOrphaned is "orphaned FILE": intake, until the file is there; then the
// program is killed, and its worker lives on.
func scriptOrphaned(s *site, ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: orphaned FILE")
	}
	p := s.start("intake")
	s.untilThere(args[0])
	p.kill(false)
}

func (s *site) untilThere(file string) {
	s.until(func() bool {
		_, err := os.Stat(file)
		return err == nil
	})
}
