package wire

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/render/html"
	"github.com/dc-release/dc-release/internal/adapter/render/markdown"
	"github.com/dc-release/dc-release/internal/adapter/render/pdf"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/report"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/app/solution"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// renderers are the formats of documents besides JSON. To add one: its package
// below adapter/render, a line here.
var renderers = []report.Renderer{
	{Extension: "md", Render: markdown.Render},
	{Extension: "html", Render: html.Render},
	{Extension: "pdf", Render: pdf.Render},
}

func (o *Owner) newReporter(signer *sign.Signer) *report.Reporter {
	return &report.Reporter{
		State: o.state, Blobs: o.Blobs, Tracer: o.tracer, Names: signer.PrintedName, RootAt: o.rootAt, Renderers: renderers,
		People: o.people, Versions: o.versions,
		Tool: tool(o.Config.Build),
	}
}

// tool is what documents say that they were made by.
func tool(build string) document.Tool { return document.Tool{Name: "dc-release", Version: build} }

// people are the ids of everybody, in order.
func (o *Owner) people(ctx context.Context) ([]string, error) {
	all, err := o.Store.Persons(ctx)
	return slices.Sorted(maps.Values(all)), err
}

// versions are the registered versions of a solution.
func (o *Owner) versions(ctx context.Context, key string) ([]string, error) {
	all, err := o.Store.Releases(ctx, key)
	var out []string
	for _, r := range all {
		out = append(out, r.Version)
	}
	return out, err
}

// rootAt is the head of the ledger as it was at a size.
func (o *Owner) rootAt(ctx context.Context, size int64) (h ledger.Head, err error) {
	err = o.Store.Hashes(ctx, func(_ int64, r tlog.HashReader) error {
		h.Size = size
		h.Root, err = ledger.Root(size, r)
		return err
	})
	return h, err
}

func (o *Owner) newPublisher(registry *solution.Registry, claims *claim.Server, reporter *report.Reporter) *publish.Publisher {
	return &publish.Publisher{
		Log: o.Store, State: o.state, Blobs: o.Blobs, Claims: claims, Solutions: registry, Lists: o.Store, Documents: reporter,
		ReleaseLogs: func(ctx context.Context, s policy.Solution) (publish.ReleaseLog, error) {
			return git.OpenReleaseLog(ctx, s.ReleaseLog, o.mirrors.dir(s.Solution, "release-log"))
		},
		Now: time.Now, Keys: o.keys, Seals: o.sealer,
	}
}
