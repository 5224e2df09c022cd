package audit

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// bundleFormat is the form for inspectors: everything of one release in one file.
const bundleFormat = "bundle"

// Inspected names the release that a bundle is made of.
type Inspected struct {
	ReleaseLog string // folder; "" takes the mirror in the data directory
	Data       string
	Solution   string
	Branch     string // of the mirror
	Version    string
}

// Bundle writes the inspection bundle of a release.
type Bundle func(ctx context.Context, q Inspected, to io.Writer) error

func exportBundle(ctx context.Context, env *console.Env, bundle Bundle, q Inspected, file string) error {
	switch {
	case q.Version == "":
		return fault.New(fault.Invalid, "a bundle is of one release: name it with --version")
	case q.ReleaseLog == "" && q.Solution == "":
		return fault.New(fault.Invalid, "a bundle needs --release-log DIR, or --solution to take what the data directory has")
	case file == "":
		return fault.New(fault.Invalid, "a bundle is a file: name it with --out FILE.zip")
	}
	if q.ReleaseLog == "" {
		all, err := console.Ask[[]policy.Solution](ctx, env, "solution.list", operation.None{})
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(s policy.Solution) bool { return s.Solution == q.Solution })
		if at < 0 {
			return fault.New(fault.NotFound, "no solution %q", q.Solution)
		}
		q.Branch = cmp.Or(all[at].Branch, "main")
	}
	if err := into(env, file, func(w io.Writer) error { return bundle(ctx, q, w) }); err != nil {
		return err
	}
	env.Note("wrote %s; unpack it and open index.html", file)
	return nil
}
