package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/trail"
)

// releaseAddress is the page of a release.
func releaseAddress(solution, version string) string {
	return "/releases/" + url.PathEscape(solution) + "/" + url.PathEscape(version)
}

func (s *Site) releases(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	list, err := ask[[]inspect.Release](s, r, "release.list", inspect.AsOf{Solution: r.URL.Query().Get("solution")})
	if err != nil {
		return err
	}
	slices.Reverse(list)
	return s.show(w, r, http.StatusOK, "Releases", releasesPage(list))
}

func (s *Site) release(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	q := operation.Version{Solution: r.PathValue("solution"), Version: r.PathValue("version")}
	v, err := ask[inspect.ReleaseDetail](s, r, "release.show", q)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, v.Solution+" "+v.Version, releasePage(v))
}

// putBy says what put a version there that went back.
func putBy(v inspect.Place) string {
	by := "rollback " + v.Rollback
	switch {
	case v.Rehearsal:
		by = "rehearsal of going back " + v.Rollback
	case v.Automatic:
		by += ", by itself after an installation that did not hold"
	}
	return by
}

func (s *Site) place(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	q := inspect.PlaceAsOf{AsOf: inspect.AsOf{Solution: r.PathValue("solution")}, Environment: r.PathValue("environment")}
	var err error
	if q.At, err = trail.MomentOrNow(r.URL.Query().Get("at")); err != nil {
		return err
	}
	v, err := ask[inspect.Place](s, r, "environment.show", q)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, v.Place+" of "+v.Solution, placePage(v, q.At))
}
