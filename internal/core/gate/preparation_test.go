package gate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

var asked = policy.SigningRequired{
	Statement: 2, StatementSHA256: "digest of version 2", ReviewDays: 365,
	Trainings: []policy.Training{{Role: policy.SME, Procedure: policy.Procedure{SOP: "SOP-1", Revision: "3"}}},
}

// prepared is cleo, an SME, after events of the own stream, each by the actor.
func prepared(by string, payloads ...ledger.Payload) policy.Subject {
	s := subject("cleo", policy.SME)
	s.Asked = asked
	for _, p := range payloads {
		s = policy.ApplyPerson(s, ledger.Event{Header: ledger.Header{Actor: ledger.Actor{Kind: ledger.Person, ID: by}}, Data: p})
	}
	return s
}

func all(without ...ledger.Payload) []ledger.Payload {
	list := []ledger.Payload{
		&policy.IdentityChecked{Person: "cleo", ReviewDue: "2027-03-01"},
		&policy.StatementAccepted{Person: "cleo", Version: 2, SHA256: "digest of version 2"},
		&policy.Trained{Person: "cleo", Procedure: policy.Procedure{SOP: "SOP-1", Revision: "3"}, Until: "2027-01-31"},
	}
	for _, w := range without {
		name, _ := w.EventType()
		list = slices.DeleteFunc(list, func(p ledger.Payload) bool { have, _ := p.EventType(); return have == name })
	}
	return list
}

func TestPreconditionsOfSigning(t *testing.T) {
	more := func(list []ledger.Payload, p ...ledger.Payload) []ledger.Payload { return append(list, p...) }
	service := prepared("quinn", all()...)
	service.Kind = policy.Service
	const now = "2027-01-31T23:59:59.999999Z"
	for name, c := range map[string]struct {
		person policy.Subject
		at     string
		want   string // part of a reason, "" for none
	}{
		"TestGXP019 on the last day of the training":      {prepared("quinn", all()...), now, ""},
		"TestGXP019 a day after the training":             {prepared("quinn", all()...), "2027-02-01T00:00:00.000000Z", "no valid training in SOP-1 revision 3"},
		"TestGXP019 never trained":                        {prepared("quinn", all(&policy.Trained{})...), now, "no valid training"},
		"TestGXP019 trained in another revision":          {prepared("quinn", more(all(&policy.Trained{}), &policy.Trained{Procedure: policy.Procedure{SOP: "SOP-1", Revision: "2"}, Until: "2099-12-31"})...), now, "no valid training"},
		"TestGXP019 trained again after it ran out":       {prepared("quinn", more(all(), &policy.Trained{Procedure: policy.Procedure{SOP: "SOP-1", Revision: "3"}, Until: "2028-01-31"})...), "2027-02-01T00:00:00.000000Z", ""},
		"TestGXP020 the statement was never accepted":     {prepared("quinn", all(&policy.StatementAccepted{})...), now, "has not accepted version 2"},
		"TestGXP020 an earlier version was accepted":      {prepared("quinn", more(all(), &policy.StatementAccepted{Version: 1, SHA256: "digest of version 1"})...), now, "has not accepted version 2"},
		"TestGXP020 another text of that version":         {prepared("quinn", more(all(), &policy.StatementAccepted{Version: 2, SHA256: "another"})...), now, "has not accepted version 2"},
		"TestGXP027 nobody checked the identity":          {prepared("quinn", all(&policy.IdentityChecked{})...), now, "was not checked by another person"},
		"TestGXP027 the person checked the own identity":  {prepared("cleo", all()...), now, "was not checked by another person"},
		"TestGXP035 access is reviewed on the day":        {prepared("quinn", more(all(), &policy.Trained{Procedure: policy.Procedure{SOP: "SOP-1", Revision: "3"}, Until: "2099-12-31"})...), "2027-03-01T12:00:00.000000Z", ""},
		"TestGXP035 access was not reviewed in time":      {prepared("quinn", all()...), "2027-03-02T00:00:00.000000Z", "was to be reviewed by 2027-03-01"},
		"TestGXP035 access was reviewed by somebody else": {prepared("quinn", more(all(), &policy.AccessReviewed{Person: "cleo", ReviewDue: "2028-03-01"}, &policy.Trained{Procedure: policy.Procedure{SOP: "SOP-1", Revision: "3"}, Until: "2099-12-31"})...), "2027-03-02T00:00:00.000000Z", ""},
		"TestGXP067 a service account":                    {service, now, "is a service account"},
	} {
		t.Run(name, func(t *testing.T) {
			who := c.person.At(c.at)
			open := road(registered(), opened(gate.PreVal, "m1"))
			reasons := strings.Join(gate.MaySign(open, find(t, gate.PreVal), who, signature.SMEApproved, solution), "; ")
			if c.want == "" && reasons != "" || !strings.Contains(reasons, c.want) {
				t.Errorf("at signing: got %q, want %q", reasons, c.want)
			}
			signed := road(registered(), opened(gate.PreVal, "m1"), made("s1", "cleo", gate.PreVal, "m1", signature.SMEApproved, policy.SME))
			effective := gate.Effective(signed, gate.PreVal, solution, func(string) policy.Subject { return who })
			if (len(effective) == 1) != (c.want == "") {
				t.Errorf("when the gate is evaluated: %d signatures count, the reason was %q", len(effective), c.want)
			}
		})
	}
}

func TestPreconditionsAreThoseOfTheGxPProfile(t *testing.T) {
	r := registered()
	r.Profile = string(policy.NonGxP)
	who := prepared("quinn")
	who.Grants = []policy.Grant{{Role: policy.ReleaseManager, Solution: solution}}
	d, _ := gate.Find(policy.NonGxP, release.Normal, gate.ApproveToPrd)
	if reasons := gate.MaySign(road(r, opened(gate.ApproveToPrd, "m1")), d, who, signature.AuthorisedToPRD, solution); len(reasons) > 0 {
		t.Errorf("in the other profile: %v", reasons)
	}
	who.Kind = policy.Service
	if reasons := gate.MaySign(road(r, opened(gate.ApproveToPrd, "m1")), d, who, signature.AuthorisedToPRD, solution); len(reasons) != 1 {
		t.Errorf("a service account in the other profile: %v", reasons)
	}
}

func TestWhatWasDecidedBeforeAnythingWasAskedStands(t *testing.T) {
	who := subject("cleo", policy.SME)
	if reasons := who.Unprepared(policy.SME); len(reasons) > 0 {
		t.Errorf("got %v", reasons)
	}
}
