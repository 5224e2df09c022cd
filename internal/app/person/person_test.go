package person_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestGXP026_AnIdAndALoginAreNeverReused(t *testing.T) {
	w := begin(t)
	cleo := w.person("cleo").ID
	w.must(w.Disable(t.Context(), w.by("admin"), "cleo", "left"))
	_, err := w.Invite(t.Context(), w.by("admin"), "cleo", "Another Cleo", policy.Human, "joins")
	w.refused(err, "used once, for ever")
	if w.person("cleo").ID != cleo || !w.person("cleo").Disabled {
		t.Error("the login does not name the person who left any more")
	}
}

func TestGXP034_NobodyIsTakenForAnother(t *testing.T) {
	w := begin(t)
	for what, c := range map[string]struct{ login, name, why string }{
		"a login in another case":               {"Cleo", "Cleo Two", "want 2 to 32"},
		"a login in wide letters":               {"ｃｌｅｏ", "Cleo Two", "want 2 to 32"},
		"a login with a Cyrillic letter":        {"clеo", "Cleo Two", "want 2 to 32"},
		"the login of somebody":                 {"cleo", "Cleo Two", "used once"},
		"a name in another case":                {"cleo2", "Cleo", "looks the same"},
		"a name in wide letters":                {"cleo2", "ＣＬＥＯ", "looks the same"},
		"Attack53 a name with a zero width":     {"cleo2", "CL\u200bEO", "printable"},
		"Attack53 a name with a direction mark": {"cleo2", "CLEO\u202e", "printable"},
		"a name with blanks around":             {"cleo2", " CLEO", "blanks around"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := w.Invite(t.Context(), w.by("admin"), c.login, c.name, policy.Human, "joins")
			w.refused(err, c.why)
		})
	}
}

func TestGXP059_AnInvitedPersonEnrolsAlone(t *testing.T) {
	w := begin(t)
	made, err := w.Invite(t.Context(), w.by("admin"), "dora", "Dora Weiss", policy.Human, "joins")
	w.must(err)
	if s := w.person("dora"); s.Enrolled || len(s.Factors) != 0 {
		t.Fatalf("factors before the person was there: %+v", s.Factors)
	}
	if _, ok, err := w.store.Link(t.Context(), made.Secret); ok || err != nil {
		t.Error("the secret itself is in the store")
	}
	first, err := w.Enrolment(t.Context(), made.Secret)
	w.must(err)
	again, err := w.Enrolment(t.Context(), made.Secret)
	w.must(err)
	if first != again || first.Login != "dora" || first.Seed == "" {
		t.Errorf("looked at twice: %+v, %+v", first, again)
	}
	_, err = w.Enrol(t.Context(), made.Secret, "only dora knows it", "000000")
	w.refused(err, "the code is not of the seed")
	w.must(w.enrols(made.Secret))
	if s := w.person("dora"); !s.Enrolled || s.Factors[0].Kind != policy.PasswordTOTP {
		t.Errorf("factors: %+v", s.Factors)
	}
	w.refused(w.enrols(made.Secret), "was used")
	late, err := w.Invite(t.Context(), w.by("admin"), "emil", "Emil Dahl", policy.Human, "joins")
	w.must(err)
	w.clock.Move(person.InvitationLife)
	w.refused(w.enrols(late.Secret), "ran out")
	anew, err := w.Invite(t.Context(), w.by("admin"), "emil", "", policy.Human, "was on leave")
	w.must(err)
	if anew.Person != late.Person {
		t.Error("a second invitation made a second person")
	}
	w.refused(w.enrols(late.Secret), "never made")
	w.must(w.enrols(anew.Secret))
	_, err = w.Invite(t.Context(), w.by("admin"), "emil", "Emil Dahl", policy.Human, "once more")
	w.refused(err, "used once, for ever")
	w.must(w.Lose(t.Context(), w.by("admin"), "emil", "", "phone stolen"))
	_, err = w.Invite(t.Context(), w.by("admin"), "emil", "Emil Dahl", policy.Human, "one person alone")
	w.refused(err, "used once, for ever")
}

func TestGXP067_AServiceAccountGetsNoFactorAndNoSigningRole(t *testing.T) {
	w := begin(t)
	made, err := w.Invite(t.Context(), w.by("admin"), "robot", "Nightly import", policy.Service, "reads")
	w.must(err)
	if made.Secret != "" {
		t.Error("a service account got a link")
	}
	for _, role := range policy.Roles {
		err := w.Grant(t.Context(), w.by("admin"), "robot", policy.Grant{Role: role}, "reads")
		if refused := err != nil; refused != (role.Signs() || role == policy.Administrator) {
			t.Errorf("role %s: %v", role, err)
		}
	}
}

func TestGXP027_NobodyChecksTheOwnIdentity(t *testing.T) {
	w := begin(t)
	w.refused(w.CheckIdentity(t.Context(), w.by("admin"), "admin", "passport"), "another person")
	w.refused(w.Review(t.Context(), w.by("admin"), "admin", "all fine"), "another person")
	w.refused(w.Train(t.Context(), w.by("admin"), "admin", policy.Trained{Procedure: policy.Procedure{SOP: "S", Revision: "1"}, Until: "2027-01-01"}, "seen"), "another person")
	w.must(w.CheckIdentity(t.Context(), w.by("admin"), "cleo", "passport"))
	if s := w.person("cleo"); !s.Preparation.Checked || s.Preparation.ReviewDue != "2027-03-04" {
		t.Errorf("%+v", s.Preparation)
	}
}

func TestGXP035_AccessIsReviewedEveryYear(t *testing.T) {
	w := begin(t)
	w.must(w.CheckIdentity(t.Context(), w.by("admin"), "cleo", "passport"))
	w.clock.Move(366 * 24 * time.Hour)
	if s := w.person("cleo"); !s.Preparation.Overdue {
		t.Errorf("a year later: %+v", s.Preparation)
	}
	w.must(w.Review(t.Context(), w.by("boris"), "cleo", "roles still right"))
	if s := w.person("cleo"); s.Preparation.Overdue || s.Preparation.ReviewDue != "2028-03-04" {
		t.Errorf("after the review: %+v", s.Preparation)
	}
}

func TestGXP020_AnotherTextIsNotAccepted(t *testing.T) {
	w := begin(t)
	w.refused(w.AcceptStatement(t.Context(), w.by("cleo"), "cleo", "digest of another text"), "read it again")
	w.must(w.AcceptStatement(t.Context(), w.by("cleo"), "cleo", person.Asked().StatementSHA256))
	if got := w.person("cleo").Preparation.Statement.Version; got != person.Asked().Statement {
		t.Errorf("accepted version %d", got)
	}
	next := person.Asked()
	next.Statement, next.StatementSHA256 = next.Statement+1, "digest of the next text"
	w.must(person.Announce(t.Context(), w.store, next))
	w.must(person.Announce(t.Context(), w.store, next)) // says nothing new
	if why := w.person("cleo").Unprepared(policy.SME); !slices.ContainsFunc(why, func(s string) bool {
		return s == "cleo has not accepted version 2 of the statement on electronic signatures"
	}) {
		t.Errorf("a new version does not ask again: %v", why)
	}
}
