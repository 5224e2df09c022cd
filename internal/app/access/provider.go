package access

import (
	"context"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Flow is a visit to the identity provider that has begun; it stays in the
// session of the browser.
type Flow struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // PKCE
}

// Identity is somebody as the provider knows them.
type Identity struct {
	Issuer  string
	Subject string
	// Grants are the roles that the provider's claims stand for here.
	Grants []policy.Grant
}

// Provider is an OpenID Connect provider.
type Provider interface {
	Name() string
	// Start gives the address to visit. A nonce asks for a sign-in anew, bound to
	// it; "" makes one.
	Start(nonce string) (address string, f Flow, err error)
	// Identify exchanges what the visit brought.
	Identify(ctx context.Context, code string, f Flow) (Identity, error)
	// Digest is what the ledger knows an identity by.
	Digest(i Identity) string
}

// Enter signs somebody in whom the provider knows.
func (a *Access) Enter(ctx context.Context, code string, f Flow) (policy.Subject, error) {
	i, who, err := a.identify(ctx, code, f)
	if err != nil {
		return who, err
	}
	if err := MayEnter(who); err != nil {
		return policy.Subject{}, a.refuse(ctx, "session.start", "your identity at "+a.Provider.Name()+" is linked to nobody who may enter")
	}
	if err := a.claim(ctx, who, i); err != nil {
		return policy.Subject{}, err
	}
	return who, a.Began(ctx, who, policy.OIDC)
}

func (a *Access) identify(ctx context.Context, code string, f Flow) (Identity, policy.Subject, error) {
	if a.Provider == nil {
		return Identity{}, policy.Subject{}, fault.New(fault.NotFound, "no identity provider is configured")
	}
	i, err := a.Provider.Identify(ctx, code, f)
	if err != nil {
		return i, policy.Subject{}, a.refuse(ctx, "session.start", err.Error())
	}
	id, err := a.Store.PersonByIdentity(ctx, a.Provider.Digest(i))
	if err != nil {
		return i, policy.Subject{}, err
	}
	who, err := a.State.Person(ctx, id)
	if _, linked := who.Factor(i.Issuer); err == nil && !linked {
		who = policy.Subject{} // never linked, or reported lost
	}
	return i, who, err
}

// Link binds an identity to somebody who has proved to be present. An identity
// is one person's, for ever.
func (a *Access) Link(ctx context.Context, person, code string, f Flow) error {
	i, _, err := a.identify(ctx, code, f)
	if err != nil {
		return err
	}
	digest := a.Provider.Digest(i)
	owner, err := a.Store.PersonByIdentity(ctx, digest)
	if err != nil {
		return err
	}
	if owner != "" {
		return a.refuse(ctx, "identity.link", "this identity at "+a.Provider.Name()+" was linked before: one identity is one person's, for ever")
	}
	_, err = ledger.Decide(ctx, a.Log, func() (ledger.Batch, error) {
		who, err := a.State.Person(ctx, person)
		if err != nil {
			return ledger.Batch{}, err
		}
		stream := ledger.PersonStream(person)
		return ledger.Batch{
			Command: "link/" + a.NewID(), Actor: ledger.Actor{Kind: ledger.Person, ID: person, Authentication: policy.PasswordTOTP},
			Reads:  []ledger.Read{{Stream: stream, Version: who.Version}},
			Events: []ledger.Draft{{Stream: stream, Reason: "links an identity", Data: &policy.IdentityLinked{Person: person, Issuer: i.Issuer, Digest: digest}}},
		}, nil
	})
	return err
}

// claim makes the roles of the person those that the provider's claims stand
// for, as far as they came from claims before. Roles that conflict change
// nothing.
func (a *Access) claim(ctx context.Context, who policy.Subject, i Identity) error {
	held := who.Grants
	for _, g := range who.Claimed {
		held = slices.DeleteFunc(slices.Clone(held), func(h policy.Grant) bool { return h == g })
	}
	for n, g := range i.Grants {
		if why := policy.Conflict(append(slices.Clone(held), i.Grants[:n]...), g); why != "" {
			return a.record(ctx, ledger.Actor{Kind: ledger.Machine, ID: policy.ClaimActor, Authentication: "internal"}, "refused", &ledger.Refused{
				Operation: "role.grant", Subject: string(ledger.PersonStream(who.ID)), Kind: string(fault.Forbidden), Message: who.Login + ": claims of " + a.Provider.Name() + ": " + why,
			})
		}
	}
	_, err := ledger.Decide(ctx, a.Log, func() (ledger.Batch, error) {
		now, err := a.State.Person(ctx, who.ID)
		if err != nil {
			return ledger.Batch{}, err
		}
		stream := ledger.PersonStream(who.ID)
		b := ledger.Batch{
			Command: "claims/" + a.NewID(), Actor: ledger.Actor{Kind: ledger.Machine, ID: policy.ClaimActor, Authentication: i.Issuer},
			Reads: []ledger.Read{{Stream: stream, Version: now.Version}},
		}
		reason := "claims of " + strings.TrimPrefix(i.Issuer, "https://")
		for _, g := range now.Claimed {
			if !slices.Contains(i.Grants, g) {
				b.Events = append(b.Events, ledger.Draft{Stream: stream, Reason: reason, Data: &policy.RoleRevoked{Person: who.ID, Grant: g}})
			}
		}
		for _, g := range i.Grants {
			if !slices.Contains(now.Grants, g) {
				b.Events = append(b.Events, ledger.Draft{Stream: stream, Reason: reason, Data: &policy.RoleGranted{Person: who.ID, Grant: g}})
			}
		}
		return b, nil
	})
	return err
}

func (a *Access) refuse(ctx context.Context, operation, why string) error {
	err := a.record(ctx, ledger.Actor{Kind: ledger.Machine, ID: "web", Authentication: "internal"}, "refused", &ledger.Refused{
		Operation: operation, Kind: string(fault.Forbidden), Message: why,
	})
	if err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "%s", why)
}
