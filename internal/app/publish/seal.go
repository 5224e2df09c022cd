package publish

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Sealer puts the seal of the installation on a finished PDF file. The same
// arguments give the same bytes, and the file is a beginning of the sealed one.
type Sealer interface {
	// Seal gives the sealed file and the certificate of the seal, which the
	// document key issues.
	Seal(document ed25519.PrivateKey, file []byte, at time.Time) (sealed, certificate []byte, err error)
}

// sealFinals seals every final PDF of a folder and adds the list of seals.
func (p *Publisher) sealFinals(ctx context.Context, h *history, f *folder) error {
	if p.Seals == nil {
		return nil
	}
	var paths []string
	for path := range f.files {
		if strings.HasPrefix(path, "final/") && strings.HasSuffix(path, ".pdf") {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	slices.Sort(paths)
	return p.Keys.With(releaselog.DocumentKey, func(key ed25519.PrivateKey) error {
		list := releaselog.Seals{Schema: releaselog.SealsSchema, Time: ledger.FormatTime(h.at)}
		for _, path := range paths {
			file, err := p.Blobs.Bytes(ctx, f.files[path].SHA256)
			if err != nil {
				return err
			}
			sealed, certificate, err := p.Seals.Seal(key, file, h.at)
			if err != nil {
				return err
			}
			list.Certificate = base64.StdEncoding.EncodeToString(certificate)
			list.Files = append(list.Files, releaselog.Sealed{Path: path, SHA256: canonical.SHA256(sealed), Unsealed: f.files[path].SHA256, Size: int64(len(file))})
			f.files[path] = Bytes(sealed)
		}
		raw, err := canonical.Marshal(list)
		f.files[releaselog.SealsFile] = Bytes(raw)
		return err
	})
}
