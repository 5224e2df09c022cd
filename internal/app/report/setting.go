package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// fillSetting reads what surrounds the release: from the ledger who holds which
// role and where the product runs, from the commit its pages, configuration and
// history.
func (r *Reporter) fillSetting(ctx context.Context, m *moment, f *document.Facts) error {
	s := &f.Setting
	s.Category = m.baseline.Category
	for _, name := range policy.Places {
		if e, ok := m.baseline.Environments[name]; ok {
			s.Places = append(s.Places, document.Place{
				Environment: name, Target: e.Target, Names: e.Names, Branches: e.Protection.Branches, Tags: e.Protection.Tags, WaitMinutes: int64(e.Protection.WaitMinutes),
			})
		}
	}
	if err := r.roles(ctx, m, s); err != nil {
		return err
	}
	pin := traceability.PinOf(m.standing)
	var err error
	if s.Pages, err = r.Tracer.Pages(ctx, pin); err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	for _, p := range s.Pages {
		if p.Name == document.PageRecovery {
			f.Rollback.Procedure = p.Path
		}
	}
	if s.Files, err = r.Tracer.Configuration(ctx, pin); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return r.commits(ctx, m, pin, f)
}

// roles are those of the solution with the people who hold them at the moment,
// and the procedures that were asked of them.
func (r *Reporter) roles(ctx context.Context, m *moment, s *document.Setting) error {
	people, err := r.People(ctx)
	if err != nil {
		return err
	}
	holders := map[policy.Role][]document.Person{}
	for _, id := range people {
		subject, err := r.subject(ctx, m, id)
		if err != nil {
			return err
		}
		for _, role := range m.held(subject) {
			p, err := r.person(ctx, m, id)
			if err != nil {
				return err
			}
			holders[role] = append(holders[role], p)
		}
	}
	for _, role := range policy.Roles {
		if p := holders[role]; len(p) > 0 {
			slices.SortFunc(p, func(a, b document.Person) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
			s.Roles = append(s.Roles, document.Role{Name: role.Title(), Persons: p})
		}
	}
	asked, err := r.State.EventsAt(ctx, policy.Signing, m.size)
	if err != nil || len(asked) == 0 {
		return err
	}
	if last, ok := asked[len(asked)-1].Data.(*policy.SigningRequired); ok {
		for _, t := range last.Trainings {
			s.Procedures = append(s.Procedures, document.Procedure{Role: t.Role.Title(), Name: t.SOP, Revision: t.Revision})
		}
	}
	return nil
}

// held are the roles that a person holds for the solution, each once.
func (m *moment) held(s policy.Subject) []policy.Role {
	var out []policy.Role
	for _, g := range s.Grants {
		if !s.Disabled && (g.Solution == "" || g.Solution == m.baseline.Solution) && !slices.Contains(out, g.Role) {
			out = append(out, g.Role)
		}
	}
	return out
}

// commits are those since the previous release. Their authors are printed as
// the persons that their identities belonged to at registration.
func (r *Reporter) commits(ctx context.Context, m *moment, pin traceability.Pin, f *document.Facts) error {
	list, err := r.Tracer.Commits(ctx, pin, f.Previous.Commit)
	if err != nil {
		return fmt.Errorf("commits: %w", err)
	}
	known := map[string]string{}
	for _, a := range m.standing.Registered.Authors {
		if a.Person == "" {
			continue
		}
		p, err := r.person(ctx, m, a.Person)
		if err != nil {
			return err
		}
		known[a.Identity] = p.Name
	}
	installation := m.installation()
	for _, c := range list {
		identity := intake.IdentityDigest(installation, c.Email)
		author := known[identity]
		if author == "" {
			author = "git identity " + prefix(identity)
		}
		f.Setting.Commits = append(f.Setting.Commits, document.Commit{SHA: c.SHA, Subject: c.Subject, Author: author, Merge: c.Merge(), Number: c.PullRequest()})
	}
	return nil
}

func (m *moment) installation() string {
	for _, e := range m.ofInstallation {
		if d, ok := e.Data.(*ledger.InstallationCreated); ok {
			return d.Installation
		}
	}
	return ""
}
