// Package sign is the signing ceremony: a person sees what is signed, proves
// presence anew, and declares a meaning. It is the only place that makes
// signature events.
package sign

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"time"

	"github.com/dc-release/dc-release/internal/app/keys"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Ledger is the log with what a payload and a name are read from.
type Ledger interface {
	ledger.Log
	Head(ctx context.Context) (ledger.Head, error)
	Personal(ctx context.Context, seq int64) (body []byte, ok bool, err error)
	PersonByLogin(ctx context.Context, login string) (id string, err error)
}

// Blobs keeps payloads, envelopes and evidence.
type Blobs interface {
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
	Bytes(ctx context.Context, digest string) ([]byte, error)
}

// Solutions finds the policy of a solution.
type Solutions interface {
	Solution(ctx context.Context, key string) (policy.Solution, error)
}

// Pending is a ceremony that has begun: the bytes that are signed, for one
// person and one use.
type Pending struct {
	Ceremony  string // ULID
	Person    string
	Operation string
	Request   []byte // JSON of the operation, without factors
	Method    string
	Payload   []byte // canonical JSON
	Expires   time.Time
}

// Challenge is what a passkey signs: the SHA-256 of the payload.
func (p Pending) Challenge() string { return canonical.SHA256(p.Payload) }

// Began is when the person was shown the payload.
func (p Pending) Began() time.Time { return p.Expires.Add(-Patience) }

// Ceremonies keeps what has begun. Take gives a ceremony once.
type Ceremonies interface {
	KeepCeremony(ctx context.Context, p Pending) error
	TakeCeremony(ctx context.Context, id string) (Pending, bool, error)
}

// Patience is how long a ceremony waits for its proof.
const Patience = 5 * time.Minute

// Signer runs ceremonies.
type Signer struct {
	Log        Ledger
	State      *state.Reader
	Blobs      Blobs
	Vault      Vault
	Provers    map[string]Prover // by method
	Ceremonies Ceremonies
	Solutions  Solutions
	Keys       *keys.Holder // attest
	Now        func() time.Time
	NewID      func() string
	Results    ResultReader
	// Exceptions gives what a reviewer of the audit trail signs.
	Exceptions Exceptions
	Clock      Clock
}

// Ceremony is what a person is shown before the proof.
type Ceremony struct {
	ID        string `json:"ceremony"`
	Sheet     string `json:"sheet"`
	Payload   string `json:"payload"`   // the bytes that are signed
	Challenge string `json:"challenge"` // SHA-256 of them, hexadecimal
	Method    string `json:"method"`
	Expires   string `json:"expires"`
}

// Sign is a ceremony in one step, for people without a browser: the factors are
// verified before anything is said. Every refusal is recorded with all its
// reasons.
func (s *Signer) Sign(ctx context.Context, by By, act Act) (Signed, error) {
	who, err := s.person(ctx, by.As, act)
	if err != nil {
		return Signed{}, err
	}
	auth, err := s.prove(ctx, who, Pending{Method: Password}, Proof{Credentials: by.Credentials}, act)
	if err != nil {
		return Signed{}, err
	}
	pending, _, err := s.prepare(ctx, who, act, Password)
	if err != nil {
		return Signed{}, err
	}
	return s.conclude(ctx, who, auth, act, pending)
}

// Begin opens a ceremony for a person who is known by a session. The sheet has
// to be shown whole.
func (s *Signer) Begin(ctx context.Context, person, method string, request []byte, act Act) (Ceremony, error) {
	if _, ok := s.Provers[method]; !ok {
		return Ceremony{}, fault.New(fault.Invalid, "this installation does not sign with %q", method)
	}
	who, err := s.State.Person(ctx, person)
	if err != nil {
		return Ceremony{}, err
	}
	pending, sheet, err := s.prepare(ctx, who, act, method)
	if err != nil {
		return Ceremony{}, err
	}
	pending.Operation, pending.Request = act.Name, request
	if err := s.Ceremonies.KeepCeremony(ctx, pending); err != nil {
		return Ceremony{}, err
	}
	return Ceremony{
		ID: pending.Ceremony, Sheet: sheet, Payload: string(pending.Payload), Challenge: pending.Challenge(),
		Method: method, Expires: ledger.FormatTime(pending.Expires),
	}, nil
}

// Take gives a ceremony of the person, once: whatever becomes of the proof, it
// is used.
func (s *Signer) Take(ctx context.Context, person, ceremony string) (Pending, error) {
	p, ok, err := s.Ceremonies.TakeCeremony(ctx, ceremony)
	switch {
	case err != nil:
		return p, err
	case !ok || p.Person != person:
		return p, fault.New(fault.Forbidden, "ceremony %q was used or never began: begin again", ceremony)
	case s.Now().After(p.Expires):
		return p, fault.New(fault.Forbidden, "the ceremony waited longer than %v: begin again", Patience)
	}
	return p, nil
}

// Complete ends a ceremony that was taken with the person's proof.
func (s *Signer) Complete(ctx context.Context, p Pending, proof Proof, act Act) (Signed, error) {
	who, err := s.State.Person(ctx, p.Person)
	if err != nil {
		return Signed{}, err
	}
	auth, err := s.prove(ctx, who, p, proof, act)
	if err != nil {
		return Signed{}, err
	}
	return s.conclude(ctx, who, auth, act, p)
}

// prepare fixes the bytes that are signed and the sheet that is shown.
func (s *Signer) prepare(ctx context.Context, who policy.Subject, act Act, method string) (Pending, string, error) {
	now := s.Now()
	p, err := act.Propose(ctx, who.At(ledger.FormatTime(now)))
	if err != nil {
		return Pending{}, "", err
	}
	if len(p.Refused) > 0 {
		return Pending{}, "", s.refuse(ctx, who, method, act, p.Refused)
	}
	def, ok := signature.Find(p.Meaning)
	if !ok {
		return Pending{}, "", fault.New(fault.Invalid, "meaning %q is not in the list", p.Meaning)
	}
	head, err := s.Log.Head(ctx)
	if err != nil {
		return Pending{}, "", err
	}
	name, err := s.PrintedName(ctx, who.ID)
	if err != nil {
		return Pending{}, "", err
	}
	out := Pending{Ceremony: s.NewID(), Person: who.ID, Method: method, Expires: now.Add(Patience)}
	out.Payload, err = canonical.Marshal(signature.Payload{
		Schema: signature.Schema, ID: s.NewID(), Ceremony: out.Ceremony, Subject: p.Subject,
		Meaning: signature.MeaningText{Code: p.Meaning, Text: def.Text}, Decision: p.Decision, Reason: p.Reason,
		Signer:   signature.Signer{Person: who.ID, PrintedName: name, Login: who.Login},
		Capacity: p.Capacity, Policy: p.Solution.Digest, Time: ledger.FormatTime(now), Method: method, Rendering: canonical.SHA256([]byte(p.Sheet)),
		Log: signature.LedgerPosition{Size: head.Size, Root: base64.StdEncoding.EncodeToString(head.Root[:])},
	})
	return out, p.Sheet, err
}

// conclude appends the signature bound to the state that it was decided on. What
// the person saw must still be what there is.
func (s *Signer) conclude(ctx context.Context, who policy.Subject, auth signature.Authentication, act Act, pending Pending) (Signed, error) {
	var payload signature.Payload
	if err := canonical.Unmarshal(pending.Payload, &payload); err != nil {
		return Signed{}, err
	}
	var refused []string
	var made signature.Made
	err := s.Keys.With(releaselog.AttestKey, func(key ed25519.PrivateKey) (err error) {
		if made, err = s.keep(ctx, key, pending, payload, auth); err != nil {
			return err
		}
		refused, err = s.append(ctx, who, act, pending, payload, made)
		return err
	})
	if err != nil {
		return Signed{}, err
	}
	if len(refused) > 0 {
		return Signed{}, s.refuse(ctx, who, pending.Method, act, refused)
	}
	return Signed{Signature: made.Signature, Manifest: made.Manifest, Role: string(made.Role), Time: payload.Time}, nil
}

// append makes the signature an event, unless there are reasons against it.
func (s *Signer) append(ctx context.Context, who policy.Subject, act Act, pending Pending, payload signature.Payload, made signature.Made) (refused []string, err error) {
	_, err = ledger.Decide(ctx, s.Log, func() (ledger.Batch, error) {
		subject, err := s.State.Person(ctx, who.ID)
		if err != nil {
			return ledger.Batch{}, err
		}
		p, err := act.Propose(ctx, subject.At(ledger.FormatTime(s.Now())))
		if err != nil {
			return ledger.Batch{}, err
		}
		if refused = p.Refused; len(refused) == 0 {
			refused = p.changed(payload)
		}
		if len(refused) > 0 {
			return ledger.Batch{}, nil
		}
		b := ledger.Batch{
			Command: "sign/" + pending.Ceremony, Correlation: p.Correlation, Policy: p.Solution.Digest,
			Actor:  ledger.Actor{Kind: ledger.Person, ID: who.ID, Role: string(made.Role), Authentication: pending.Method},
			Reads:  append(p.Reads, ledger.Read{Stream: ledger.PersonStream(who.ID), Version: subject.Version}),
			Events: []ledger.Draft{{Stream: p.Stream, Data: &made}},
		}
		if p.Follows != nil {
			b.Events = append(b.Events, p.Follows(made)...)
		}
		for i := range b.Events {
			b.Events[i].Reason = p.Reason
			b.Events[i].OnBehalf = p.Capacity.For
		}
		return b, nil
	})
	return refused, err
}

// keep stores payload and envelope and gives the event that names them.
func (s *Signer) keep(ctx context.Context, key ed25519.PrivateKey, pending Pending, p signature.Payload, auth signature.Authentication) (signature.Made, error) {
	made := signature.Made{
		Signature: p.ID, Gate: p.Subject.Gate(), Manifest: p.Subject.Manifest, Meaning: p.Meaning.Code, Decision: p.Decision,
		Role: p.Capacity.Role, Person: p.Signer.Person, Method: p.Method,
	}
	envelope, err := signature.Seal(signature.PayloadType, s.Keys.ID(releaselog.AttestKey), key, signature.Statement{PayloadSHA256: pending.Challenge(), Auth: auth})
	if err != nil {
		return made, err
	}
	if made.Payload, err = s.Blobs.PutBytes(ctx, pending.Payload); err != nil {
		return made, err
	}
	made.Envelope, err = s.Blobs.PutBytes(ctx, envelope)
	return made, err
}

// changed names what is no longer as the payload says.
func (p Proposal) changed(signed signature.Payload) []string {
	var out []string
	if p.Subject != signed.Subject {
		out = append(out, "what was to be signed was replaced: look again")
	} else if canonical.SHA256([]byte(p.Sheet)) != signed.Rendering {
		out = append(out, "what was shown is no longer what there is: look again")
	}
	if p.Meaning != signed.Meaning.Code || p.Decision != signed.Decision || p.Reason != signed.Reason || p.Capacity != signed.Capacity {
		out = append(out, "meaning, decision, reason or role are not those of the ceremony: begin again")
	}
	return out
}
