package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Borrow makes the bare repository dir, which is new, with the heads, tags and
// pull requests that this one has now and with this one's objects: none is
// copied. What dir holds is whole as long as they stay where they are
// (gitrepository-layout(5)); references, configuration and attributes are its own.
func (r *Repository) Borrow(ctx context.Context, dir string) (*Repository, error) {
	b, err := r.borrow(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("borrow %q: %w", r.dir, err)
	}
	return b, nil
}

func (r *Repository) borrow(ctx context.Context, dir string) (*Repository, error) {
	at, err := r.storage(ctx)
	if err != nil {
		return nil, err
	}
	refs, err := r.run(ctx, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags", "refs/pull")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"refs", "objects/info"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(name)), 0o700); err != nil {
			return nil, err
		}
	}
	files := map[string][]byte{
		"HEAD":                    []byte("ref: refs/heads/main\n"),
		"config":                  fmt.Appendf(nil, "[core]\n\trepositoryFormatVersion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = %s\n", at.format),
		"packed-refs":             refs,
		"objects/info/alternates": []byte(at.objects + "\n"),
	}
	boundary, err := os.ReadFile(at.shallow)
	switch {
	case err == nil:
		files["shallow"] = boundary
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), data, 0o600); err != nil {
			return nil, err
		}
	}
	return &Repository{dir: dir}, nil
}

// storage is where a repository has its objects.
type storage struct {
	format  string // sha1 or sha256
	objects string // directory, another one than that of a linked work tree
	shallow string // file that names the ends of a shallow history
}

func (r *Repository) storage(ctx context.Context) (storage, error) {
	out, err := r.run(ctx, "rev-parse", "--show-object-format", "--path-format=absolute", "--git-path", "objects", "--git-path", "shallow")
	if err != nil {
		return storage{}, err
	}
	f := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(f) != 3 || !filepath.IsAbs(f[1]) || !filepath.IsAbs(f[2]) {
		return storage{}, fmt.Errorf("storage %q: want a format and two paths without line breaks", out)
	}
	return storage{format: f[0], objects: f[1], shallow: f[2]}, nil
}
