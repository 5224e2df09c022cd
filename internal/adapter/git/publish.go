package git

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// publisher is the author and committer of every publication.
const publisher = "dc-release <publisher@localhost>"

// trailer carries the id that makes a publication idempotent.
const trailer = "Publication-Id"

// pushes bounds how often a publication is put on a new head because somebody
// else pushed first.
const pushes = 8

// ReleaseLog writes a release-log repository through a bare mirror of our own:
// objects only, no index and no work tree.
type ReleaseLog struct {
	repo   *Repository
	source string
	mu     sync.Mutex // one publication at a time
}

var _ publish.ReleaseLog = (*ReleaseLog)(nil)

// OpenReleaseLog opens or makes the mirror at dir. The source, a path or URL,
// is asked when something is published.
func OpenReleaseLog(ctx context.Context, source, dir string) (*ReleaseLog, error) {
	r, err := bare(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("open release log %q: %w", source, err)
	}
	return &ReleaseLog{repo: r, source: source}, nil
}

var (
	branchForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	idForm     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~/-]{0,199}$`)
)

// Publish implements publish.ReleaseLog. The push names the head that the
// commit was made on, so that it replaces nothing that was not seen. A push
// that failed is judged by what is there afterwards and not by its answer.
func (l *ReleaseLog) Publish(ctx context.Context, c publish.Commit) (string, error) {
	if !branchForm.MatchString(c.Branch) || strings.Contains(c.Branch, "..") || !idForm.MatchString(c.ID) || c.Subject == "" || strings.ContainsAny(c.Subject, "\n\r\x00") {
		return "", fault.New(fault.Invalid, "publish %q on branch %q: want a branch name, an id without spaces and one line of message", c.ID, c.Branch)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var failed error
	tried := "none"
	for range pushes {
		head, err := l.head(ctx, c.Branch)
		if err != nil {
			return "", err
		}
		found, err := l.find(ctx, head, c.ID)
		if err != nil {
			return "", err
		}
		if found != "" {
			return found, l.repo.Keep(ctx, found)
		}
		if head == tried { // nobody was first: the push itself fails
			return "", fmt.Errorf("publish %s to %q: %w", c.ID, l.source, failed)
		}
		commit, err := l.commit(ctx, head, c)
		if err != nil || commit == head {
			return commit, err
		}
		_, failed = l.repo.run(ctx, "push", "--quiet", "--no-verify", "--force-with-lease=refs/heads/"+c.Branch+":"+head,
			"--end-of-options", l.source, commit+":refs/heads/"+c.Branch)
		tried = head
	}
	return "", fault.New(fault.Conflict, "publish %s to %q: %d times somebody else pushed first", c.ID, l.source, pushes)
}

// head fetches and gives the branch's commit, "" when there is no branch.
func (l *ReleaseLog) head(ctx context.Context, branch string) (string, error) {
	if err := l.repo.Fetch(ctx, l.source); err != nil {
		return "", err
	}
	ref, _, err := l.repo.Resolve(ctx, "refs/heads/"+branch)
	return ref.Commit, err
}

// find gives the commit of the branch that carries the id, "" for none.
func (l *ReleaseLog) find(ctx context.Context, head, id string) (string, error) {
	if head == "" {
		return "", nil
	}
	out, err := l.repo.run(ctx, "log", "--fixed-strings", "--grep="+trailer+": "+id,
		"--format=%H%x1f%(trailers:key="+trailer+",valueonly,separator=%x1f)", head, "--")
	if err != nil {
		return "", fmt.Errorf("look for publication %s: %w", id, err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\x1f")
		if len(fields) == 2 && strings.TrimSpace(fields[1]) == id {
			return fields[0], nil
		}
	}
	return "", nil
}

// scratch is the reference that a commit is made under.
const scratch = "refs/publish/next"

// commit makes the commit on a head and gives its id; the head itself when
// there is nothing to write.
func (l *ReleaseLog) commit(ctx context.Context, head string, c publish.Commit) (string, error) {
	files, err := c.Compose(ctx, l.At(head))
	if err != nil || len(files) == 0 {
		return head, err
	}
	if _, err := l.repo.run(ctx, "update-ref", "-d", scratch); err != nil {
		return "", err
	}
	in, out := io.Pipe()
	fed := make(chan error, 1)
	go func() {
		err := feed(ctx, out, head, c, files)
		out.CloseWithError(err)
		fed <- err
	}()
	err = l.repo.pipe(ctx, in, io.Discard, "fast-import", "--quiet", "--done", "--force", "--date-format=raw")
	in.Close() // ends feed when git stopped reading
	if wrong := <-fed; wrong != nil && !errors.Is(wrong, io.ErrClosedPipe) {
		err = wrong
	}
	if err != nil {
		return "", fmt.Errorf("make commit of publication %s: %w", c.ID, err)
	}
	ref, ok, err := l.repo.Resolve(ctx, scratch)
	if err == nil && !ok {
		err = fmt.Errorf("make commit of publication %s: no commit was made", c.ID)
	}
	return ref.Commit, err
}

// feed writes the stream of git fast-import.
func feed(ctx context.Context, out io.Writer, head string, c publish.Commit, files map[string]publish.Content) error {
	w := bufio.NewWriterSize(out, 64<<10)
	message := c.Subject + "\n\n" + trailer + ": " + c.ID + "\n"
	fmt.Fprintf(w, "commit %s\ncommitter %s %d +0000\ndata %d\n%s\n", scratch, publisher, c.Seconds, len(message), message)
	if head != "" {
		fmt.Fprintf(w, "from %s\n", head)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := releaselog.CheckPath(path); err != nil {
			return err
		}
		fmt.Fprintf(w, "M 100644 inline %s\ndata %d\n", path, files[path].Size)
		if err := copyContent(ctx, w, path, files[path]); err != nil {
			return err
		}
		fmt.Fprint(w, "\n")
	}
	fmt.Fprint(w, "\ndone\n")
	return w.Flush()
}

// copyContent writes exactly the bytes that were announced.
func copyContent(ctx context.Context, w io.Writer, path string, c publish.Content) (err error) {
	r, err := c.Open(ctx)
	if err != nil {
		return fmt.Errorf("read %q: %w", path, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(r, c.Size))
	if err != nil {
		return fmt.Errorf("read %q: %w", path, err)
	}
	if more, _ := io.CopyN(io.Discard, r, 1); n != c.Size || more != 0 || hex.EncodeToString(h.Sum(nil)) != c.SHA256 {
		return fault.New(fault.Unverified, "file %q is not the %d bytes with SHA-256 %s that were announced", path, c.Size, c.SHA256)
	}
	return nil
}

// base reads one commit.
type base struct {
	repo   *Repository
	commit string
}

// At implements publish.ReleaseLog.
func (l *ReleaseLog) At(commit string) publish.Base { return base{l.repo, commit} }

// ReadFile implements publish.Base.
func (b base) ReadFile(ctx context.Context, path string) ([]byte, bool, error) {
	if b.commit == "" {
		return nil, false, nil
	}
	return b.repo.ReadFile(ctx, b.commit, path)
}

// Walk implements publish.Base.
func (b base) Walk(ctx context.Context, folder string, each func(path string, size int64, r io.Reader) error) error {
	if b.commit == "" {
		return nil
	}
	files, err := b.repo.Files(ctx, b.commit, folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Mode != PlainFile {
			return fault.New(fault.Unverified, "%q in commit %.12s has mode %s, want a plain file", f.Path, b.commit, f.Mode)
		}
	}
	return b.repo.Contents(ctx, files, each)
}

// PlainFile is the mode of a file that is no link and not executable.
const PlainFile = "100644"

// Contents reads files that Files listed, in their order, with one git.
func (r *Repository) Contents(ctx context.Context, files []release.File, each func(path string, size int64, r io.Reader) error) error {
	var names bytes.Buffer
	for _, f := range files {
		names.WriteString(f.Object + "\n")
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(r.pipe(ctx, &names, out, "cat-file", "--batch")) }()
	defer in.Close()
	from := bufio.NewReader(in)
	for _, f := range files {
		line, err := from.ReadString('\n')
		if err != nil {
			return fmt.Errorf("read %q: %w", f.Path, err)
		}
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[1] != "blob" {
			return fmt.Errorf("read %q: %s", f.Path, strings.TrimSpace(line))
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return fmt.Errorf("read %q: %w", f.Path, err)
		}
		body := io.LimitReader(from, size)
		if err := each(f.Path, size, body); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return err
		}
		if _, err := from.Discard(1); err != nil {
			return fmt.Errorf("read %q: %w", f.Path, err)
		}
	}
	return nil
}

// pipe runs git with streams.
func (r *Repository) pipe(ctx context.Context, in io.Reader, out io.Writer, args ...string) error {
	cmd := prepare(ctx, r.dir, nil, append([]string{"--git-dir=" + r.dir}, args...)...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &stderr
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return fmt.Errorf("git %s: %w: %s", subcommand(args), err, strings.TrimSpace(stderr.String()))
		}
		return fmt.Errorf("git %s: %w", subcommand(args), err)
	}
	return nil
}
