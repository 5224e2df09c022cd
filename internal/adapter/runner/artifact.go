package runner

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// uploadArtifact is actions/upload-artifact@v4: a name is given once in a run
// unless overwrite is asked for.
func (j *job) uploadArtifact(ctx context.Context, s *step) error {
	name := s.with["name"]
	if name == "" {
		name = "artifact"
	}
	if err := checkArtifactName(name); err != nil {
		return err
	}
	if j.mask.holds(name) {
		return errors.New("upload artifact: the name contains a secret")
	}
	patterns, err := j.parsePatterns(s.with["path"])
	if err != nil {
		return fmt.Errorf("upload artifact %q: %w", name, err)
	}
	files, root, err := j.artifactFiles(s, name, patterns)
	if err != nil {
		return fmt.Errorf("upload artifact %q: %w", name, err)
	}
	if len(files) == 0 {
		return j.nothingFound(s, name)
	}
	a := Artifact{Name: name, Overwrite: s.is("overwrite", false)}
	for _, file := range files {
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return fmt.Errorf("upload artifact %q: %w", name, err)
		}
		f, err := readable(&j.area.top, file, rel)
		if err != nil {
			return fmt.Errorf("upload artifact %q: %w", name, err)
		}
		a.Files = append(a.Files, f)
	}
	receipt, err := j.h.UploadArtifact(ctx, a)
	if err != nil {
		return fmt.Errorf("upload artifact %q: %w", name, err)
	}
	s.commands.setOutputValue("artifact-id", receipt.ID)
	s.commands.setOutputValue("artifact-digest", receipt.Digest)
	j.say(s.number, fmt.Sprintf("uploaded artifact %q: %d files", name, len(a.Files)))
	return nil
}

// artifactFiles gives the files that patterns select, and the directory that the
// names in the artifact are relative to: the only search path, or the deepest
// one that all search paths share.
func (j *job) artifactFiles(s *step, name string, patterns []pattern) (files []string, root string, err error) {
	find := search{area: j.area, patterns: withDescendants(patterns), hidden: s.is("include-hidden-files", false), follow: true}
	if err := find.run(); err != nil {
		return nil, "", err
	}
	for _, link := range find.leading {
		s.commands.warn(fmt.Sprintf("artifact %q: %q is a link that is not followed", name, link))
	}
	for _, f := range find.found {
		if f.mode.IsRegular() {
			files = append(files, f.name)
		}
	}
	slices.Sort(files)
	bases := searchPaths(patterns)
	if root, err = filepath.Rel(j.area.top.path, commonRoot(bases)); err != nil {
		return nil, "", err
	}
	if len(bases) == 1 && len(files) == 1 && files[0] == root {
		root = path.Dir(root)
	}
	return files, root, nil
}

// commonRoot is the deepest directory that all paths share.
func commonRoot(bases []string) string {
	common := "/"
	if len(bases) > 0 {
		common = bases[0]
	}
	for _, b := range bases {
		for !isBelow(b, common) {
			common = path.Dir(common)
		}
	}
	return common
}

// nothingFound answers if-no-files-found.
func (j *job) nothingFound(s *step, name string) error {
	message := fmt.Sprintf("upload artifact %q: no files were found with the path %q", name, s.with["path"])
	switch strings.ToLower(s.with["if-no-files-found"]) {
	case "error":
		return errors.New(message)
	case "ignore":
		j.say(s.number, message)
	default:
		s.commands.warn(message)
	}
	return nil
}

// checkArtifactName refuses what v4 refuses: characters that not every file
// system takes, and the names of directories.
func checkArtifactName(name string) error {
	if i := strings.IndexAny(name, "\":<>|*?\r\n\\/"); i >= 0 {
		return fmt.Errorf("artifact name %q: %q is not allowed in it", name, name[i])
	}
	if name == "." || name == ".." {
		return fmt.Errorf("artifact name %q: want a file name", name)
	}
	return nil
}

// downloadArtifact is actions/download-artifact@v4: one by name, or all that
// match a pattern, each in a directory of its own unless they are merged.
func (j *job) downloadArtifact(ctx context.Context, s *step) error {
	to, err := j.downloadPath(s.with["path"])
	if err != nil {
		return fmt.Errorf("download artifact: %w", err)
	}
	names, err := j.h.Artifacts(ctx)
	if err != nil {
		return fmt.Errorf("download artifact: %w", err)
	}
	single := s.with["name"] != ""
	switch glob := s.with["pattern"]; {
	case single && !slices.Contains(names, s.with["name"]):
		return fmt.Errorf("download artifact: no artifact %q in this run", s.with["name"])
	case single:
		names = []string{s.with["name"]}
	case glob != "":
		if !doublestar.ValidatePattern(glob) {
			return fmt.Errorf("download artifact: malformed pattern %q", glob)
		}
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool {
			ok, _ := doublestar.Match(glob, n) // validated
			return !ok
		})
	}
	slices.Sort(names)
	if err := j.makeDir(to); err != nil {
		return fmt.Errorf("download artifact: %w", err)
	}
	for _, name := range names {
		if err := checkArtifactName(name); err != nil {
			return fmt.Errorf("download artifact: %w", err)
		}
		at := to
		if !single && !s.is("merge-multiple", false) {
			at = path.Join(to, name)
		}
		if err := j.download(ctx, name, at); err != nil {
			return fmt.Errorf("download artifact %q: %w", name, err)
		}
	}
	s.commands.setOutputValue("download-path", filepath.Join(j.area.top.path, to))
	j.say(s.number, fmt.Sprintf("downloaded %d artifacts", len(names)))
	return nil
}

func (j *job) download(ctx context.Context, name, to string) error {
	dir, err := j.area.staged()
	if err != nil {
		return err
	}
	if err := j.h.DownloadArtifact(ctx, name, dir); err != nil {
		return err
	}
	return j.deliver(dir, to, false)
}

// downloadPath is the directory to download to, relative to the area.
func (j *job) downloadPath(name string) (string, error) {
	if rest, ok := strings.CutPrefix(name, "~"); ok && (rest == "" || rest[0] == '/') {
		name = j.area.home() + rest
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(j.area.workspace(), name)
	}
	rel, ok := j.area.within(filepath.Clean(name), j.privateTmp())
	if !ok {
		return "", fmt.Errorf("path %q: want one within the job's own directories, as %q", name, j.area.workspace())
	}
	return rel, nil
}
