package verify_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/render/pdf"
	pdfseal "github.com/dc-release/dc-release/internal/adapter/seal"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// papers are final documents with a PDF.
type papers struct{ s *publishtest.Scenario }

const toolOfPapers = "dc-release 1.0.0"

func (p papers) Finals(ctx context.Context, _ state.Run, _ gate.Standing) (out []gate.RenderedDocument, err error) {
	for _, name := range []string{"certificate", "test-report-prd"} {
		tree := document.Tree{Schema: document.TreeSchema, Meta: document.Meta{Number: name, Kind: name, Stage: document.StageFinal, Tool: toolOfPapers}, Blocks: []document.Block{}}
		d := gate.RenderedDocument{Kind: name, Number: name, Name: name, Files: map[string]string{}}
		for extension, render := range map[string]func(document.Tree) ([]byte, error){"json": document.Tree.JSON, "pdf": pdf.Render} {
			data, err := render(tree)
			if err != nil {
				return nil, err
			}
			if d.Files[extension], err = p.s.Blobs.PutBytes(ctx, data); err != nil {
				return nil, err
			}
		}
		out = append(out, d)
	}
	return out, nil
}

func sealer(t *testing.T, seed byte) *pdfseal.Sealer {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &pdfseal.Sealer{Installation: publishtest.Installation, Key: key, Since: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
}

// sealedLog is a release log whose final PDF files are sealed.
func sealedLog(t *testing.T) fstest.MapFS {
	t.Helper()
	s := start(t)
	s.Publisher.Documents, s.Publisher.Seals = papers{s.Scenario}, sealer(t, 5)
	if err := s.Register("1.0.0", "").Road(t.Context(), s.effects); err != nil {
		t.Fatal(err)
	}
	return clone(t, s.source)
}

func sealing() verify.Options {
	o := options()
	o.Seals = pdfseal.Reader{}
	o.Formats = verify.Formats{Tool: toolOfPapers, Render: map[string]func(document.Tree) ([]byte, error){"pdf": pdf.Render}}
	return o
}

func TestASealedFolderVerifies(t *testing.T) {
	log := sealedLog(t)
	r := verify.Folder(log, "1.0.0", sealing())
	if !r.OK || r.Counts.Seals != 2 || r.Counts.Rendered != 2 {
		t.Fatalf("%d seals, %d rendered: %s", r.Counts.Seals, r.Counts.Rendered, r.Text())
	}
	if r := verify.Folder(log, "1.0.0", options()); r.OK {
		t.Error("verified without a reader of seals")
	}
	o := sealing()
	o.Formats.Tool = "dc-release 2.0.0"
	if r := verify.Folder(log, "1.0.0", o); !r.OK || r.Counts.Rendered != 0 {
		t.Errorf("another program compares what it cannot know: %s", r.Text())
	}
}

// Whoever has the document key and signs the folder again has not the key of the
// seal; what was sealed says what it was.
func TestAChangedSealIsFound(t *testing.T) {
	log := sealedLog(t)
	const certificate, other, seals = "1.0.0/final/certificate.pdf", "1.0.0/final/test-report-prd.pdf", "1.0.0/seals.json"
	files := func(change func(*releaselog.Seals)) fstest.MapFS { return edit(t, log, seals, change) }
	data := log[certificate].Data
	foreign, foreignCertificate := resealed(t, log[certificate].Data, publishtest.Key("other"), 5)
	replaced, _ := resealed(t, log[certificate].Data, publishtest.Key("document"), 6)
	for name, c := range map[string]struct {
		log  fstest.MapFS
		file string
	}{
		"a document without its seal":       {with(log, certificate, data[:len(data)-3000]), certificate},
		"a byte of a document":              {with(log, certificate, bytes.Replace(data, []byte("/Lang (en)"), []byte("/Lang (da)"), 1)), certificate},
		"another document in its place":     {with(log, certificate, log[other].Data), certificate},
		"a seal with another key":           {with(log, certificate, replaced), certificate},
		"a list that leaves a document out": {files(func(s *releaselog.Seals) { s.Files = s.Files[:1] }), other},
		"a list that names no file":         {files(func(s *releaselog.Seals) { s.Files[0].Path = "final/a.pdf" }), seals},
		"a list of another time":            {files(func(s *releaselog.Seals) { s.Time = "2026-03-04T13:00:00.000000Z" }), seals},
		"another digest of the document":    {files(func(s *releaselog.Seals) { s.Files[0].Unsealed = canonical.SHA256(nil) }), certificate},
		"a list that is none":               {with(log, seals, []byte("{}")), seals},
		"no list":                           {with(log, seals, nil), ""},
		"a certificate of another issuer": {edit(t, with(log, certificate, foreign), seals, func(s *releaselog.Seals) {
			s.Certificate, s.Files[0].SHA256 = foreignCertificate, canonical.SHA256(foreign)
		}), seals},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify.Folder(resign(t, c.log, "1.0.0", nil), "1.0.0", sealing())
			if c.file == "" { // then the file is not what its canonical form gives
				c.file = certificate
			}
			if r.OK || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool {
				return f.File == c.file && slices.Contains([]string{"seal", "document", "rendered"}, f.Rule)
			}) {
				t.Errorf("%s", r.Text())
			}
		})
	}
}

// resealed is a file with the seal of another key, or a certificate of another
// issuer.
func resealed(t *testing.T, data []byte, document ed25519.PrivateKey, key byte) (sealed []byte, certificate string) {
	t.Helper()
	file, _, at, err := pdfseal.Reader{}.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	sealed, der, err := sealer(t, key).Seal(document, file, at)
	if err != nil {
		t.Fatal(err)
	}
	return sealed, base64.StdEncoding.EncodeToString(der)
}

// A document that is not what its canonical form gives is named, by the program
// that made it.
func TestADocumentIsRenderedAgain(t *testing.T) {
	log := sealedLog(t)
	tree := edit(t, log, "1.0.0/final/certificate.json", func(d *document.Tree) { d.Meta.Title = "Another" })
	r := verify.Folder(resign(t, tree, "1.0.0", nil), "1.0.0", sealing())
	if r.OK || !names(r, "1.0.0/final/certificate.pdf") {
		t.Errorf("%s", r.Text())
	}
}
