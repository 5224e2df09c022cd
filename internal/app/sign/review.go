package sign

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Exceptions gives the exception list of a release as it stands, in canonical
// form, and what people did in the release other than as reviewer.
type Exceptions interface {
	Exceptions(ctx context.Context, solution, version string) (list []byte, acted map[string]string, err error)
}

// Review is a person's review of the audit trail of a release: the exception
// list with the signature audit-trail-reviewed over it.
type Review struct {
	Solution    string      `json:"solution"`
	Version     string      `json:"version"`
	As          string      `json:"as"`
	Reason      string      `json:"reason"`
	List        string      `json:"list"` // digest that the person saw; "" takes the present one
	Credentials Credentials `json:"credentials"`
}

// Review records that the exception list was reviewed. It is bound to the list
// and to the ledger as they are now.
func (s *Signer) Review(ctx context.Context, r Review) (Signed, error) {
	stream := ledger.ReleaseStream(r.Solution, r.Version)
	who, err := s.authenticate(ctx, r.As, r.Credentials, stream)
	if err != nil {
		return Signed{}, err
	}
	solution, err := s.Solutions.Solution(ctx, r.Solution)
	if err != nil {
		return Signed{}, err
	}
	ceremony := s.NewID()
	var out Signed
	var refused []string
	_, err = ledger.Decide(ctx, s.Log, func() (b ledger.Batch, err error) {
		b, out, refused, err = s.review(ctx, who, r, ceremony, solution)
		return b, err
	})
	if err != nil {
		return Signed{}, err
	}
	if len(refused) > 0 {
		return Signed{}, s.refuse(ctx, who, stream, "audit.review", refused)
	}
	return out, nil
}

// review signs the list and gives the batch that records it, or the reasons why
// not.
func (s *Signer) review(ctx context.Context, who signer, r Review, ceremony string, solution policy.Solution) (ledger.Batch, Signed, []string, error) {
	stream := ledger.ReleaseStream(r.Solution, r.Version)
	fail := func(err error) (ledger.Batch, Signed, []string, error) { return ledger.Batch{}, Signed{}, nil, err }
	st, err := s.State.Standing(ctx, stream)
	if err != nil {
		return fail(err)
	}
	if who.subject, err = s.State.Person(ctx, who.subject.ID); err != nil {
		return fail(err)
	}
	list, acted, err := s.Exceptions.Exceptions(ctx, r.Solution, r.Version)
	if err != nil {
		return fail(err)
	}
	digest := canonical.SHA256(list)
	refused := gate.MayReview(st, who.subject, r.Solution, acted[who.subject.ID])
	if r.List != "" && r.List != digest {
		refused = append(refused, fmt.Sprintf("exception list %.12s was replaced by %.12s: look again", r.List, digest))
	}
	if len(refused) > 0 {
		return ledger.Batch{}, Signed{}, refused, nil
	}
	if _, err := s.Blobs.PutBytes(ctx, list); err != nil {
		return fail(err)
	}
	made, at, err := s.seal(ctx, who, ceremony, "review", r.Reason, signature.AuditTrailReviewed, solution, signature.Subject{
		Type: "audit-trail", ID: string(stream), Solution: r.Solution, Version: r.Version, Manifest: digest,
	}, digest)
	if err != nil {
		return fail(err)
	}
	reason := r.Reason
	if reason == "" {
		reason = "reviewed the audit trail"
	}
	return ledger.Batch{
		Command: "sign/" + ceremony, Actor: who.actor(made.Role), Correlation: string(stream), Policy: solution.Digest,
		Reads:  []ledger.Read{{Stream: stream, Version: st.Version}, {Stream: ledger.PersonStream(who.subject.ID), Version: who.subject.Version}},
		Events: []ledger.Draft{{Stream: stream, Data: made, Reason: reason}},
	}, Signed{Signature: made.Signature, Manifest: digest, Role: string(made.Role), Time: at}, nil, nil
}
