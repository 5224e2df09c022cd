package intake

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// declared is the change type of a version's note. A note that cannot be read
// closes its gate with findings of its own.
func declared(version string, note []byte) release.Declared {
	n, _ := release.ParseNote(NotePath(version), note)
	return n.ChangeType
}

// hotfixBase is the released version that a hotfix starts from: it was for use,
// and the tagged commit contains it.
func (i *Intake) hotfixBase(ctx context.Context, b policy.Solution, code Code, commit string, d release.Declared) error {
	refuse := func(format string, args ...any) error {
		return &refusal{rule: "hotfix-base", message: fmt.Sprintf("hotfix of %s: ", d.Reference) + fmt.Sprintf(format, args...)}
	}
	v, err := release.ParseVersion(d.Reference)
	if err != nil {
		return refuse("%v", err)
	}
	base, err := i.State.Release(ctx, b.Solution, v.String())
	if err != nil {
		return err
	}
	if base.Registered == nil || base.ForUseSince == "" {
		return refuse("version %s was never for use", v)
	}
	ok, err := code.Contains(ctx, commit, base.Registered.Commit)
	if err != nil {
		return err
	}
	if !ok {
		return refuse("commit %.12s does not contain version %s", commit, v)
	}
	return nil
}

// mergedBack refuses a version that would lose a hotfix.
func (i *Intake) mergedBack(ctx context.Context, b policy.Solution, code Code, version, commit string) error {
	all, err := i.Lists.Releases(ctx, b.Solution)
	if err != nil {
		return err
	}
	for _, other := range all {
		st, err := i.State.Release(ctx, b.Solution, other.Version)
		if err != nil {
			return err
		}
		if other.Version == version || st.Change.Type != release.Hotfix || st.ForUseSince == "" {
			continue
		}
		ok, err := code.Contains(ctx, commit, st.Registered.Commit)
		if err != nil {
			return err
		}
		if !ok {
			return &refusal{rule: "hotfix-not-merged", message: fmt.Sprintf("commit %.12s does not contain hotfix %s: merge it back first", commit, other.Version)}
		}
	}
	return nil
}

// classify says which type a release goes by. Outside of the GxP profile every
// change is normal.
func (i *Intake) classify(ctx context.Context, b policy.Solution, code Code, commit, from, version string, d release.Declared) (*release.Classified, error) {
	c := &release.Classified{Type: d.Type, Declared: d}
	normal := func(because ...string) (*release.Classified, error) {
		c.Type, c.Because = release.Normal, because
		return c, nil
	}
	switch {
	case d.Type == release.Normal:
		return c, nil
	case b.Profile != policy.GxP:
		return normal("the profile knows no other type")
	case d.Type != release.Standard:
		return c, nil
	case from == "":
		return normal("there is no version for use that it changes")
	}
	solution, err := i.State.Solution(ctx, b.Solution)
	if err != nil {
		return nil, err
	}
	template, ok := approval.Approved(solution.Approvals, d.Reference)
	if !ok {
		return normal(fmt.Sprintf("template %s is not approved", d.Reference))
	}
	files, err := code.Changed(ctx, from, commit)
	if err != nil {
		return nil, err
	}
	if outside := template.Outside(files, NotePath(version)); len(outside) > 0 {
		return normal(outside[:min(len(outside), 20)]...)
	}
	return c, nil
}
