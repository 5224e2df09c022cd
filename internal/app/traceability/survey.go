package traceability

import (
	"context"
	"path"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// Readers read the files that document tests look at beside the items.
type Readers struct {
	// Outline gives the sections and links of a page of Markdown.
	Outline func(name string, data []byte) document.Outline
	// Feature gives the scenarios of a Gherkin file, and why it cannot be read.
	Feature   func(name string, data []byte) ([]trace.Scenario, []document.Finding)
	IsFeature func(path string) bool
	// Bundle finds the specifications that the files of a bundle name.
	Bundle   func(files map[string][]byte) []trace.Claim
	IsBundle func(path string) bool
}

// survey is what one repository holds beside its items.
type survey struct {
	files     []release.File
	pages     map[string]document.Outline // by path
	scenarios []trace.Scenario
	claims    []trace.Claim
	findings  []document.Finding
}

// surveyed is what one file gives to it.
type surveyed struct {
	page      document.Outline
	scenarios []trace.Scenario
	findings  []document.Finding
}

// survey reads the pages, features and bundle files of a repository.
func (t *Tracer) survey(ctx context.Context, tree Tree, commit string, r Repository) (survey, error) {
	files, err := tree.Files(ctx, commit, "")
	if err != nil {
		return survey{}, err
	}
	s := survey{files: files, pages: map[string]document.Outline{}}
	bundle := map[string][]byte{}
	for _, f := range files {
		isPage, isFeature, isBundle := strings.HasSuffix(f.Path, ".md"), t.Readers.IsFeature(f.Path), r == Code && t.Readers.IsBundle(f.Path)
		if !isPage && !isFeature && !isBundle {
			continue
		}
		name := r.prefix() + f.Path
		found, known := t.surveys.get(name, f.Object)
		if !known || isBundle {
			data, _, err := tree.ReadFile(ctx, commit, f.Path)
			if err != nil {
				return survey{}, err
			}
			switch {
			case isBundle:
				bundle[f.Path] = data
			case isPage:
				found.page = t.Readers.Outline(name, data)
			default:
				found.scenarios, found.findings = t.Readers.Feature(name, data)
			}
			t.surveys.put(name, f.Object, found)
		}
		if isPage {
			s.pages[f.Path] = found.page
		}
		s.scenarios, s.findings = append(s.scenarios, found.scenarios...), append(s.findings, found.findings...)
	}
	s.claims = t.Readers.Bundle(bundle)
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
