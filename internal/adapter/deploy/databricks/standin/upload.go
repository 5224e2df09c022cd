package standin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
)

// uploadAll brings wheels and files to the workspace and writes which.
func (s *session) uploadAll(ctx context.Context, files []string, before deployment) error {
	internal := s.bundle.ArtifactPath() + "/.internal"
	if err := s.remove(ctx, internal, true); err != nil {
		return err
	}
	if err := s.mkdirs(ctx, internal); err != nil {
		return err
	}
	for _, wheel := range s.bundle.Wheels() {
		s.tell("Uploading %s...", path.Base(wheel))
		data, err := fs.ReadFile(s.files, wheel)
		if err != nil {
			return err
		}
		if err := s.upload(ctx, internal+"/"+path.Base(wheel), data, true); err != nil {
			return err
		}
	}
	s.tell("Uploading bundle files to %s...", s.bundle.FilePath())
	if err := s.uploadFiles(ctx, files, before); err != nil {
		return err
	}
	return s.writeDeployment(ctx, files, before)
}

// parallel is how many files are uploaded at once.
const parallel = 8

// uploadFiles uploads what changed since the last time from this folder, and
// deletes what an earlier deployment uploaded and is gone.
func (s *session) uploadFiles(ctx context.Context, files []string, before deployment) error {
	was, err := s.readSnapshot()
	if err != nil {
		return err
	}
	if _, err := s.usable(ctx, s.bundle.FilePath()); err != nil {
		return err
	}
	for _, f := range before.Files {
		if fs.ValidPath(f.Path) && !slices.Contains(files, f.Path) {
			name := f.Path
			if f.Notebook {
				name = strings.TrimSuffix(name, path.Ext(name))
			}
			if err := s.remove(ctx, s.bundle.FilePath()+"/"+name, false); err != nil {
				return err
			}
		}
	}
	is := snapshot{Host: was.Host, Path: was.Path, Files: map[string]string{}}
	var mu sync.Mutex
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, name := range files {
		group.Go(func() error {
			data, err := fs.ReadFile(s.files, name)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(data)
			digest := hex.EncodeToString(sum[:])
			if was.Files[name] != digest {
				if err := s.upload(inner, s.bundle.FilePath()+"/"+name, data, true); err != nil {
					return fmt.Errorf("upload %s: %w", name, err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			is.Files[name] = digest
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	data, err := json.Marshal(is)
	if err != nil {
		return err
	}
	return s.keepLocal("sync-snapshot.json", data)
}

func (s *session) writeDeployment(ctx context.Context, files []string, before deployment) error {
	d := deployment{Version: 1, Seq: before.Seq + 1, CLIVersion: Version, Timestamp: now(), Files: []deployedFile{}, ID: before.ID}
	if d.ID == "" {
		d.ID = s.id("deployment")
	}
	for _, f := range files {
		data, err := fs.ReadFile(s.files, f)
		if err != nil {
			return err
		}
		_, _, notebook := bundle.Notebook(f, data)
		d.Files = append(d.Files, deployedFile{Path: f, Notebook: notebook})
	}
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	if err := s.upload(ctx, s.bundle.StatePath()+"/deployment.json", data, true); err != nil {
		return err
	}
	return s.keepLocal("deployment.json", data)
}
