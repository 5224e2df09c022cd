package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// folder is the content of a published folder, earlier ledger parts apart.
type folder struct {
	files      map[string]Content
	externals  []releaselog.External
	checkpoint []byte
}

// folder gathers every file of a publication.
func (p *Publisher) folder(ctx context.Context, h *history) (*folder, error) {
	f := &folder{files: map[string]Content{}}
	parts, checkpoint, err := p.ledgerPart(ctx, h)
	if err != nil {
		return nil, err
	}
	f.checkpoint = checkpoint
	for path, data := range parts {
		f.files[path] = Bytes(data)
	}
	for _, add := range []func(context.Context, *history, *folder) error{p.note, p.gates, p.signatures, p.statements, p.evidence, p.records, p.finals, p.sealFinals} {
		if err := add(ctx, h, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// blob measures and checks a blob; it is read again when it is written.
func (p *Publisher) blob(ctx context.Context, digest string) (c Content, err error) {
	open := func(ctx context.Context) (io.ReadCloser, error) { return p.Blobs.Open(ctx, digest) }
	r, err := open(ctx)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	sum := sha256.New()
	size, err := io.Copy(sum, r)
	if err != nil {
		return c, fmt.Errorf("read blob %s: %w", digest, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != digest {
		return c, fmt.Errorf("read blob %s: it holds other bytes (%s)", digest, got)
	}
	return Content{SHA256: digest, Size: size, Open: open}, nil
}

func (p *Publisher) add(ctx context.Context, f *folder, path, digest string) error {
	c, err := p.blob(ctx, digest)
	if err != nil {
		return fmt.Errorf("file %q: %w", path, err)
	}
	f.files[path] = c
	return nil
}

// note is the release note as it was tagged.
func (p *Publisher) note(ctx context.Context, h *history, f *folder) error {
	if r, ok := h.subject.events[0].Data.(*release.Registered); ok {
		return p.add(ctx, f, "release-note.md", r.Note)
	}
	return nil
}

// plan adds what the deployment behind a gate was planned to do, as its signers
// saw it.
func (p *Publisher) plan(ctx context.Context, f *folder, name, manifest string) error {
	m, err := p.State.Manifest(ctx, manifest)
	if err != nil || m.Deployment == nil {
		return err
	}
	return p.add(ctx, f, releaselog.PlanPath(name), m.Deployment.Plan)
}

// gates adds manifest, plan and documents of every consumed gate.
func (p *Publisher) gates(ctx context.Context, h *history, f *folder) error {
	s := h.standing()
	for _, def := range gate.GxP {
		g := s.Gate(def.Name)
		if g.Phase != gate.PhaseConsumed {
			continue
		}
		if err := p.add(ctx, f, releaselog.ManifestPath(def.Name), g.Opened.Manifest); err != nil {
			return err
		}
		if err := p.plan(ctx, f, def.Name, g.Opened.Manifest); err != nil {
			return err
		}
		for _, d := range g.Opened.Documents {
			for extension, digest := range d.Files {
				if err := p.add(ctx, f, releaselog.DraftPath(def.Name, d.Name, extension), digest); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// signatures adds what every person signed, with the envelope around it; those
// that do not count too.
func (p *Publisher) signatures(ctx context.Context, h *history, f *folder) error {
	for _, e := range h.subject.from(h.after).events {
		m, ok := e.Data.(*signature.Made)
		if !ok {
			continue
		}
		if err := p.add(ctx, f, releaselog.SignaturePath(m.Signature), m.Payload); err != nil {
			return err
		}
		if err := p.add(ctx, f, releaselog.AttestationPath(m.Signature), m.Envelope); err != nil {
			return err
		}
		if m.Meaning != signature.AuditTrailReviewed {
			continue
		}
		if err := p.add(ctx, f, releaselog.ReviewPath(m.Signature), m.Manifest); err != nil {
			return err
		}
	}
	return nil
}

// evidence adds raw result files; logs, artifacts and what is large are named
// with their digest.
func (p *Publisher) evidence(ctx context.Context, h *history, f *folder) error {
	for _, c := range append([]chain{h.subject}, h.others...) {
		for _, e := range c.from(h.after).events {
			var err error
			switch d := e.Data.(type) {
			case *evidence.Recorded:
				err = p.items(ctx, f, d)
			case *component.Described:
				err = p.reports(ctx, f, d)
			case *pipeline.ExecutionFinished:
				err = p.outputs(ctx, f, d)
			case *pipeline.LogKept:
				err = p.external(ctx, f, "log/"+d.Execution, d.Log, "log")
			case *pipeline.ArtifactKept:
				err = p.external(ctx, f, "artifact/"+d.Execution+"/files.json", d.Manifest, "artifact")
			}
			if err != nil {
				return err
			}
		}
		if err := p.captured(ctx, f, c.from(h.after).events); err != nil {
			return err
		}
	}
	return nil
}

// captured adds what testers worked with step by step: the script of each
// execution and the files that they captured.
func (p *Publisher) captured(ctx context.Context, f *folder, events []ledger.Event) error {
	var list []acceptance.Acceptance
	for _, e := range events {
		list = acceptance.Apply(list, e)
	}
	for _, a := range list {
		for _, file := range a.Files() {
			path := releaselog.EvidencePath(a.Environment, "acceptance/"+a.Acceptance, file.Name, file.SHA256)
			if f.occupied(path, file.SHA256) {
				path = releaselog.EvidencePath(a.Environment, "acceptance/"+a.Acceptance, file.SHA256, file.SHA256)
			}
			if file.Size > releaselog.MaxStored {
				f.externals = append(f.externals, releaselog.External{Name: path, SHA256: file.SHA256, Size: file.Size, External: true, Why: "size"})
				continue
			}
			if err := p.add(ctx, f, path, file.SHA256); err != nil {
				return err
			}
		}
	}
	return nil
}

// reports adds what jobs handed in about the artifact, of every attempt.
func (p *Publisher) reports(ctx context.Context, f *folder, d *component.Described) error {
	for _, r := range d.Reports {
		path := releaselog.ReportPath(r.Kind, r.SHA256)
		if r.Size > releaselog.MaxStored {
			f.externals = append(f.externals, releaselog.External{Name: path, SHA256: r.SHA256, Size: r.Size, External: true, Why: "size"})
			continue
		}
		if err := p.add(ctx, f, path, r.SHA256); err != nil {
			return err
		}
	}
	return nil
}

func (p *Publisher) items(ctx context.Context, f *folder, d *evidence.Recorded) error {
	source := d.Execution
	switch {
	case source != "":
	case d.Signature != "":
		source = "person/" + d.Signature
	case d.Job != "":
		source = "job/" + d.Job
	default:
		source = "installation"
	}
	for _, item := range d.Items {
		path := releaselog.EvidencePath(item.Environment, source, item.Name, item.SHA256)
		if f.occupied(path, item.SHA256) {
			path = releaselog.EvidencePath(item.Environment, source, item.SHA256, item.SHA256)
		}
		if item.Size > releaselog.MaxStored {
			f.externals = append(f.externals, releaselog.External{Name: path, SHA256: item.SHA256, Size: item.Size, External: true, Why: "size"})
			continue
		}
		if err := p.add(ctx, f, path, item.SHA256); err != nil {
			return err
		}
	}
	return nil
}

// occupied reports whether other bytes stand at the path, or a folder where a
// file should be.
func (f *folder) occupied(path, digest string) bool {
	if c, ok := f.files[path]; ok {
		return c.SHA256 != digest
	}
	for there := range f.files {
		if strings.HasPrefix(there, path+"/") || strings.HasPrefix(path, there+"/") {
			return true
		}
	}
	return false
}

func (p *Publisher) outputs(ctx context.Context, f *folder, d *pipeline.ExecutionFinished) error {
	if d.Log != "" {
		if err := p.external(ctx, f, "log/"+d.Execution, d.Log, "log"); err != nil {
			return err
		}
	}
	for _, a := range d.Artifacts {
		f.externals = append(f.externals, releaselog.External{Name: "artifact/" + d.Execution + "/" + a.Name, SHA256: a.SHA256, Size: a.Size, External: true, Why: "artifact"})
	}
	return nil
}

func (p *Publisher) external(ctx context.Context, f *folder, name, digest, why string) error {
	c, err := p.blob(ctx, digest)
	if err != nil {
		return fmt.Errorf("file %q: %w", name, err)
	}
	f.externals = append(f.externals, releaselog.External{Name: name, SHA256: digest, Size: c.Size, External: true, Why: why})
	return nil
}

// finals renders the documents of record after the last gate.
func (p *Publisher) finals(ctx context.Context, h *history, f *folder) error {
	if h.gate != gate.ApproveForUse {
		return nil
	}
	registered, ok := h.subject.events[0].Data.(*release.Registered)
	if !ok {
		return fmt.Errorf("stream %s is no release", h.subject.name)
	}
	run, err := p.State.Run(ctx, registered.Run)
	if err != nil {
		return err
	}
	documents, err := p.Documents.Finals(ctx, run, h.standing())
	if err != nil {
		return fmt.Errorf("render final documents: %w", err)
	}
	if len(documents) == 0 {
		return errors.New("render final documents: there are none")
	}
	for _, d := range documents {
		for extension, digest := range d.Files {
			if err := p.add(ctx, f, releaselog.FinalPath(d.Name, extension), digest); err != nil {
				return err
			}
		}
	}
	return nil
}

// index describes the folder as it will be: what is there and what is written.
func (p *Publisher) index(h *history, f *folder, there releaselog.Index, written map[string]Content) releaselog.Index {
	x := releaselog.Index{
		Installation: p.Keys.Installation, Solution: h.solution, Folder: h.folder, Version: h.version,
		Publication: h.publication, Gate: h.gate, State: releaselog.StateDraft,
		Ledger: releaselog.Position{Origin: p.origin(), Size: h.size, Part: h.part()},
	}
	if h.gate == gate.ApproveForUse || h.rollback != nil {
		x.State = releaselog.StateAuthorised
	}
	if n := len(h.before); n > 0 {
		x.Previous = h.before[n-1].index
	}
	for _, old := range there.Files {
		if _, replaced := written[h.folder+"/"+old.Path]; !replaced {
			x.Files = append(x.Files, old)
		}
	}
	for path, c := range written {
		x.Files = append(x.Files, releaselog.File{Path: strings.TrimPrefix(path, h.folder+"/"), SHA256: c.SHA256, Size: c.Size})
	}
	seen := map[releaselog.External]bool{}
	for _, e := range f.externals {
		if !seen[e] {
			seen[e] = true
			x.Externals = append(x.Externals, e)
		}
	}
	return x
}
