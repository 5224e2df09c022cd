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
	By
	Solution string `json:"solution"`
	Version  string `json:"version"`
	List     string `json:"list"` // digest that the person saw; "" takes the present one
}

// Review signs the exception list as it is now.
func (s *Signer) Review(r Review) (Act, error) {
	if r.Reason == "" {
		r.Reason = "reviewed the audit trail"
	}
	stream := ledger.ReleaseStream(r.Solution, r.Version)
	return Act{Name: "audit.review", About: stream, Propose: func(ctx context.Context, by policy.Subject) (Proposal, error) {
		p := Proposal{
			Stream: stream, Meaning: signature.AuditTrailReviewed, Decision: "review", Reason: r.Reason, Correlation: string(stream),
			Capacity: gate.CapacityFor(by, signature.AuditTrailReviewed, r.Solution),
		}
		var err error
		if p.Solution, err = s.Solutions.Solution(ctx, r.Solution); err != nil {
			return p, err
		}
		st, err := s.State.Standing(ctx, stream)
		if err != nil {
			return p, err
		}
		list, acted, err := s.Exceptions.Exceptions(ctx, r.Solution, r.Version)
		if err != nil {
			return p, err
		}
		digest := canonical.SHA256(list)
		p.Refused = gate.MayReview(st, by, r.Solution, acted[by.ID])
		if r.List != "" && r.List != digest {
			p.Refused = append(p.Refused, fmt.Sprintf("exception list %.12s was replaced by %.12s: look again", r.List, digest))
		}
		if len(p.Refused) > 0 {
			return p, nil
		}
		if _, err := s.Blobs.PutBytes(ctx, list); err != nil {
			return p, err
		}
		p.Subject = signature.Subject{Type: "audit-trail", ID: string(stream), Solution: r.Solution, Version: r.Version, Manifest: digest}
		def, _ := signature.Find(p.Meaning)
		p.Sheet = fmt.Sprintf("Exception list of %s %s, SHA-256 %s\n%s\nYou declare as %s: %s\n", r.Solution, r.Version, digest, list, def.Meaning, def.Text)
		p.Reads = []ledger.Read{{Stream: stream, Version: st.Version}}
		return p, nil
	}}, nil
}
