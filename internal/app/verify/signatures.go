package verify

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// signatures checks every signature of the folder, those that do not count
// too: payload and envelope are the bytes that the ledger names, and say what
// the event says.
func (f *folder) signatures() {
	for _, e := range f.own() {
		m, ok := e.Data.(*signature.Made)
		if !ok {
			continue
		}
		f.report.Counts.Signatures++
		payload, envelope := releaselog.SignaturePath(m.Signature), releaselog.AttestationPath(m.Signature)
		if f.here(payload, m.Payload, e.Seq, "signature") {
			if err := f.payload(f.files[payload], e, m); err != nil {
				f.report.add(f.at(payload), e.Seq, "signature", "%v", err)
			}
		}
		if m.Meaning == signature.AuditTrailReviewed {
			f.review(e, m)
		}
		if f.here(envelope, m.Envelope, e.Seq, "attestation") {
			if err := f.envelope(f.files[envelope], e, m); err != nil {
				f.report.add(f.at(envelope), e.Seq, "attestation", "%v", err)
			}
		}
	}
}

// review checks that the exception list is the one that was signed, and is of
// this release.
func (f *folder) review(e ledger.Event, m *signature.Made) {
	file := releaselog.ReviewPath(m.Signature)
	if !f.here(file, m.Manifest, e.Seq, "review") {
		return
	}
	var list document.ExceptionList
	if err := canonical.Unmarshal(f.files[file], &list); err != nil {
		f.add(file, "review", "%v", err)
		return
	}
	if list.Schema != document.ExceptionListSchema || list.Solution != f.index.Solution || list.Version != f.index.Version {
		f.add(file, "review", "is no exception list of %s %s", f.index.Solution, f.index.Version)
	}
	for _, x := range list.Exceptions {
		if x.Seq >= e.Seq {
			f.add(file, "review", "names event %d, signed was before event %d", x.Seq, e.Seq)
		}
	}
}

// here reports whether a file is here with the digest that the ledger names.
func (f *folder) here(file, digest string, seq int64, rule string) bool {
	data, ok := f.files[file]
	if !ok {
		f.report.add(f.at(file), seq, "missing", "the ledger names it and it is not here")
		return false
	}
	if got := canonical.SHA256(data); got != digest {
		f.report.add(f.at(file), seq, rule, "has SHA-256 %s, the ledger says %s", got, digest)
		return false
	}
	return true
}

// payload compares what was signed with what was recorded.
func (f *folder) payload(data []byte, e ledger.Event, m *signature.Made) error {
	var p signature.Payload
	if err := canonical.Unmarshal(data, &p); err != nil {
		return err
	}
	def, ok := signature.Find(m.Meaning)
	if !ok {
		return fmt.Errorf("meaning %q is not in the closed list", m.Meaning)
	}
	if !slices.Contains(def.Roles, m.Role) {
		return fmt.Errorf("role %q does not declare %s", m.Role, m.Meaning)
	}
	version := f.index.Version
	for _, x := range []struct{ what, got, want string }{
		{"schema", p.Schema, signature.Schema},
		{"signature id", p.ID, m.Signature},
		{"subject", p.Subject.ID, string(e.Stream)},
		{"solution", p.Subject.Solution, f.index.Solution},
		{"gate", p.Subject.Gate(), m.Gate},
		{"manifest", p.Subject.Manifest, m.Manifest},
		{"meaning", string(p.Meaning.Code), string(m.Meaning)},
		{"text of the meaning", p.Meaning.Text, def.Text},
		{"decision", p.Decision, m.Decision},
		{"signer", p.Signer.Person, m.Person},
		{"role", string(p.Capacity.Role), string(m.Role)},
		{"person signed for", p.Capacity.For, e.OnBehalf},
		{"method", p.Method, m.Method},
		{"policy", p.Policy, e.Policy},
		{"actor", e.Actor.ID, m.Person},
		{"kind of actor", e.Actor.Kind, ledger.Person},
	} {
		if x.got != x.want {
			return fmt.Errorf("%s is %q, want %q", x.what, x.got, x.want)
		}
	}
	if p.Subject.Version != version && p.Subject.Version != "" {
		return fmt.Errorf("version is %q, want %q", p.Subject.Version, version)
	}
	if p.Log.Size >= e.Seq {
		return fmt.Errorf("was signed at ledger size %d and recorded as event %d", p.Log.Size, e.Seq)
	}
	if person := f.person(m.Person, e.Seq); person.ID != m.Person || person.Login != p.Signer.Login {
		return fmt.Errorf("signer %s (%s) is not in the ledger", m.Person, p.Signer.Login)
	}
	return nil
}

// envelope verifies the machine's attestation over the payload.
func (f *folder) envelope(data []byte, e ledger.Event, m *signature.Made) error {
	var s signature.Statement
	if err := f.unseal(data, signature.PayloadType, e.Seq, &s); err != nil {
		return err
	}
	if s.PayloadSHA256 != m.Payload {
		return fmt.Errorf("attests payload %s, the ledger says %s", s.PayloadSHA256, m.Payload)
	}
	switch s.Auth.Kind {
	case signature.ServerAttested:
		if len(s.Auth.Methods) < 2 {
			return errors.New("attests fewer than two components")
		}
		return nil
	case signature.UserKey:
		return f.assertion(s.Auth.Assertion, e, m)
	}
	return fmt.Errorf("attests %q, want %s or %s", s.Auth.Kind, signature.ServerAttested, signature.UserKey)
}

// assertion verifies that a key which the ledger announced as the person's
// signed the payload.
func (f *folder) assertion(a *signature.Assertion, e ledger.Event, m *signature.Made) error {
	if a == nil {
		return errors.New("attests a person's own key and has no assertion")
	}
	factor, ok := f.person(m.Person, e.Seq).Factor(a.Credential)
	if !ok || factor.PublicKey != a.PublicKey || factor.RPID != a.RPID {
		return fmt.Errorf("passkey %s is not one that the ledger knows of %s", a.Credential, m.Person)
	}
	return a.Verify(m.Payload)
}

// person is somebody as the ledger knew them before a seq, with those whose
// roles they had by delegation.
func (f *folder) person(id string, before int64) policy.Subject {
	fold := func(id string) policy.Subject {
		var s policy.Subject
		for _, e := range f.history.streams[policy.Signing] {
			if e.Seq < before {
				s.Asked = policy.ApplySigning(s.Asked, e)
			}
		}
		for _, e := range f.history.streams[ledger.PersonStream(id)] {
			if e.Seq < before {
				s = policy.ApplyPerson(s, e)
			}
		}
		return s
	}
	s, _ := fold(id).Resolve(func(from string) (policy.Subject, error) { return fold(from), nil })
	return s
}
