// Package access lets people into sessions and programs in by tokens. Neither
// ever signs: a signature proves presence anew, in app/sign.
package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Store keeps tokens and finds people.
type Store interface {
	PersonByLogin(ctx context.Context, login string) (id string, err error)
	PersonByIdentity(ctx context.Context, digest string) (person string, err error)
	KeepToken(ctx context.Context, t Token, sha256 string) error
	TokenBySecret(ctx context.Context, sha256 string) (t Token, ok bool, err error)
	Tokens(ctx context.Context) ([]Token, error)
	DropToken(ctx context.Context, token string) (ok bool, err error)
}

// Access lets in.
type Access struct {
	Log       ledger.Log
	State     *state.Reader
	Store     Store
	Prover    sign.Prover // password and one-time code
	Provider  Provider    // nil where nobody is known elsewhere
	Delays    *Delays
	Now       func() time.Time
	NewID     func() string
	NewSecret func() (string, error)
	// Slots bounds how many passwords are verified at once; more are told to wait.
	Slots chan struct{}
	// Nobody takes as long as a wrong password of somebody.
	Nobody func(ctx context.Context, password string)
}

// Attempt is a sign-in with password and code.
type Attempt struct {
	Login       string
	Credentials sign.Credentials
	Source      string // address
}

var errWrong = fault.New(fault.Forbidden, "login, password or code is wrong, or the code was used before")

// SignIn finds who signs in. Every refusal says the same, so that nobody learns
// which logins exist.
func (a *Access) SignIn(ctx context.Context, try Attempt) (policy.Subject, error) {
	if wait := a.Delays.Wait(try.Login, try.Source); wait > 0 {
		return policy.Subject{}, fault.New(fault.Forbidden, "too many attempts: wait %d seconds", int(wait.Seconds())+1)
	}
	select {
	case a.Slots <- struct{}{}:
		defer func() { <-a.Slots }()
	default:
		return policy.Subject{}, fault.New(fault.Forbidden, "too many people sign in at this moment: try again")
	}
	id, err := a.Store.PersonByLogin(ctx, try.Login)
	if err != nil {
		return policy.Subject{}, err
	}
	if id == "" {
		a.Nobody(ctx, try.Credentials.Password)
		return policy.Subject{}, a.failed(ctx, try, "unknown person")
	}
	who, err := a.State.Person(ctx, id)
	if err != nil {
		return policy.Subject{}, err
	}
	_, err = a.Prover.Prove(ctx, who, sign.Pending{Method: policy.PasswordTOTP}, sign.Proof{Credentials: try.Credentials})
	if failure := (*sign.Failed)(nil); errors.As(err, &failure) {
		return policy.Subject{}, a.failed(ctx, try, failure.Why)
	}
	if err != nil {
		return policy.Subject{}, err
	}
	if err := MayEnter(who); err != nil {
		return policy.Subject{}, a.failed(ctx, try, err.Error())
	}
	a.Delays.Passed(try.Login, try.Source)
	return who, a.Began(ctx, who, policy.PasswordTOTP)
}

// MayEnter says why a person must not be let in, however known.
func MayEnter(who policy.Subject) error {
	switch {
	case who.ID == "":
		return errors.New("no such person")
	case who.Disabled:
		return fmt.Errorf("%s is disabled", who.Login)
	case who.Kind == policy.Service:
		return fmt.Errorf("%s is a service account", who.Login)
	}
	return nil
}

// Began records a session.
func (a *Access) Began(ctx context.Context, who policy.Subject, method string) error {
	return a.record(ctx, ledger.Actor{Kind: ledger.Person, ID: who.ID, Authentication: method}, "signed in", &policy.SessionStarted{Person: who.ID, Method: method})
}

// Ended records that a person signed out.
func (a *Access) Ended(ctx context.Context, person string) error {
	return a.record(ctx, ledger.Actor{Kind: ledger.Person, ID: person, Authentication: "session"}, "signed out", &policy.SessionEnded{Person: person})
}

// failed makes the next attempt wait, and records one refusal per login and
// minute.
func (a *Access) failed(ctx context.Context, try Attempt, why string) error {
	a.Delays.Failed(try.Login, try.Source)
	_, err := a.Log.Append(ctx, ledger.Batch{
		Command: fmt.Sprintf("signin-failed/%s/%d", fold(try.Login), a.Now().Unix()/60),
		Actor:   ledger.Actor{Kind: ledger.Machine, ID: "web", Authentication: "internal"},
		Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.Refused{
			Operation: "session.start", Kind: string(fault.Forbidden), Message: fold(try.Login) + ": " + why,
		}}},
	})
	if err != nil {
		return err
	}
	return errWrong
}

// fold keeps what somebody typed from being anything but a login.
func fold(login string) string {
	if policy.CheckLogin(login) != nil {
		return "(no login)"
	}
	return login
}

func (a *Access) record(ctx context.Context, by ledger.Actor, reason string, data ledger.Payload) error {
	_, err := a.Log.Append(ctx, ledger.Batch{
		Command: "access/" + a.NewID(), Actor: by, Events: []ledger.Draft{{Stream: ledger.Installation, Reason: reason, Data: data}},
	})
	return err
}
