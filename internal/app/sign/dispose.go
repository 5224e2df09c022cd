package sign

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Disposition asks to close a deviation with its cause.
type Disposition struct {
	By
	Solution    string                `json:"solution"`
	Version     string                `json:"version"`
	Deviation   string                `json:"deviation"`
	Disposition deviation.Disposition `json:"disposition"`
	Cause       string                `json:"cause"`
	Action      string                `json:"action"`
}

// Dispose signs the disposition of a deviation.
func (s *Signer) Dispose(d Disposition) (Act, error) {
	for name, text := range map[string]string{"cause": d.Cause, "action": d.Action} {
		if len(strings.TrimSpace(text)) < 3 {
			return Act{}, fault.New(fault.Invalid, "a disposition needs its %s", name).WithHint("add --%s TEXT", name)
		}
	}
	if d.Reason == "" {
		d.Reason = fmt.Sprintf("%s: %s", d.Disposition, d.Cause)
	}
	stream := ledger.ReleaseStream(d.Solution, d.Version)
	return Act{Name: "deviation.close", About: stream, Propose: func(ctx context.Context, by policy.Subject) (Proposal, error) {
		p := Proposal{Stream: stream, Meaning: signature.DeviationAccepted, Decision: "approve", Reason: d.Reason}
		var err error
		if p.Solution, err = s.Solutions.Solution(ctx, d.Solution); err != nil {
			return p, err
		}
		st, err := s.State.Standing(ctx, stream)
		if err != nil {
			return p, err
		}
		p.Capacity, p.Refused = deviation.MayDispose(st.Deviations, d.Deviation, d.Disposition, by, d.Solution, st.Authored)
		if len(p.Refused) > 0 {
			return p, nil
		}
		at := slices.IndexFunc(st.Deviations, func(x deviation.Deviation) bool { return x.Deviation == d.Deviation })
		record := deviation.Disposed{Deviation: d.Deviation, Disposition: d.Disposition, Cause: d.Cause, Action: d.Action}
		digest, err := canonical.Digest(struct {
			Opened   deviation.Opened   `json:"opened"`
			Disposed deviation.Disposed `json:"disposed"`
		}{st.Deviations[at].Opened, record})
		if err != nil {
			return p, err
		}
		p.Subject = signature.Subject{Type: "deviation", ID: string(stream), Solution: d.Solution, Version: d.Version, Stage: d.Deviation, Manifest: digest}
		def, _ := signature.Find(p.Meaning)
		p.Sheet = fmt.Sprintf("Deviation %s of %s %s\n%s\nDisposition: %s\nCause: %s\nAction: %s\nYou declare as %s: %s\n",
			d.Deviation, d.Solution, d.Version, st.Deviations[at].Text, d.Disposition, d.Cause, d.Action, def.Meaning, def.Text)
		p.Correlation = string(stream)
		p.Reads = []ledger.Read{{Stream: stream, Version: st.Version}}
		p.Follows = func(made signature.Made) []ledger.Draft {
			record.Signature = made.Signature
			return []ledger.Draft{{Stream: stream, Data: &record}}
		}
		return p, nil
	}}, nil
}
