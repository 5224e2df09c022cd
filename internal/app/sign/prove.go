package sign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Lock of the signing right after failed ceremonies.
const (
	maxFailures   = 5
	failureWindow = 15 * 60 // seconds
)

// Password is the method with something known and something had.
const Password = "password+totp"

// Proof is what a person answers a ceremony with: the member of the method that
// the ceremony asked for.
type Proof struct {
	Credentials
	// Response is what a browser or an identity provider gave, in the form of
	// the method.
	Response json.RawMessage `json:"response,omitempty"`
}

// Prover verifies that a person is present, now, for one payload.
type Prover interface {
	// Prove gives what was verified. A *Failed counts as a failed ceremony.
	Prove(ctx context.Context, who policy.Subject, p Pending, proof Proof) (signature.Authentication, error)
}

// Failed says which factor was not right.
type Failed struct {
	Why string
	// Lost is the id of a factor that can be trusted no more, "" for none.
	Lost string
}

// Error says why.
func (f *Failed) Error() string { return f.Why }

// Vault checks factors against what the store keeps.
type Vault interface {
	Credential(ctx context.Context, id string) (person.Credential, bool, error)
	UseStep(ctx context.Context, id string, step int64) error
	Fail(ctx context.Context, id string, window int64) (count int, err error)
}

// Factors verifies a password and finds the step of a code.
type Factors interface {
	Verify(ctx context.Context, password, hash string) (bool, error)
	Match(seed, code string, at time.Time) (step int64, ok bool, err error)
}

// PasswordProver verifies a password and a fresh one-time code; a code is used
// once.
type PasswordProver struct {
	Vault   Vault
	Factors Factors
	Now     func() time.Time
}

// Prove implements Prover.
func (v PasswordProver) Prove(ctx context.Context, who policy.Subject, _ Pending, proof Proof) (signature.Authentication, error) {
	var none signature.Authentication
	cred, ok, err := v.Vault.Credential(ctx, who.ID)
	if err != nil {
		return none, err
	}
	if !ok {
		return none, &Failed{Why: "no enrolled factors"}
	}
	if good, err := v.Factors.Verify(ctx, proof.Password, cred.Password); err != nil {
		return none, err
	} else if !good {
		return none, &Failed{Why: "wrong password"}
	}
	now := v.Now()
	step, good, err := v.Factors.Match(cred.Seed, proof.Code, now)
	if err != nil {
		return none, err
	}
	if !good {
		return none, &Failed{Why: "wrong or expired code"}
	}
	if err := v.Vault.UseStep(ctx, who.ID, step); errors.Is(err, ledger.ErrConflict) {
		return none, &Failed{Why: "the code was used before: wait for the next one"}
	} else if err != nil {
		return none, err
	}
	return signature.Authentication{Methods: []string{"password", "totp"}, AuthTime: ledger.FormatTime(now), Kind: signature.ServerAttested}, nil
}

// lock takes the right to sign until another person gives it back.
func (s *Signer) lock(ctx context.Context, who policy.Subject, failures int) error {
	_, err := s.Log.Append(ctx, ledger.Batch{
		Command: "lock/" + s.NewID(), Actor: ledger.Actor{Kind: ledger.Machine, ID: "sign", Authentication: "internal"},
		Events: []ledger.Draft{{Stream: ledger.PersonStream(who.ID), Data: &policy.SigningLocked{Person: who.ID, Failures: int64(failures)}}},
	})
	return err
}

// lose ends a factor that showed itself to be copied.
func (s *Signer) lose(ctx context.Context, who policy.Subject, factor string) error {
	_, err := s.Log.Append(ctx, ledger.Batch{
		Command: "lose/" + s.NewID(), Actor: ledger.Actor{Kind: ledger.Machine, ID: "sign", Authentication: "internal"},
		Events: []ledger.Draft{{Stream: ledger.PersonStream(who.ID), Data: &policy.FactorLost{Person: who.ID, Factor: factor}}},
	})
	return err
}

// prove verifies the person's presence with the ceremony's method. Five failures
// in fifteen minutes lock the signing right of that person only, until another
// person unlocks it.
func (s *Signer) prove(ctx context.Context, who policy.Subject, p Pending, proof Proof, act Act) (signature.Authentication, error) {
	var none signature.Authentication
	prover, ok := s.Provers[p.Method]
	if !ok {
		return none, fault.New(fault.Invalid, "this installation does not sign with %q", p.Method)
	}
	if err := s.onTime(ctx, who.Login, act.About); err != nil {
		return none, err
	}
	if who.Locked {
		return none, s.failed(ctx, who.Login, act.About, fmt.Sprintf("signing is locked after %d failed ceremonies in 15 minutes: another person unlocks it", maxFailures))
	}
	auth, err := prover.Prove(ctx, who, p, proof)
	if failure := (*Failed)(nil); errors.As(err, &failure) {
		if failure.Lost != "" {
			if err := s.lose(ctx, who, failure.Lost); err != nil {
				return none, err
			}
		}
		n, err := s.Vault.Fail(ctx, who.ID, failureWindow)
		if err != nil {
			return none, err
		}
		if n >= maxFailures {
			if err := s.lock(ctx, who, n); err != nil {
				return none, err
			}
		}
		return none, s.failed(ctx, who.Login, act.About, failure.Why)
	}
	return auth, err
}

// person finds who wants to sign by login.
func (s *Signer) person(ctx context.Context, login string, act Act) (policy.Subject, error) {
	id, err := s.Log.PersonByLogin(ctx, login)
	if err != nil {
		return policy.Subject{}, err
	}
	if id == "" {
		return policy.Subject{}, s.failed(ctx, login, act.About, "unknown person")
	}
	return s.State.Person(ctx, id)
}

// PrintedName is the name of a person as it is printed; an erased one is its
// login.
func (s *Signer) PrintedName(ctx context.Context, id string) (string, error) {
	events, err := s.Log.Stream(ctx, ledger.PersonStream(id), 0)
	if err != nil {
		return "", err
	}
	for _, e := range events {
		added, ok := e.Data.(*policy.PersonAdded)
		if !ok {
			continue
		}
		body, ok, err := s.Log.Personal(ctx, e.Seq)
		if err != nil || !ok {
			return added.Login, err
		}
		var n policy.PrintedName
		if err := json.Unmarshal(body, &n); err != nil {
			return "", fmt.Errorf("printed name of %s: %w", added.Login, err)
		}
		return n.Name, nil
	}
	return "", fault.New(fault.NotFound, "person %q is not in the ledger", id)
}
