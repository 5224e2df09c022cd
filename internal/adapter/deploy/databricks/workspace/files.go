package workspace

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"
)

const (
	exportPath = "/api/2.0/workspace/export"
	listPath   = "/api/2.0/workspace/list"
	statusPath = "/api/2.0/workspace/get-status"
)

// Limits of a walk.
const (
	maxObjects = 200_000
	maxFolders = 64 // folders in folders
)

// ObjectType is the closed list of the workspace; others are kept as they are.
type ObjectType string

// The types of objects.
const (
	FileObject      ObjectType = "FILE"
	NotebookObject  ObjectType = "NOTEBOOK"
	DirectoryObject ObjectType = "DIRECTORY"
	RepoObject      ObjectType = "REPO"
	LibraryObject   ObjectType = "LIBRARY"
	DashboardObject ObjectType = "DASHBOARD"
)

// folder says whether there may be something in it.
func (t ObjectType) folder() bool { return t == DirectoryObject || t == RepoObject }

// Object is something in the workspace tree.
type Object struct {
	Path       string // below the path that was asked for, in its spelling
	Type       ObjectType
	ID         int64
	ResourceID string
	Language   string // of a notebook
	Size       int64  // in bytes; -1 where the service does not say it
	Modified   time.Time
}

func objectOf(f fields, at string) Object {
	return Object{
		Path: at, Type: ObjectType(f.text("object_type")), ID: f.integer("object_id", 0), ResourceID: f.text("resource_id"),
		Language: f.text("language"), Size: f.integer("size", -1), Modified: f.moment("modified_at"),
	}
}

// checkPath refuses what is no absolute path in its shortest form.
func checkPath(at string) error {
	if !strings.HasPrefix(at, "/") || path.Clean(at) != at || strings.ContainsFunc(at, unicode.IsControl) {
		return fmt.Errorf("workspace path %q: want an absolute path without . and .. and without a slash at its end", at)
	}
	return nil
}

// plain is a path without the prefix that the service adds or leaves out.
func plain(at string) string {
	if rest, ok := strings.CutPrefix(at, "/Workspace"); ok && (rest == "" || rest[0] == '/') {
		return cmp.Or(rest, "/")
	}
	return at
}

// StatusOf reads what is at a path; NotFound when nothing is.
func (c *Client) StatusOf(ctx context.Context, at string) (Answer[Object], error) {
	if err := checkPath(at); err != nil {
		return Answer[Object]{}, err
	}
	return one(ctx, c, statusPath, url.Values{"path": {at}}, func(f fields, _ http.Header) (Object, error) {
		if got := f.text("path"); plain(got) != plain(at) {
			return Object{}, fmt.Errorf("is about %q", got)
		}
		return objectOf(f, at), nil
	})
}

// List reads all that is below a folder, folders too, in the order of the paths.
// It is no snapshot: what changes meanwhile may be seen or not. NotFound when the
// folder does not exist.
func (c *Client) List(ctx context.Context, folder string) (Answer[[]Object], error) {
	if err := checkPath(folder); err != nil {
		return Answer[[]Object]{}, err
	}
	var all Answer[[]Object]
	var count atomic.Int64
	for depth, level := 0, []string{folder}; len(level) > 0; depth++ {
		if depth == maxFolders {
			return Answer[[]Object]{}, tooLargeWalk(folder, "%d folders in folders", maxFolders)
		}
		found, err := c.listAll(ctx, level, func(n int) error {
			if count.Add(int64(n)) > int64(c.maxObjects) {
				return tooLargeWalk(folder, "%d objects", c.maxObjects)
			}
			return nil
		})
		if err != nil {
			return Answer[[]Object]{}, err
		}
		level = nil
		for _, a := range found {
			all.Seen = append(all.Seen, a.Seen...)
			all.Value = append(all.Value, a.Value...)
			for _, o := range a.Value {
				if o.Type.folder() {
					level = append(level, o.Path)
				}
			}
		}
	}
	slices.SortFunc(all.Value, func(a, b Object) int { return cmp.Compare(a.Path, b.Path) })
	return all, nil
}

func tooLargeWalk(folder, format string, limit int) error {
	return &Error{Kind: TooLarge, Method: http.MethodGet, Path: asked(listPath, url.Values{"path": {folder}}), Message: "there are more than " + fmt.Sprintf(format, limit)}
}

// listAll reads some folders, a few at once, and gives them in their order. Count
// is told how many objects each holds.
func (c *Client) listAll(ctx context.Context, folders []string, count func(int) error) ([]Answer[[]Object], error) {
	out := make([]Answer[[]Object], len(folders))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.parallel)
	for i, folder := range folders {
		g.Go(func() (err error) {
			if out[i], err = c.list(ctx, folder); err != nil {
				return err
			}
			return count(len(out[i].Value))
		})
	}
	return out, g.Wait()
}

// list reads what is directly in a folder.
func (c *Client) list(ctx context.Context, folder string) (Answer[[]Object], error) {
	return one(ctx, c, listPath, url.Values{"path": {folder}}, func(f fields, _ http.Header) ([]Object, error) {
		var out []Object
		seen := map[string]bool{}
		for _, o := range f.objects("objects") {
			got := o.text("path")
			at := path.Join(folder, path.Base(got))
			switch {
			case checkPath(got) != nil || plain(path.Dir(plain(got))) != plain(folder):
				return nil, fmt.Errorf("lists %q, which is not in the folder; is it one?", got)
			case seen[at]:
				return nil, fmt.Errorf("lists %q twice", got)
			}
			seen[at] = true
			out = append(out, objectOf(o, at))
		}
		return out, nil
	})
}

// File is the content of a file or notebook, by its digest.
type File struct {
	Path   string
	SHA256 string // in hexadecimal
	Size   int64  // in bytes
}

// Export reads a file, hashes it as it comes and keeps nothing of it. A notebook
// is exported as source, with the marks that make it a notebook.
func (c *Client) Export(ctx context.Context, at string) (File, error) {
	if err := checkPath(at); err != nil {
		return File{}, err
	}
	web, ok := c.get.(*api)
	if !ok {
		raw, err := c.contentInJSON(ctx, at)
		if err != nil {
			return File{}, err
		}
		sum := sha256.Sum256(raw)
		return File{at, hex.EncodeToString(sum[:]), int64(len(raw))}, nil
	}
	var out File
	err := web.send(ctx, exportPath, direct(at), func(r request, answer *http.Response) error {
		h := sha256.New()
		n, err := io.Copy(h, io.LimitReader(answer.Body, c.maxFile+1))
		if err != nil {
			return err
		}
		if n > c.maxFile {
			return tooLarge(r, c.maxFile)
		}
		out = File{at, hex.EncodeToString(h.Sum(nil)), n}
		return nil
	})
	if err != nil {
		return File{}, err
	}
	return out, nil
}

// Content reads a small file whole: at most 32 MiB.
func (c *Client) Content(ctx context.Context, at string) ([]byte, error) {
	if err := checkPath(at); err != nil {
		return nil, err
	}
	if _, ok := c.get.(*api); !ok {
		return c.contentInJSON(ctx, at)
	}
	raw, _, err := c.get.Get(ctx, exportPath, direct(at))
	return raw, err
}

// direct asks for the bytes themselves.
func direct(at string) url.Values {
	return url.Values{"path": {at}, "direct_download": {"true"}}
}

// contentInJSON reads a file where only JSON can be asked for.
func (c *Client) contentInJSON(ctx context.Context, at string) ([]byte, error) {
	a, err := one(ctx, c, exportPath, url.Values{"path": {at}}, func(f fields, _ http.Header) ([]byte, error) {
		if _, there := f.of["content"]; !there {
			return nil, errors.New(`has no "content"`)
		}
		return base64.StdEncoding.DecodeString(f.text("content"))
	})
	return a.Value, err
}
