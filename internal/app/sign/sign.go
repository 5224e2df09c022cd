// Package sign is the signing ceremony: a person proves presence with two
// factors, sees what is signed, and declares a meaning. It is the only place
// that makes signature events.
package sign

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Lock of the signing right after failed ceremonies.
const (
	maxFailures   = 5
	failureWindow = 15 * 60 // seconds
)

// Method of this version: something known and something had.
const Method = "password+totp"

// Credentials are given once and never stored or logged.
type Credentials struct {
	Password string `json:"password"`
	Code     string `json:"code"`
}

// Vault checks factors against what the store keeps.
type Vault interface {
	Credential(ctx context.Context, id string) (person.Credential, bool, error)
	UseStep(ctx context.Context, id string, step int64) error
	Fail(ctx context.Context, id string, window int64) (count int, err error)
	Failures(ctx context.Context, id string, window int64) (count int, err error)
}

// Factors verifies a password and finds the step of a code.
type Factors interface {
	Verify(ctx context.Context, password, hash string) (bool, error)
	Match(seed, code string, at time.Time) (step int64, ok bool, err error)
}

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

// Signer runs ceremonies.
type Signer struct {
	Log       Ledger
	State     *state.Reader
	Blobs     Blobs
	Vault     Vault
	Factors   Factors
	Solutions Solutions
	Key       ed25519.PrivateKey // attest
	KeyID     string
	Now       func() time.Time
	NewID     func() string
	Results   ResultReader
	// Exceptions gives what a reviewer of the audit trail signs.
	Exceptions Exceptions
	Clock      Clock
}

// Request asks for one signature at a gate.
type Request struct {
	Solution    string            `json:"solution"`
	Version     string            `json:"version"`
	Subject     ledger.Stream     `json:"subject"` // "" takes the release's; a rollback names its environment's
	Gate        string            `json:"gate"`
	As          string            `json:"as"` // login
	Meaning     signature.Meaning `json:"meaning"`
	Reason      string            `json:"reason"`
	Manifest    string            `json:"manifest"` // seen by the person; "" takes the open one
	Credentials Credentials       `json:"credentials"`
}

// Signed answers what was recorded.
type Signed struct {
	Signature string `json:"signature"`
	Manifest  string `json:"manifest"`
	Role      string `json:"role"`
	Time      string `json:"time"`
}

// signer is who signs, after the factors were verified.
type signer struct {
	subject policy.Subject
	name    string
	auth    signature.Authentication
}

func (s signer) actor(role policy.Role) ledger.Actor {
	return ledger.Actor{Kind: ledger.Person, ID: s.subject.ID, Role: string(role), Authentication: Method}
}

// Sign approves a gate. Every refusal of an authenticated person is recorded
// with all its reasons.
func (s *Signer) Sign(ctx context.Context, r Request) (Signed, error) {
	who, err := s.authenticate(ctx, r.As, r.Credentials, r.stream())
	if err != nil {
		return Signed{}, err
	}
	return s.decide(ctx, who, r, "approve", func(st gate.Standing, def gate.Definition) []string {
		return gate.MaySign(st, def, who.subject, r.Meaning, r.Solution)
	}, nil)
}

// Reject ends the gate and burns the version.
func (s *Signer) Reject(ctx context.Context, r Request) (Signed, error) {
	r.Meaning = signature.RejectedMeaning
	if strings.TrimSpace(r.Reason) == "" {
		return Signed{}, fault.New(fault.Invalid, "a rejection needs a reason").WithHint("add --reason TEXT")
	}
	who, err := s.authenticate(ctx, r.As, r.Credentials, r.stream())
	if err != nil {
		return Signed{}, err
	}
	return s.decide(ctx, who, r, "reject", func(st gate.Standing, def gate.Definition) []string {
		return gate.MaySign(st, def, who.subject, r.Meaning, r.Solution)
	}, func(id string, o *gate.Opened) []ledger.Payload {
		return []ledger.Payload{&gate.Rejected{Gate: r.Gate, Manifest: o.Manifest, Signature: id}, &release.Rejected{Gate: r.Gate, Signature: id}}
	})
}

// Withdraw takes back the person's own signature while the gate is open.
func (s *Signer) Withdraw(ctx context.Context, r Request) (Signed, error) {
	r.Meaning = signature.WithdrawnMeaning
	who, err := s.authenticate(ctx, r.As, r.Credentials, r.stream())
	if err != nil {
		return Signed{}, err
	}
	var own string
	return s.decide(ctx, who, r, "withdraw", func(st gate.Standing, def gate.Definition) []string {
		g := st.Gate(def.Name)
		if g.Phase != gate.PhaseOpen {
			return []string{fmt.Sprintf("gate %s is %s", def.Name, g.Phase)}
		}
		own = ""
		for _, sig := range g.Signatures {
			if sig.Person == who.subject.ID && !sig.Withdrawn && sig.Manifest == g.Opened.Manifest {
				own = sig.Signature
			}
		}
		if own == "" {
			return []string{fmt.Sprintf("%s has no signature at gate %s", r.As, def.Name)}
		}
		return nil
	}, func(id string, _ *gate.Opened) []ledger.Payload {
		return []ledger.Payload{&signature.Withdrawn{Signature: own, By: id}}
	})
}

func (r Request) stream() ledger.Stream {
	if r.Subject != "" {
		return r.Subject
	}
	return ledger.ReleaseStream(r.Solution, r.Version)
}

// drafts are events in the subject's stream, with the person's reason.
func (r Request) drafts(decision string, payloads ...ledger.Payload) []ledger.Draft {
	reason := r.Reason
	if reason == "" {
		reason = decision + " " + r.Gate
	}
	var out []ledger.Draft
	for _, p := range payloads {
		out = append(out, ledger.Draft{Stream: r.stream(), Data: p, Reason: reason})
	}
	return out
}

// decide checks the rules on the present state and appends the signature bound
// to that state; when it changed meanwhile, the rules are asked again.
func (s *Signer) decide(ctx context.Context, who signer, r Request, decision string, rules func(gate.Standing, gate.Definition) []string, more func(id string, o *gate.Opened) []ledger.Payload) (Signed, error) {
	solution, err := s.Solutions.Solution(ctx, r.Solution)
	if err != nil {
		return Signed{}, err
	}
	def, ok := gate.Find(solution.Profile, r.Gate)
	if !ok {
		return Signed{}, s.refuse(ctx, who, r.stream(), "gate."+decision, []string{fmt.Sprintf("gate %q asks for no signatures in profile %s", r.Gate, solution.Profile)})
	}
	ceremony := s.NewID()
	var out Signed
	var refused []string
	_, err = ledger.Decide(ctx, s.Log, func() (ledger.Batch, error) {
		subject, err := s.State.Person(ctx, who.subject.ID)
		if err != nil {
			return ledger.Batch{}, err
		}
		who.subject = subject
		st, err := s.State.Standing(ctx, r.stream())
		if err != nil {
			return ledger.Batch{}, err
		}
		refused = rules(st, def)
		opened := st.Gate(r.Gate).Opened
		if opened != nil && r.Manifest != "" && r.Manifest != opened.Manifest {
			refused = append(refused, fmt.Sprintf("manifest %.12s was replaced by %.12s: look again", r.Manifest, opened.Manifest))
		}
		if len(refused) > 0 || opened == nil {
			return ledger.Batch{}, nil
		}
		made, at, err := s.make(ctx, who, r, ceremony, decision, opened, solution)
		if err != nil {
			return ledger.Batch{}, err
		}
		out = Signed{Signature: made.Signature, Manifest: opened.Manifest, Role: string(made.Role), Time: at}
		reads := []ledger.Read{{Stream: r.stream(), Version: st.Version}, {Stream: ledger.PersonStream(subject.ID), Version: subject.Version}}
		b := ledger.Batch{Command: "sign/" + ceremony, Actor: who.actor(made.Role), Correlation: string(r.stream()), Policy: solution.Digest, Reads: reads}
		b.Events = r.drafts(decision, made)
		if more != nil {
			b.Events = append(b.Events, r.drafts(decision, more(made.Signature, opened)...)...)
		}
		return b, nil
	})
	if err != nil {
		return Signed{}, err
	}
	if len(refused) > 0 {
		return Signed{}, s.refuse(ctx, who, r.stream(), "gate."+decision, refused)
	}
	if out.Signature == "" {
		return Signed{}, s.refuse(ctx, who, r.stream(), "gate."+decision, []string{fmt.Sprintf("gate %s is not open", r.Gate)})
	}
	return out, nil
}

// make writes payload and envelope and gives the event.
func (s *Signer) make(ctx context.Context, who signer, r Request, ceremony, decision string, opened *gate.Opened, solution policy.Solution) (*signature.Made, string, error) {
	kind := "release"
	if r.Subject != "" {
		kind = "rollback"
	}
	seen := opened.Manifest
	for _, d := range opened.Documents {
		if d.Kind == "change-record" {
			seen = d.Files["html"]
		}
	}
	return s.seal(ctx, who, ceremony, decision, r.Reason, r.Meaning, solution, signature.Subject{
		Type: kind, ID: string(r.stream()), Solution: r.Solution, Version: r.Version, Stage: r.Gate, Manifest: opened.Manifest,
	}, seen)
}

// seal builds the payload of any ceremony, stores it with its envelope, and
// gives the event that records it.
func (s *Signer) seal(ctx context.Context, who signer, ceremony, decision, reason string, m signature.Meaning, solution policy.Solution, subject signature.Subject, seen string) (*signature.Made, string, error) {
	def, ok := signature.Find(m)
	if !ok {
		return nil, "", fault.New(fault.Invalid, "meaning %q is not in the list", m)
	}
	head, err := s.Log.Head(ctx)
	if err != nil {
		return nil, "", err
	}
	role := gate.RoleFor(who.subject, m, solution.Solution)
	payload := signature.Payload{
		Schema: signature.Schema, ID: s.NewID(), Ceremony: ceremony, Subject: subject,
		Meaning: signature.MeaningText{Code: m, Text: def.Text}, Decision: decision, Reason: reason,
		Signer:   signature.Signer{Person: who.subject.ID, PrintedName: who.name, Login: who.subject.Login},
		Capacity: signature.Capacity{Role: role}, Policy: solution.Digest, Time: ledger.FormatTime(s.Now()), Method: Method, Rendering: seen,
		Log: signature.LedgerPosition{Size: head.Size, Root: base64.StdEncoding.EncodeToString(head.Root[:])},
	}
	raw, err := canonical.Marshal(payload)
	if err != nil {
		return nil, "", err
	}
	envelope, err := signature.Seal(signature.PayloadType, s.KeyID, s.Key, signature.Statement{PayloadSHA256: canonical.SHA256(raw), Auth: who.auth})
	if err != nil {
		return nil, "", err
	}
	made := &signature.Made{
		Signature: payload.ID, Gate: subject.Stage, Manifest: subject.Manifest, Meaning: m, Decision: decision,
		Role: role, Person: who.subject.ID, Method: Method,
	}
	if subject.Type == "evidence" {
		made.Gate = "" // a review has no stage
	}
	if made.Payload, err = s.Blobs.PutBytes(ctx, raw); err != nil {
		return nil, "", err
	}
	made.Envelope, err = s.Blobs.PutBytes(ctx, envelope)
	return made, payload.Time, err
}

// authenticate verifies both factors. A code is used once; five failures in
// fifteen minutes lock the signing right of that person only.
func (s *Signer) authenticate(ctx context.Context, login string, c Credentials, about ledger.Stream) (signer, error) {
	if err := s.onTime(ctx, login, about); err != nil {
		return signer{}, err
	}
	id, err := s.Log.PersonByLogin(ctx, login)
	if err != nil {
		return signer{}, err
	}
	if id == "" {
		return signer{}, s.fail(ctx, "", login, about, "unknown person")
	}
	subject, err := s.State.Person(ctx, id)
	if err != nil {
		return signer{}, err
	}
	if n, err := s.Vault.Failures(ctx, id, failureWindow); err != nil {
		return signer{}, err
	} else if n >= maxFailures {
		return signer{}, s.failed(ctx, login, about, fmt.Sprintf("signing is locked after %d failed ceremonies in 15 minutes", n))
	}
	cred, ok, err := s.Vault.Credential(ctx, id)
	if err != nil {
		return signer{}, err
	}
	if !ok {
		return signer{}, s.fail(ctx, id, login, about, "no enrolled factors")
	}
	if good, err := s.Factors.Verify(ctx, c.Password, cred.Password); err != nil {
		return signer{}, err
	} else if !good {
		return signer{}, s.fail(ctx, id, login, about, "wrong password")
	}
	now := s.Now()
	step, good, err := s.Factors.Match(cred.Seed, c.Code, now)
	if err != nil {
		return signer{}, err
	}
	if !good {
		return signer{}, s.fail(ctx, id, login, about, "wrong or expired code")
	}
	if err := s.Vault.UseStep(ctx, id, step); errors.Is(err, ledger.ErrConflict) {
		return signer{}, s.fail(ctx, id, login, about, "the code was used before: wait for the next one")
	} else if err != nil {
		return signer{}, err
	}
	name, err := s.PrintedName(ctx, id)
	if err != nil {
		return signer{}, err
	}
	return signer{subject: subject, name: name, auth: signature.Authentication{
		Methods: []string{"password", "totp"}, AuthTime: ledger.FormatTime(now), Kind: "server-attested",
	}}, nil
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

func (s *Signer) fail(ctx context.Context, id, login string, about ledger.Stream, why string) error {
	if id != "" {
		if _, err := s.Vault.Fail(ctx, id, failureWindow); err != nil {
			return err
		}
	}
	return s.failed(ctx, login, about, why)
}

// failed records a failed authentication; the answer says which factor, because
// the caller has the owner's socket or a person's browser already.
func (s *Signer) failed(ctx context.Context, login string, about ledger.Stream, why string) error {
	actor := ledger.Actor{Kind: ledger.Machine, ID: "sign", Authentication: "internal"}
	if err := s.record(ctx, actor, about, "sign.authenticate", string(fault.Forbidden), login+": "+why, ""); err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "%s: %s", login, why)
}

func (s *Signer) refuse(ctx context.Context, who signer, about ledger.Stream, operation string, reasons []string) error {
	message := strings.Join(slices.Compact(reasons), "; ")
	if err := s.record(ctx, who.actor(""), about, operation, string(fault.Forbidden), message, "refused: "+message); err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "%s", message)
}

func (s *Signer) record(ctx context.Context, actor ledger.Actor, about ledger.Stream, operation, kind, message, reason string) error {
	_, err := s.Log.Append(ctx, ledger.Batch{
		Command: "refused/" + s.NewID(), Actor: actor,
		Events: []ledger.Draft{{Stream: ledger.Installation, Reason: reason, Data: &ledger.Refused{
			Operation: operation, Subject: string(about), Kind: kind, Message: message,
		}}},
	})
	return err
}
