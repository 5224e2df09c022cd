package traceability

import (
	"context"
	"path"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Readers read the files that document tests look at beside the items.
type Readers struct {
	// Outline gives the sections and links of a page of Markdown.
	Outline func(name string, data []byte) document.Outline
}

// survey is what one repository holds beside its items.
type survey struct {
	files []release.File
	pages map[string]document.Outline // by path
}

// survey reads the pages of a repository.
func (t *Tracer) survey(ctx context.Context, tree Tree, commit string, r Repository) (survey, error) {
	files, err := tree.Files(ctx, commit, "")
	if err != nil {
		return survey{}, err
	}
	s := survey{files: files, pages: map[string]document.Outline{}}
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".md") {
			continue
		}
		key := fileKey{r.Name(f.Path), f.Object, ""}
		page, known := t.surveys.get(key)
		if !known || f.Object == "" {
			data, _, err := tree.ReadFile(ctx, commit, f.Path)
			if err != nil {
				return survey{}, err
			}
			page = t.Readers.Outline(key.name, data)
			t.surveys.put(key, page)
		}
		s.pages[f.Path] = page
	}
	return s, nil
}

// holds knows the files and folders of a repository.
func (s survey) holds() func(string) bool {
	there := make(map[string]bool, len(s.files))
	for _, f := range s.files {
		for p := f.Path; p != "." && !there[p]; p = path.Dir(p) {
			there[p] = true
		}
	}
	return func(p string) bool { return there[p] }
}

// documents are the files that people approve: pages of the documentation, but
// for the notes, and every page of the requirements.
func documents(files []release.File, r Repository) []release.File {
	var out []release.File
	for _, f := range files {
		if strings.HasSuffix(f.Path, ".md") && (r == Requirements || strings.HasPrefix(f.Path, "documentation/") && !strings.HasPrefix(f.Path, release.NotesFolder)) {
			out = append(out, f)
		}
	}
	return out
}
