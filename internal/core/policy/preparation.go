package policy

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Kind says whether an account is a human being's.
type Kind string

// The kinds. A service account may read, and signs nothing.
const (
	Human   Kind = "human"
	Service Kind = "service"
)

// IdentityChecked says that somebody else saw who the person is (21 CFR
// 11.100(b)). Access is to be reviewed by a date.
type IdentityChecked struct {
	Person    string `json:"person"`
	ReviewDue string `json:"review_due"` // date, UTC
}

// AccessReviewed says that roles and factors of the person were looked through
// (21 CFR 11.300(b)).
type AccessReviewed struct {
	Person    string `json:"person"`
	ReviewDue string `json:"review_due"` // date, UTC
}

// Trained says that the person was trained in a procedure, until a date that
// still counts.
type Trained struct {
	Person string `json:"person"`
	Procedure
	Until string `json:"until"` // date, UTC
}

// StatementAccepted says that the person accepted a version of the statement.
type StatementAccepted struct {
	Person  string `json:"person"`
	Version int64  `json:"version"`
	SHA256  string `json:"sha256"` // of the text
}

// EventType implements ledger.Payload.
func (IdentityChecked) EventType() (string, int) { return "person.identity_checked", 1 }

// EventType implements ledger.Payload.
func (AccessReviewed) EventType() (string, int) { return "person.access_reviewed", 1 }

// EventType implements ledger.Payload.
func (Trained) EventType() (string, int) { return "person.trained", 1 }

// EventType implements ledger.Payload.
func (StatementAccepted) EventType() (string, int) { return "person.statement_accepted", 1 }

// Preparation is what a person has brought along for signing.
type Preparation struct {
	Checked   bool // by another person
	Statement StatementAccepted
	Trained   []Trained
	ReviewDue string // date, "" for none
	Overdue   bool   // set by At
}

// apply copies an event of the person's stream.
func (p Preparation) apply(e ledger.Event) Preparation {
	switch d := e.Data.(type) {
	case *IdentityChecked:
		p.Checked, p.ReviewDue = e.Actor.ID != d.Person, d.ReviewDue
	case *AccessReviewed:
		if e.Actor.ID != d.Person {
			p.ReviewDue = d.ReviewDue
		}
	case *StatementAccepted:
		p.Statement = *d
	case *Trained:
		p.Trained = append(slices.DeleteFunc(slices.Clone(p.Trained), func(t Trained) bool { return t.Procedure == d.Procedure }), *d)
	}
	return p
}

// at drops what has expired at a time of the ledger's form.
func (p Preparation) at(time string) Preparation {
	if len(time) < len("2006-01-02") {
		return p
	}
	day := time[:len("2006-01-02")]
	p.Trained = slices.DeleteFunc(slices.Clone(p.Trained), func(t Trained) bool { return t.Until < day })
	p.Overdue = p.ReviewDue != "" && p.ReviewDue < day
	return p
}

// Unprepared names what the person lacks for a signature in a role, with what
// is asked of everybody.
func (s Subject) Unprepared(role Role) []string {
	asked, has := s.Asked, s.Preparation
	if asked.Statement == 0 {
		return nil // decided before anything was asked
	}
	var out []string
	if !has.Checked {
		out = append(out, fmt.Sprintf("the identity of %s was not checked by another person", s.Login))
	}
	if has.Statement.Version != asked.Statement || has.Statement.SHA256 != asked.StatementSHA256 {
		out = append(out, fmt.Sprintf("%s has not accepted version %d of the statement on electronic signatures", s.Login, asked.Statement))
	}
	for _, p := range asked.For(role) {
		if !slices.ContainsFunc(has.Trained, func(t Trained) bool { return t.Procedure == p }) {
			out = append(out, fmt.Sprintf("%s has no valid training in %s revision %s, which a %s needs", s.Login, p.SOP, p.Revision, role))
		}
	}
	if has.Overdue {
		out = append(out, fmt.Sprintf("the access of %s was to be reviewed by %s", s.Login, has.ReviewDue))
	}
	return out
}
