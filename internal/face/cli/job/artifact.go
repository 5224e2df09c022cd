package job

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// handed is a folder or file that is handed in as an artifact.
type handed struct {
	name string // "" for one without
	path string
}

// handedIn reads the values of --artifact: one PATH, or NAME=PATH for each of
// several. What stands before the first = is a name when it is no path.
func handedIn(values []string) ([]handed, error) {
	var out []handed
	var names []string
	for _, value := range values {
		h := handed{path: value}
		if name, rest, ok := strings.Cut(value, "="); ok && !strings.ContainsRune(name, '/') {
			h = handed{name, rest}
			names = append(names, name)
		}
		if h.path == "" {
			return nil, fault.New(fault.Invalid, "--artifact %q names no path", value).WithHint("name a folder or file: --artifact PATH, or --artifact NAME=PATH")
		}
		out = append(out, h)
	}
	if err := deployment.CheckParts(names); err != nil {
		return nil, fault.New(fault.Invalid, "--artifact: %v", err).WithHint("write a path that holds = with its folder, like ./a=b")
	}
	if len(names) < len(out) && len(out) > 1 {
		return nil, fault.New(fault.Invalid, "--artifact: %d artifacts, of which %d have a name", len(out), len(names)).
			WithHint("give each of several artifacts a name: --artifact bundle=dist/bundle --artifact wheels=dist/wheels")
	}
	return out, nil
}

// named is the query that says which names the folders of the tar are.
func named(list []handed) string {
	q := url.Values{}
	for _, h := range list {
		if h.name != "" {
			q.Add("artifact", h.name)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// packing gives the tar of artifacts while it is written.
func packing(list []handed) io.ReadCloser {
	r, w := io.Pipe()
	go func() { w.CloseWithError(pack(w, list)) }()
	return r
}

// pack writes folders and single files as a tar of regular files, what has a name
// into the folder of its name.
func pack(w io.Writer, list []handed) error {
	tw := tar.NewWriter(w)
	for _, h := range list {
		if err := h.pack(tw); err != nil {
			return errors.Join(err, tw.Close())
		}
	}
	return tw.Close()
}

func (h handed) pack(tw *tar.Writer) error {
	root := h.path
	if info, err := os.Stat(h.path); err != nil {
		return fault.New(fault.Invalid, "--artifact: %v", err)
	} else if !info.IsDir() {
		root = filepath.Dir(h.path)
	}
	return filepath.WalkDir(h.path, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fault.New(fault.Invalid, "--artifact: %s is no regular file", file)
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		return add(tw, path.Join(h.name, filepath.ToSlash(rel)), file)
	})
}

// add writes one file under a name.
func add(tw *tar.Writer, name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	mode := int64(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: info.Size(), Format: tar.FormatPAX}); err != nil {
		return err
	}
	if _, err := io.CopyN(tw, f, info.Size()); err != nil {
		return fault.New(fault.Invalid, "--artifact: %s was changed while it was read: %v", file, err)
	}
	return nil
}
