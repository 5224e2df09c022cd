package inspect

import (
	"context"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Person is a row of the list of people.
type Person struct {
	Person   string          `json:"person"`
	Login    string          `json:"login"`
	Name     string          `json:"name"`
	Kind     policy.Kind     `json:"kind"`
	Disabled bool            `json:"disabled"`
	Locked   bool            `json:"locked"`
	Grants   []policy.Grant  `json:"grants"`
	Factors  []policy.Factor `json:"factors"`
}

// PersonDetail is a person with everything that decides about signing.
type PersonDetail struct {
	Person
	IdentityChecked bool             `json:"identity_checked"`
	Statement       int64            `json:"statement"` // accepted version
	Trained         []policy.Trained `json:"trained"`   // what counts today
	ReviewDue       string           `json:"review_due"`
	// Lacking is what keeps the person from signing in each role held.
	Lacking []string `json:"lacking"`
	// Notices are what the person has to know.
	Notices []string `json:"notices"`
}

// Persons lists the people by login.
func (i *Inspector) Persons(ctx context.Context) ([]Person, error) {
	all, err := i.Lists.Persons(ctx)
	if err != nil {
		return nil, err
	}
	out := []Person{}
	for _, id := range all {
		s, err := i.State.Person(ctx, id)
		if err != nil {
			return nil, err
		}
		row, err := i.personRow(ctx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b Person) int { return strings.Compare(a.Login, b.Login) })
	return out, nil
}

func (i *Inspector) personRow(ctx context.Context, s policy.Subject) (Person, error) {
	name, err := i.Names(ctx, s.ID)
	p := Person{Person: s.ID, Login: s.Login, Name: name, Kind: s.Kind, Disabled: s.Disabled, Locked: s.Locked, Grants: s.Grants, Factors: s.Factors}
	if p.Kind == "" {
		p.Kind = policy.Human
	}
	return p, err
}

// Person shows one.
func (i *Inspector) Person(ctx context.Context, login string) (PersonDetail, error) {
	all, err := i.Lists.Persons(ctx)
	if err != nil {
		return PersonDetail{}, err
	}
	id, ok := all[login]
	if !ok {
		return PersonDetail{}, fault.New(fault.NotFound, "no person with login %q", login).WithHint("list them with: dc-release person list")
	}
	s, err := i.State.Person(ctx, id)
	if err != nil {
		return PersonDetail{}, err
	}
	s = s.At(ledger.FormatTime(i.Now()))
	row, err := i.personRow(ctx, s)
	if err != nil {
		return PersonDetail{}, err
	}
	d := PersonDetail{
		Person: row, IdentityChecked: s.Preparation.Checked, Statement: s.Preparation.Statement.Version, Trained: s.Preparation.Trained,
		ReviewDue: s.Preparation.ReviewDue, Lacking: lacking(s),
	}
	d.Notices, err = i.notices(ctx, s, all)
	return d, err
}

func lacking(s policy.Subject) []string {
	out := []string{}
	for _, g := range s.Grants {
		if !g.Role.Signs() {
			continue
		}
		for _, why := range s.Unprepared(g.Role) {
			if !slices.Contains(out, why) {
				out = append(out, why)
			}
		}
	}
	return out
}

// notices are about the person's own factors and, for QC, about everybody's.
func (i *Inspector) notices(ctx context.Context, s policy.Subject, all map[string]string) ([]string, error) {
	out := []string{}
	if s.Locked {
		out = append(out, "your right to sign is locked after failed ceremonies; another person unlocks it")
	}
	qc := slices.ContainsFunc(s.Grants, func(g policy.Grant) bool { return g.Role == policy.QC })
	for _, id := range all {
		if id != s.ID && !qc {
			continue
		}
		of, err := i.State.Person(ctx, id)
		if err != nil {
			return nil, err
		}
		switch {
		case of.Reset.RequestedBy == "":
		case of.Reset.ApprovedBy == "":
			out = append(out, "a reset of the factors of "+of.Login+" was asked for and waits for a second person")
		default:
			out = append(out, "the factors of "+of.Login+" can be enrolled anew from "+of.Reset.Since+" on; object with: dc-release person reset "+of.Login+" --cancel")
		}
	}
	slices.Sort(out)
	return out, nil
}
