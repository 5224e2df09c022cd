package intake

import (
	"context"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// NotePath is where a version's release note stands in its commit.
func NotePath(version string) string { return "documentation/releases/" + version + ".md" }

// checkTag gives the version of a tag that may become a release.
func (i *Intake) checkTag(ctx context.Context, b policy.Solution, code Code, p Push, ref release.Ref) (string, error) {
	name := strings.TrimPrefix(p.Ref, "refs/tags/")
	v, err := release.ParseVersion(name)
	if err != nil {
		return "", &refusal{rule: "tag-name", message: fmt.Sprintf("tag %q is no version: want X.Y.Z or vX.Y.Z", name)}
	}
	version := v.String()
	standing, err := i.State.Release(ctx, b.Solution, version)
	if err != nil {
		return "", err
	}
	if r := standing.Registered; r != nil {
		return i.checkKnown(ctx, b, version, name, r, ref)
	}
	note, ok, err := code.ReadFile(ctx, ref.Commit, NotePath(version))
	if err != nil {
		return "", err
	}
	change := declared(version, note)
	onMain, err := code.OnFirstParentChain(ctx, ref.Commit, b.Branch)
	if err != nil {
		return "", err
	}
	if !onMain && change.Type != release.Hotfix {
		return "", &refusal{rule: "tag-not-on-branch", message: fmt.Sprintf("tag %s points to %.12s, which is not on the first-parent chain of %s: merge first, then tag the merge", name, ref.Commit, b.Branch)}
	}
	if !ok {
		return "", &refusal{rule: "no-release-note", message: fmt.Sprintf("tag %s has no release note: %s is not in commit %.12s", name, NotePath(version), ref.Commit)}
	}
	if change.Type == release.Hotfix {
		if err := i.hotfixBase(ctx, b, code, ref.Commit, change); err != nil {
			return "", err
		}
	}
	return version, i.mergedBack(ctx, b, code, version, ref.Commit)
}

// checkKnown handles a tag of a version that is registered: the same tag again
// is the same release, everything else is refused.
func (i *Intake) checkKnown(ctx context.Context, b policy.Solution, version, name string, r *release.Registered, ref release.Ref) (string, error) {
	if r.Tag == name && r.TagObject == ref.Object {
		return version, nil
	}
	if r.Tag != name {
		return "", &refusal{rule: "version-used", message: fmt.Sprintf("version %s is registered by tag %s: a version is used once", version, r.Tag)}
	}
	if err := i.moved(ctx, b, version, ref); err != nil {
		return "", err
	}
	return "", &refusal{rule: "tag-moved", message: fmt.Sprintf("tag %s was moved from %.12s to %.12s: a version is used once, take the next one", name, r.TagObject, ref.Object)}
}

// moved records in the release that its tag is not what was registered.
func (i *Intake) moved(ctx context.Context, b policy.Solution, version string, found release.Ref) error {
	_, err := ledger.Decide(ctx, i.Log, func() (ledger.Batch, error) {
		standing, err := i.State.Release(ctx, b.Solution, version)
		if err != nil || standing.Registered == nil || standing.Moved != nil {
			return ledger.Batch{}, err
		}
		stream := ledger.ReleaseStream(b.Solution, version)
		return ledger.Batch{
			Command: fmt.Sprintf("tag-moved/%s/%s/%s", b.Solution, version, found.Object), Actor: actor, Policy: b.Digest,
			Reads:  []ledger.Read{{Stream: stream, Version: standing.Version}},
			Events: []ledger.Draft{{Stream: stream, Data: &release.TagMoved{Tag: standing.Registered.Tag, Expected: standing.Registered.TagObject, Found: found.Object}}},
		}, nil
	})
	return err
}
