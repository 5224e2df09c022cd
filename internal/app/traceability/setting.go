package traceability

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Pages are those of a commit that are there.
func (t *Tracer) Pages(ctx context.Context, p Pin) ([]document.Page, error) {
	tree, err := t.code(ctx, p)
	if err != nil {
		return nil, err
	}
	var out []document.Page
	for _, page := range document.PageFiles {
		data, ok, err := tree.ReadFile(ctx, p.Code, page.Path)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		blocks := t.Page(data)
		if page.Section != "" {
			blocks = section(blocks, page.Section)
		}
		out = append(out, document.Page{Name: page.Name, Path: page.Path, SHA256: canonical.SHA256(data), Blocks: items(blocks)})
	}
	return out, nil
}

// section is what stands below a heading, up to the next of its level.
func section(blocks []document.Block, title string) []document.Block {
	at := slices.IndexFunc(blocks, func(b document.Block) bool {
		return b.Heading != nil && strings.EqualFold(strings.TrimSpace(b.Heading.Text), title)
	})
	if at < 0 {
		return nil
	}
	rest := blocks[at+1:]
	end := slices.IndexFunc(rest, func(b document.Block) bool {
		return b.Heading != nil && b.Heading.Level <= blocks[at].Heading.Level
	})
	if end < 0 {
		return rest
	}
	return rest[:end]
}

// items leaves out the items of a page: they are printed with their states
// elsewhere.
func items(blocks []document.Block) []document.Block {
	at := slices.IndexFunc(blocks, func(b document.Block) bool { return b.Heading != nil && isItem(b.Heading.Text) })
	if at < 0 {
		return blocks
	}
	return blocks[:at]
}

func isItem(heading string) bool {
	word, _, _ := strings.Cut(heading, ":")
	word, _, _ = strings.Cut(word, " ")
	return evidence.IsID(word)
}

// Configuration are the files of a commit that configure the product: its own
// settings, the bundle and what the bundle includes.
func (t *Tracer) Configuration(ctx context.Context, p Pin) ([]document.File, error) {
	tree, err := t.code(ctx, p)
	if err != nil {
		return nil, err
	}
	files, err := tree.Files(ctx, p.Code, "")
	if err != nil {
		return nil, err
	}
	var out []document.File
	for _, f := range files {
		if !configures(f.Path) {
			continue
		}
		data, _, err := tree.ReadFile(ctx, p.Code, f.Path)
		if err != nil {
			return nil, err
		}
		out = append(out, document.File{Path: f.Path, SHA256: canonical.SHA256(data)})
	}
	return out, nil
}

func configures(file string) bool {
	if file == policy.FileName || file == "databricks.yml" || file == "databricks.yaml" {
		return true
	}
	extension := path.Ext(file)
	return strings.HasPrefix(file, "resources/") && (extension == ".yml" || extension == ".yaml" || extension == ".json")
}

// Commits are those since the previous release, "" for all of the history.
func (t *Tracer) Commits(ctx context.Context, p Pin, previous string) ([]release.Commit, error) {
	s, err := t.Solutions.Solution(ctx, p.Solution)
	if err != nil {
		return nil, err
	}
	history, err := t.Repositories.History(ctx, s.Baseline, Code)
	if err != nil {
		return nil, err
	}
	return history.Commits(ctx, previous, p.Code)
}

func (t *Tracer) code(ctx context.Context, p Pin) (Tree, error) {
	s, err := t.Solutions.Solution(ctx, p.Solution)
	if err != nil {
		return nil, err
	}
	return t.Repositories.CodeTree(ctx, s.Baseline)
}
