// Package signed reads back what people signed and decided of a release, as it
// is printed: every face and every document asks here, so that all say the same.
package signed

import (
	"context"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Blobs reads payloads and envelopes.
type Blobs interface {
	Bytes(ctx context.Context, digest string) ([]byte, error)
}

// Reader reads what was signed.
type Reader struct {
	Blobs Blobs
	// Names gives the printed name of a person who did not sign: who delegated,
	// asked, commented or held. Signatures print the name that was signed.
	Names func(ctx context.Context, person string) (string, error)
}

// Signature is a signature as it was signed: name, sentence, reason and time are
// those of the payload. Whether it is effective is for the caller to say. It
// fails when payload, envelope and event are not of one signature.
func (r Reader) Signature(ctx context.Context, made signature.Made, seq int64) (document.Signature, error) {
	p, s, err := r.read(ctx, made)
	if err != nil {
		return document.Signature{}, fmt.Errorf("signature %s: %w", made.Signature, err)
	}
	out := document.Signature{
		ID: made.Signature, Signer: document.Person{ID: made.Person, Name: p.Signer.PrintedName, Login: p.Signer.Login}, Role: p.Capacity.Role.Title(),
		Meaning: string(p.Meaning.Code), MeaningText: p.Meaning.Text, Decision: p.Decision, Reason: p.Reason, At: p.Time,
		Method: methods(s.Auth.Methods), Binding: document.BindingServer, PayloadSHA256: made.Payload, Seq: seq,
	}
	if s.Auth.Kind == signature.UserKey {
		out.Binding = document.BindingUserKey
	}
	if p.Capacity.For != "" {
		if out.OnBehalfOf, err = r.Names(ctx, p.Capacity.For); err != nil {
			return out, fmt.Errorf("signature %s: printed name of person %q: %w", made.Signature, p.Capacity.For, err)
		}
	}
	return out, nil
}

func (r Reader) read(ctx context.Context, made signature.Made) (p signature.Payload, s signature.Statement, err error) {
	raw, err := r.Blobs.Bytes(ctx, made.Payload)
	if err != nil {
		return p, s, fmt.Errorf("payload: %w", err)
	}
	if err := canonical.Unmarshal(raw, &p); err != nil {
		return p, s, fmt.Errorf("payload: %w", err)
	}
	if raw, err = r.Blobs.Bytes(ctx, made.Envelope); err != nil {
		return p, s, fmt.Errorf("envelope: %w", err)
	}
	if err := signature.Peek(raw, signature.PayloadType, &s); err != nil {
		return p, s, err
	}
	if p.ID != made.Signature || p.Subject.Manifest != made.Manifest || p.Signer.Person != made.Person || s.PayloadSHA256 != made.Payload {
		return p, s, fault.New(fault.Unverified, "payload, envelope and event are of different signatures")
	}
	return p, s, nil
}

// methods are the components of an authentication in words.
func methods(all []string) string {
	words := map[string]string{"totp": "one-time code", "user-verification": "user verification", "oidc": "identity provider"}
	out := make([]string, 0, len(all))
	for _, m := range all {
		if w, ok := words[m]; ok {
			m = w
		}
		out = append(out, m)
	}
	return strings.Join(out, " and ")
}
