package runner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// uploadArtifact is actions/upload-artifact@v4: a name is given once in a run
// unless overwrite is asked for.
func (j *job) uploadArtifact(ctx context.Context, s *step) error {
	name, given := s.with["name"]
	if !given {
		name = "artifact"
	}
	if err := errors.Join(checkArtifactName(name), s.checkNumber("retention-days", math.MaxInt), s.checkNumber("compression-level", 9)); err != nil {
		return err
	}
	if j.mask.Holds(name) {
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
		if err == nil {
			err = checkArtifactPath(rel)
		}
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
	j.say(s.number, fmt.Sprintf("uploaded artifact %q: %d files, %d bytes, sha256 %s", name, len(a.Files), receipt.Size, receipt.Digest))
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

// notInNames are the characters that not every file system takes.
const notInNames = "\":<>|*?\r\n"

// checkArtifactName refuses what v4 refuses, and the names of directories.
func checkArtifactName(name string) error {
	if i := strings.IndexAny(name, notInNames+"\\/"); i >= 0 {
		return fmt.Errorf("artifact name %q: %q is not allowed in it", name, name[i])
	}
	if name == "" || name == "." || name == ".." {
		return fmt.Errorf("artifact name %q: want a file name", name)
	}
	return nil
}

// checkArtifactPath is the same for a file in an artifact.
func checkArtifactPath(name string) error {
	if i := strings.IndexAny(name, notInNames); i >= 0 {
		return fmt.Errorf("file %q: %q is not allowed in its name, because not every file system takes it", name, name[i])
	}
	return nil
}

// checkNumber checks an input that is a number or empty.
func (s *step) checkNumber(input string, limit int) error {
	text := strings.TrimSpace(s.with[input])
	if n, err := strconv.Atoi(text); text != "" && (err != nil || n < 0 || n > limit) {
		return fmt.Errorf("input %q is %q: want a number from 0 to %d", input, text, limit)
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
		matches, err := namePattern(glob)
		if err != nil {
			return fmt.Errorf("download artifact: %w", err)
		}
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !matches(n) })
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

// extended finds what minimatch has and this runner has not: alternatives that
// are counted, and ranges in braces.
var extended = regexp.MustCompile(`[?*+@!]\(|\{[^{}]*\.\.[^{}]*\}`)

// namePattern reads a pattern of names as minimatch does: one that begins with an
// exclamation mark selects all others, one that begins with # is a comment, and a
// dot at the beginning of a name must be in the pattern.
func namePattern(glob string) (matches func(name string) bool, err error) {
	if strings.HasPrefix(glob, "#") {
		return func(string) bool { return false }, nil
	}
	rest := strings.TrimLeft(glob, "!")
	negated := (len(glob)-len(rest))%2 == 1
	if extended.MatchString(glob) {
		return nil, fmt.Errorf("pattern %q: want * ? [] and {a,b} only", glob)
	}
	if !doublestar.ValidatePattern(rest) {
		return nil, fmt.Errorf("malformed pattern %q", glob)
	}
	dots := strings.HasPrefix(strings.TrimLeft(rest, "{"), ".")
	return func(name string) bool {
		ok, _ := doublestar.Match(rest, name) // validated
		return (ok && (dots || !strings.HasPrefix(name, "."))) != negated
	}, nil
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
