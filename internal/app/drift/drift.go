// Package drift looks from time to time whether places still hold what was
// deployed to them.
package drift

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dc-release/dc-release/internal/core/policy"
)

// Every is how often all places are looked at.
const Every = time.Hour

// Deployer reads places back.
type Deployer interface {
	Drifted(ctx context.Context, solution, environment string) (version string, found []string, err error)
}

// Deviations records what was found.
type Deviations interface {
	Drifted(ctx context.Context, solution, version, environment string, differences []string) error
}

// Watch looks at places. It is used by one caller at a time.
type Watch struct {
	Solutions  func(ctx context.Context) ([]policy.Solution, error)
	Deployer   Deployer
	Deviations Deviations
	Every      time.Duration // 0 is the default
	next       time.Time
}

// Start lets the first period begin.
func (w *Watch) Start(now time.Time) {
	if w.Every == 0 {
		w.Every = Every
	}
	w.next = now.Add(w.Every)
}

// Due reports whether the period has ended.
func (w *Watch) Due(now time.Time) bool { return !now.Before(w.next) }

// Round reads every place back and opens a deviation of the release in it where
// it differs. A place that cannot be read is an error and no deviation; the
// others are looked at all the same. What holds no release has nobody to answer
// for it.
func (w *Watch) Round(ctx context.Context, now time.Time) error {
	w.next = now.Add(w.Every)
	solutions, err := w.Solutions(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range solutions {
		for _, place := range policy.Places {
			version, found, err := w.Deployer.Drifted(ctx, s.Solution, place)
			if err != nil {
				errs = append(errs, fmt.Errorf("read %s of %s back: %w", place, s.Solution, err))
			}
			if version != "" && len(found) > 0 {
				errs = append(errs, w.Deviations.Drifted(ctx, s.Solution, version, place, found))
			}
		}
	}
	return errors.Join(errs...)
}
