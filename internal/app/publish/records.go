package publish

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// records adds what programs and places said: of every plan and deployment of
// the subject, of every read-back and of what a target ran.
func (p *Publisher) records(ctx context.Context, h *history, f *folder) error {
	for _, c := range append([]chain{h.subject}, h.others...) {
		for _, e := range c.from(h.after).events {
			if record, run, rollback, ok := deployment.Recorded(e.Data); ok && h.mine(run, rollback) {
				if err := p.ofDeployment(ctx, f, record); err != nil {
					return err
				}
			}
			d, ok := e.Data.(*evidence.Recorded)
			if !ok {
				continue
			}
			for _, item := range d.Items {
				if err := p.ofEvidence(ctx, f, item); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// mine reports whether what was done to a place belongs to the publication.
func (h *history) mine(run, rollback string) bool {
	if h.rollback != nil {
		return rollback == h.rollback.Rollback
	}
	r, ok := h.subject.events[0].Data.(*release.Registered)
	return ok && (run == r.Run && rollback == "" || deployment.Rehearses(rollback, r.Version))
}

func (p *Publisher) ofDeployment(ctx context.Context, f *folder, digest string) error {
	named, err := deploy.NamedBy(digest, p.reads(ctx))
	if err != nil {
		return err
	}
	return p.together(ctx, f, digest, named)
}

func (p *Publisher) ofEvidence(ctx context.Context, f *folder, item evidence.Item) error {
	if _, own := evidence.OwnOrigin(item.Format, item.Environment); !own {
		return nil
	}
	raw, err := p.Blobs.Bytes(ctx, item.SHA256)
	if err != nil {
		return err
	}
	named, err := deploy.Named(item.Format, raw, p.reads(ctx))
	if err != nil || len(named) == 0 {
		return nil // what is no record names nothing; whoever verifies counts it again and says so
	}
	return p.together(ctx, f, item.SHA256, named)
}

func (p *Publisher) reads(ctx context.Context) func(string) ([]byte, error) {
	return func(digest string) ([]byte, error) { return p.Blobs.Bytes(ctx, digest) }
}

// together puts everything that a record names into one file.
func (p *Publisher) together(ctx context.Context, f *folder, of string, named []string) error {
	var files [][]byte
	for _, digest := range named {
		data, err := p.Blobs.Bytes(ctx, digest)
		if err != nil {
			return fmt.Errorf("record %s: %w", of, err)
		}
		files = append(files, data)
	}
	raw, err := canonical.Marshal(releaselog.NewRecord(of, files))
	if err != nil {
		return fmt.Errorf("record %s: %w", of, err)
	}
	path, size := releaselog.RecordPath(of), int64(len(raw))
	digest, err := p.Blobs.PutBytes(ctx, raw)
	if err != nil {
		return err
	}
	if size > releaselog.MaxStored {
		f.externals = append(f.externals, releaselog.External{Name: path, SHA256: digest, Size: size, External: true, Why: "size"})
		return nil
	}
	return p.add(ctx, f, path, digest)
}
