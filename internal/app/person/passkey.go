package person

import (
	"context"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Passkeys talks to authenticators.
type Passkeys interface {
	// Register gives options for a browser, and what Registered needs again.
	Register(ctx context.Context, who policy.Subject) (options, session []byte, err error)
	// Registered verifies the browser's answer and keeps the credential.
	Registered(ctx context.Context, who policy.Subject, session, response []byte) (policy.PasskeyEnrolled, error)
}

// enrolmentLife is how long an enrolment waits for the authenticator.
const enrolmentLife = 5 * time.Minute

// Enrolments are the passkeys that people are enrolling now. One that a restart
// loses begins again.
type Enrolments struct {
	mu   sync.Mutex
	open map[string]enrolling
}

type enrolling struct {
	person  string
	session []byte
	until   time.Time
}

// Passkey is an enrolment that has begun.
type Passkey struct {
	Ticket  string `json:"ticket"`
	Options []byte `json:"options"` // JSON for navigator.credentials.create
}

// BeginPasskey begins an enrolment for somebody who has proved to be present.
func (p *People) BeginPasskey(ctx context.Context, by ledger.Actor) (Passkey, error) {
	if p.Passkeys == nil {
		return Passkey{}, fault.New(fault.Invalid, "this process serves no pages, and passkeys are bound to one").WithHint("serve --listen ADDRESS --url URL")
	}
	who, err := p.State.Person(ctx, by.ID)
	if err != nil {
		return Passkey{}, err
	}
	options, session, err := p.Passkeys.Register(ctx, who)
	if err != nil {
		return Passkey{}, err
	}
	ticket, err := p.Ticket(by.ID, session)
	return Passkey{Ticket: ticket, Options: options}, err
}

// Ticket begins the enrolment of a factor for somebody who has proved to be
// present.
func (p *People) Ticket(person string, session []byte) (string, error) {
	ticket, err := p.NewSecret()
	if err != nil {
		return "", err
	}
	now := p.Now()
	p.Enrolments.mu.Lock()
	defer p.Enrolments.mu.Unlock()
	kept := map[string]enrolling{ticket: {person, session, now.Add(enrolmentLife)}}
	for t, e := range p.Enrolments.open {
		if now.Before(e.until) {
			kept[t] = e
		}
	}
	p.Enrolments.open = kept
	return ticket, nil
}

// TakeTicket ends an enrolment: it is used, whatever becomes of it.
func (p *People) TakeTicket(ticket string) (person string, session []byte, err error) {
	p.Enrolments.mu.Lock()
	defer p.Enrolments.mu.Unlock()
	e, ok := p.Enrolments.open[ticket]
	delete(p.Enrolments.open, ticket)
	if !ok || !p.Now().Before(e.until) {
		return "", nil, fault.New(fault.Forbidden, "the enrolment was ended, never begun, or waited too long: begin again")
	}
	return e.person, e.session, nil
}

// EnrolPasskey ends it; the ledger announces the public key.
func (p *People) EnrolPasskey(ctx context.Context, ticket string, response []byte) error {
	person, session, err := p.TakeTicket(ticket)
	if err != nil {
		return err
	}
	who, err := p.State.Person(ctx, person)
	if err != nil {
		return err
	}
	enrolled, err := p.Passkeys.Registered(ctx, who, session, response)
	if err != nil {
		return fault.New(fault.Forbidden, "%v", err)
	}
	by := ledger.Actor{Kind: ledger.Person, ID: person, Authentication: policy.PasswordTOTP}
	return p.changeOf(ctx, by, person, "enrols a passkey", func(s policy.Subject) (ledger.Payload, error) {
		if s.Disabled {
			return nil, fault.New(fault.Forbidden, "%s is disabled", s.Login)
		}
		return &enrolled, nil
	})
}
