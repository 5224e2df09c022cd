package intake

import (
	"context"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
)

// authors are those whose work is in a release: the identities of every commit
// since the previous one, the tagger, who pushed the tag, and who opened the
// pull requests that are in it.
func (i *Intake) authors(ctx context.Context, code Code, solution, from string, t pipeline.Trigger) ([]release.Author, error) {
	identities, err := code.Identities(ctx, from, t.SHA)
	if err != nil {
		return nil, err
	}
	if tagger, ok, err := code.Tagger(ctx, t.TagObject); err != nil {
		return nil, err
	} else if ok {
		identities = append(identities, tagger)
	}
	out := []release.Author{}
	for _, id := range identities {
		digest := IdentityDigest(i.Installation, id.Email)
		person, err := i.Lists.PersonByIdentity(ctx, digest)
		if err != nil {
			return nil, err
		}
		out = append(out, release.Author{Person: person, Identity: digest, As: id.As})
	}
	pushers, err := i.pushers(ctx, code, solution, from, t)
	if err != nil {
		return nil, err
	}
	out = append(out, pushers...)
	slices.SortFunc(out, func(a, b release.Author) int { return strings.Compare(a.Identity+a.As, b.Identity+b.As) })
	return slices.Compact(out), nil
}

// pushers are the people who pushed the tag and opened the pull requests whose
// commits are in the release. A hook names them by login; a name that is no
// login says nothing about a person.
func (i *Intake) pushers(ctx context.Context, code Code, solution, from string, t pipeline.Trigger) ([]release.Author, error) {
	logins, err := i.Lists.Persons(ctx)
	if err != nil {
		return nil, err
	}
	var out []release.Author
	add := func(login, as string) {
		if person := logins[login]; person != "" {
			out = append(out, release.Author{Person: person, Identity: IdentityDigest(i.Installation, login), As: as})
		}
	}
	add(t.Actor, "tag pusher")
	runs, err := i.Lists.Runs(ctx, inspect.RunsQuery{Solution: solution})
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if r.Event != "pull_request" {
			continue
		}
		in, err := i.since(ctx, code, from, t.SHA, r.SHA)
		if err != nil {
			return nil, err
		}
		if !in {
			continue
		}
		run, err := i.State.Run(ctx, r.Run)
		if err != nil {
			return nil, err
		}
		add(run.Run.Trigger.Actor, "pull-request author")
	}
	return out, nil
}

// since reports whether a commit is in the history of to and not in that of
// from, "" for no earlier one.
func (i *Intake) since(ctx context.Context, code Code, from, to, commit string) (bool, error) {
	in, err := code.Contains(ctx, to, commit)
	if err != nil || !in || from == "" {
		return in, err
	}
	before, err := code.Contains(ctx, from, commit)
	return !before, err
}

// IdentityDigest is the form in which a git e-mail stands in events; see
// policy.IdentityMapped.
func IdentityDigest(installation, email string) string {
	return canonical.SHA256([]byte(installation + ":" + strings.ToLower(strings.TrimSpace(email))))
}
