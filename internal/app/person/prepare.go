package person

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Asked is what this program asks of everybody before a signature.
func Asked() policy.SigningRequired {
	last := policy.Statements[len(policy.Statements)-1]
	return policy.SigningRequired{
		Statement: last.Version, StatementSHA256: canonical.SHA256([]byte(last.Text)),
		Trainings: policy.Trainings, ReviewDays: policy.ReviewDays,
	}
}

// Announce records what is asked of everybody, where the ledger says something
// else.
func Announce(ctx context.Context, log ledger.Log, asked policy.SigningRequired) error {
	_, err := ledger.Decide(ctx, log, func() (ledger.Batch, error) {
		events, err := log.Stream(ctx, policy.Signing, 0)
		if err != nil {
			return ledger.Batch{}, err
		}
		var now policy.SigningRequired
		for _, e := range events {
			now = policy.ApplySigning(now, e)
		}
		if reflect.DeepEqual(now, asked) {
			return ledger.Batch{}, nil
		}
		version := int64(len(events))
		return ledger.Batch{
			Command: fmt.Sprintf("signing/%d", version+1), Actor: ledger.Actor{Kind: ledger.Machine, ID: "installation", Authentication: "internal"},
			Reads:  []ledger.Read{{Stream: policy.Signing, Version: version}},
			Events: []ledger.Draft{{Stream: policy.Signing, Data: &asked}},
		}, nil
	})
	return err
}

// CheckIdentity records that somebody else saw who the person is; the reason
// says how.
func (p *People) CheckIdentity(ctx context.Context, by ledger.Actor, login, reason string) error {
	return p.change(ctx, by, login, reason, func(s policy.Subject) (ledger.Payload, error) {
		if s.ID == by.ID {
			return nil, fault.New(fault.Forbidden, "%s cannot check who %s is: another person does", login, login)
		}
		return &policy.IdentityChecked{Person: s.ID, ReviewDue: p.dueFrom(s)}, nil
	})
}

// Review records that the access of a person was looked through by somebody
// else.
func (p *People) Review(ctx context.Context, by ledger.Actor, login, reason string) error {
	return p.change(ctx, by, login, reason, func(s policy.Subject) (ledger.Payload, error) {
		if s.ID == by.ID {
			return nil, fault.New(fault.Forbidden, "%s cannot review the own access: another person does", login)
		}
		return &policy.AccessReviewed{Person: s.ID, ReviewDue: p.dueFrom(s)}, nil
	})
}

// dueFrom is the day by which access is to be reviewed again.
func (p *People) dueFrom(s policy.Subject) string {
	return p.Now().UTC().AddDate(0, 0, int(s.Asked.ReviewDays)).Format(time.DateOnly)
}

// Train records a training that somebody else confirms.
func (p *People) Train(ctx context.Context, by ledger.Actor, login string, t policy.Trained, reason string) error {
	if t.SOP == "" || t.Revision == "" {
		return fault.New(fault.Invalid, "a training names a procedure and its revision").WithHint("add --sop ID --revision R")
	}
	if _, err := time.Parse(time.DateOnly, t.Until); err != nil {
		return fault.New(fault.Invalid, "training until %q: want a date like 2027-01-31", t.Until).WithHint("add --until DATE")
	}
	return p.change(ctx, by, login, reason, func(s policy.Subject) (ledger.Payload, error) {
		if s.ID == by.ID {
			return nil, fault.New(fault.Forbidden, "%s cannot confirm the own training: another person does", login)
		}
		t.Person = s.ID
		return &t, nil
	})
}

// AcceptStatement records that a person, who has proved to be present, accepts
// the present statement. The digest is of the text that was shown; "" takes the
// present one.
func (p *People) AcceptStatement(ctx context.Context, by ledger.Actor, login, digest string) error {
	return p.change(ctx, by, login, "accepts the statement on electronic signatures", func(s policy.Subject) (ledger.Payload, error) {
		if digest != "" && digest != s.Asked.StatementSHA256 {
			return nil, fault.New(fault.Forbidden, "the statement was replaced: read it again")
		}
		return &policy.StatementAccepted{Person: s.ID, Version: s.Asked.Statement, SHA256: s.Asked.StatementSHA256}, nil
	})
}
