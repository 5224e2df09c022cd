package operation

import (
	"context"
	"slices"

	"github.com/dc-release/dc-release/internal/app/report"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// RequestReview asks for a periodic review of a solution.
type RequestReview struct {
	ByAdministrator
	report.Period
}

func requestReview(ctx context.Context, a *App, q RequestReview) (Named, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, append(deciders, policy.Administrator)...)
	if err != nil {
		return Named{}, err
	}
	if _, err := a.Solutions.Solution(ctx, q.Solution); err != nil {
		return Named{}, err
	}
	review, err := a.Reporter.PeriodicReview(ctx, q.Period, by.ID)
	if err != nil {
		return Named{}, err
	}
	id, err := a.Approvals.Review(ctx, by, q.Solution, review, q.Reason)
	return Named{ID: id}, err
}

// ReviewFiles asks for the document of a periodic review.
type ReviewFiles struct {
	Solution string `json:"solution"`
	Review   string `json:"review"` // periodic-review-1
}

// Files are a document in its forms, by extension.
type Files struct {
	Number string            `json:"number"`
	State  string            `json:"state"` // pending, granted, refused
	Data   map[string][]byte `json:"data"`
}

func reviewFiles(ctx context.Context, a *App, q ReviewFiles) (Files, error) {
	list, err := a.Approvals.List(ctx, q.Solution, "")
	if err != nil {
		return Files{}, err
	}
	at := slices.IndexFunc(list, func(x approval.Approval) bool { return x.Approval == q.Review && x.Review != nil })
	if at < 0 {
		return Files{}, fault.New(fault.NotFound, "%s has no periodic review %q", q.Solution, q.Review).WithHint("list them with: dc-release approval list --solution %s", q.Solution)
	}
	x := list[at]
	out := Files{Number: x.Review.Number, State: string(x.State), Data: map[string][]byte{}}
	files := x.Review.Files
	if x.State == approval.StateGranted {
		events, err := a.Log.Stream(ctx, ledger.SolutionStream(q.Solution), 0)
		if err != nil {
			return out, err
		}
		final, err := a.Reporter.FinalReview(ctx, x, events)
		if err != nil {
			return out, err
		}
		files = final.Files
	}
	for extension, digest := range files {
		if out.Data[extension], err = a.Reporter.Blobs.Bytes(ctx, digest); err != nil {
			return out, err
		}
	}
	return out, nil
}
