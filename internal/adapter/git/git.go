// Package git reads and writes repositories through the git command (2.34 or
// newer) with plumbing only, in a scrubbed environment: no user or system
// configuration, no hooks, no prompts.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Repository is a git directory: bare, or the .git of a work tree. Work trees
// themselves are never read.
type Repository struct {
	dir   string
	batch *batch // nil: a process for each read
}

// Open finds the git directory of a path, which is a bare repository or a work
// tree.
func Open(ctx context.Context, path string) (*Repository, error) {
	out, err := command(ctx, path, nil, nil, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return nil, fault.New(fault.Invalid, "%q is not a git repository: %v", path, err).WithHint("give the path of a clone or a bare repository")
	}
	return &Repository{dir: strings.TrimSpace(string(out))}, nil
}

// Mirror opens the bare repository at dir, made when it is not there, and
// fetches every head, tag and pull request from the source.
func Mirror(ctx context.Context, source, dir string) (*Repository, error) {
	r, err := bare(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("mirror %q: %w", source, err)
	}
	return r, r.Fetch(ctx, source)
}

// OpenBare opens the bare repository at dir, an absolute path, which this program
// has made.
func OpenBare(dir string) (*Repository, error) {
	if _, err := os.Stat(filepath.Join(dir, "HEAD")); err != nil {
		return nil, fault.New(fault.Invalid, "%q is not a git repository: %v", dir, err)
	}
	return &Repository{dir: dir}, nil
}

// bare opens the bare repository at dir, made when it is not there.
func bare(ctx context.Context, dir string) (*Repository, error) {
	if _, err := os.Stat(filepath.Join(dir, "HEAD")); err != nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if _, err := command(ctx, dir, nil, nil, "init", "--quiet", "--bare", "."); err != nil {
			return nil, err
		}
	}
	return &Repository{dir: dir}, nil
}

// Fetch brings the repository to the state of the source. A tag that moved
// there moves here too: what was registered is in the ledger, not in a ref.
// Commits that a ref left stay reachable under refs/kept.
func (r *Repository) Fetch(ctx context.Context, source string) error {
	_, err := r.run(ctx, "fetch", "--quiet", "--prune", "--no-tags", "--end-of-options", source,
		"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+refs/pull/*:refs/pull/*")
	if err != nil {
		return fmt.Errorf("fetch %q: %w", source, err)
	}
	return nil
}

// Keep makes a commit reachable for ever, whatever happens to its branch.
func (r *Repository) Keep(ctx context.Context, commit string) error {
	_, err := r.run(ctx, "update-ref", "refs/kept/"+commit, commit)
	return err
}

// Dir is the git directory.
func (r *Repository) Dir() string { return r.dir }

func (r *Repository) run(ctx context.Context, args ...string) ([]byte, error) {
	return command(ctx, r.dir, nil, nil, append([]string{"--git-dir=" + r.dir}, args...)...)
}

// isObject reports whether a name is the id of an object, SHA-1 or SHA-256. It is
// no regular expression: one with such counts takes longer to compile, at each
// start of the program, than all others.
func isObject(name string) bool {
	return (len(name) == 40 || len(name) == 64) && strings.Trim(name, "0123456789abcdef") == ""
}

// Resolve reads a full reference name (refs/...) or an object id; ok is false
// when there is none.
func (r *Repository) Resolve(ctx context.Context, name string) (release.Ref, bool, error) {
	if !strings.HasPrefix(name, "refs/") && !isObject(name) || strings.Contains(name, "\n") {
		return release.Ref{}, false, fault.New(fault.Invalid, "ref %q: want a full name like refs/heads/main", name)
	}
	found, err := r.objects(ctx, name, name+"^{commit}")
	if err != nil {
		return release.Ref{}, false, fmt.Errorf("resolve %q: %w", name, err)
	}
	if found[0].kind == "" || found[1].kind != "commit" {
		return release.Ref{}, false, nil // not there, or a tag of something else
	}
	return release.Ref{Object: found[0].id, Commit: found[1].id}, true, nil
}

// object is the id of what a revision names; ok is false when there is none.
func (r *Repository) object(ctx context.Context, revision string) (id string, ok bool, err error) {
	out, err := r.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision)
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("resolve %q: %w", revision, err)
	}
	return strings.TrimSpace(string(out)), true, nil
}

// ReadFile reads a file of a commit; ok is false when it is not there.
func (r *Repository) ReadFile(ctx context.Context, commit, path string) (data []byte, ok bool, err error) {
	if !isObject(commit) {
		return nil, false, fmt.Errorf("read %q: commit %q is no object id", path, commit)
	}
	name := commit + ":" + path
	if strings.Contains(name, "\n") {
		if name, ok, err = r.object(ctx, name); err != nil || !ok {
			return nil, false, err
		}
	}
	found, err := r.objects(ctx, name)
	if err != nil || found[0].kind != "blob" {
		return nil, false, err
	}
	return found[0].data, true, nil
}

// Files lists a commit's files below a folder ("" for all), sorted by path.
func (r *Repository) Files(ctx context.Context, commit, folder string) ([]release.File, error) {
	args := []string{"ls-tree", "-r", "-z", "--full-tree", commit}
	if folder != "" {
		args = append(args, "--", folder)
	}
	out, err := r.run(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("list files of %s: %w", commit, err)
	}
	var files []release.File
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		meta, path, ok := strings.Cut(entry, "\t")
		f := strings.Fields(meta)
		if !ok || len(f) != 3 {
			continue
		}
		files = append(files, release.File{Path: path, Mode: f[0], Object: f[2]})
	}
	return files, nil
}

// OnFirstParentChain reports whether the commit is the branch's head or one of
// its first parents.
func (r *Repository) OnFirstParentChain(ctx context.Context, commit, branch string) (bool, error) {
	head, _, err := r.Resolve(ctx, "refs/heads/"+branch)
	if err != nil || head.Commit == commit {
		return err == nil, err
	}
	out, err := r.run(ctx, "rev-list", "--first-parent", "refs/heads/"+branch, "--")
	if err != nil {
		return false, fmt.Errorf("walk branch %q: %w", branch, err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.TrimSpace(line) == commit {
			return true, nil
		}
	}
	return false, nil
}

// Identities are those of every commit in from..to ("" for all up to to). A
// merge in which nobody wrote anything has none.
func (r *Repository) Identities(ctx context.Context, from, to string) ([]release.Identity, error) {
	revs := to
	if from != "" {
		revs = from + ".." + to
	}
	out, err := r.run(ctx, "log", "--format=%H%x1f%P%x1f%an%x1f%ae%x1f%cn%x1f%ce%x1f%(trailers:key=Co-authored-by,valueonly,separator=%x1d)%x1e", revs, "--")
	if err != nil {
		return nil, fmt.Errorf("list authors of %s: %w", revs, err)
	}
	seen := map[release.Identity]bool{}
	var list []release.Identity
	add := func(i release.Identity) {
		i.Email = strings.ToLower(strings.TrimSpace(i.Email))
		if i.Email != "" && !seen[release.Identity{Email: i.Email, As: i.As}] {
			seen[release.Identity{Email: i.Email, As: i.As}] = true
			list = append(list, i)
		}
	}
	for record := range strings.SplitSeq(string(out), "\x1e") {
		f := strings.Split(strings.TrimLeft(record, "\n"), "\x1f")
		if len(f) != 7 {
			continue
		}
		if by, err := r.automatic(ctx, f[0], strings.Fields(f[1])); err != nil {
			return nil, fmt.Errorf("look at merge %s: %w", f[0], err)
		} else if by {
			continue
		}
		add(release.Identity{Name: f[2], Email: f[3], As: "author"})
		add(release.Identity{Name: f[4], Email: f[5], As: "committer"})
		for who := range strings.SplitSeq(f[6], "\x1d") {
			add(parseIdentity(who, "co-author"))
		}
	}
	return list, nil
}

// Tagger is who made an annotated tag; ok is false for a lightweight one.
func (r *Repository) Tagger(ctx context.Context, object string) (release.Identity, bool, error) {
	out, err := r.run(ctx, "cat-file", "-p", object)
	if err != nil {
		return release.Identity{}, false, fmt.Errorf("read tag %s: %w", object, err)
	}
	for line := range strings.Lines(string(out)) {
		if line == "\n" {
			break
		}
		if rest, ok := strings.CutPrefix(line, "tagger "); ok {
			return parseIdentity(rest, "tagger"), true, nil
		}
	}
	return release.Identity{}, false, nil
}

func parseIdentity(s, as string) release.Identity {
	name, rest, ok := strings.Cut(s, "<")
	email, _, _ := strings.Cut(rest, ">")
	if !ok {
		return release.Identity{}
	}
	return release.Identity{Name: strings.TrimSpace(name), Email: strings.ToLower(strings.TrimSpace(email)), As: as}
}

// Subject is the first line of a commit's message.
func (r *Repository) Subject(ctx context.Context, commit string) (string, error) {
	out, err := r.run(ctx, "log", "-1", "--format=%s", commit, "--")
	return strings.TrimSpace(string(out)), err
}

// RemoteURL is the URL of a remote in the repository's own configuration.
func (r *Repository) RemoteURL(ctx context.Context, remote string) string {
	out, err := r.run(ctx, "config", "--get", "remote."+remote+".url")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// Archive is a tar of a commit's files, as git archive makes it. The reader ends
// with an error when git does not come to its end; closing it ends git.
func (r *Repository) Archive(ctx context.Context, commit string) (io.ReadCloser, error) {
	if !isObject(commit) {
		return nil, fmt.Errorf("archive %q: no object id", commit)
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := prepare(ctx, r.dir, nil, "--git-dir="+r.dir, "archive", "--format=tar", commit)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, in := io.Pipe()
	cmd.Stdout = in
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("archive %s: %w", commit, err)
	}
	go func() {
		err := cmd.Wait()
		if err != nil {
			err = fmt.Errorf("archive %s: %w: %s", commit, err, strings.TrimSpace(stderr.String()))
		}
		in.CloseWithError(err)
		cancel()
	}()
	return archive{out, cancel}, nil
}

type archive struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (a archive) Close() error {
	a.cancel()
	return a.PipeReader.Close()
}

// command runs git with an environment of its own.
func command(ctx context.Context, dir string, stdin []byte, env []string, args ...string) ([]byte, error) {
	cmd := prepare(ctx, dir, env, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("git %s: %w: %s", subcommand(args), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// prepare makes a git command with an environment of its own.
func prepare(ctx context.Context, dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{
		"-c", "core.hooksPath=/dev/null", "-c", "protocol.file.allow=always", "-c", "protocol.ext.allow=never",
		"-c", "safe.directory=*", "-c", "core.fsync=all", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "advice.detachedHead=false", "-c", "init.defaultBranch=main",
	}, args...)...)
	cmd.Dir = dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0",
	}, env...)
	return cmd
}

func subcommand(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-c":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		}
	}
	return ""
}

// Head is what HEAD points to; ok is false in a repository without commits.
func (r *Repository) Head(ctx context.Context) (release.Ref, bool, error) {
	commit, ok, err := r.object(ctx, "HEAD^{commit}")
	return release.Ref{Object: commit, Commit: commit}, ok, err
}
