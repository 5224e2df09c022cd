package wire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/seal"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/tsa"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/face/cli/audit"
)

// Verify implements "dc-release audit verify" of a program: it reads and never
// becomes the owner, so that it works beside one and on a store in integrity
// hold.
func Verify(build string) func(context.Context, audit.Verification) (verify.Report, error) {
	return func(ctx context.Context, q audit.Verification) (verify.Report, error) {
		return verifyFor(ctx, build, q)
	}
}

// formats are what a program renders documents in. One that is no release says
// the same of itself as others that are none, so it cannot tell whether a document
// is its own.
func formats(build string) verify.Formats {
	if strings.Contains(build, "devel") || strings.Contains(build, "dirty") {
		return verify.Formats{}
	}
	f := verify.Formats{Tool: tool(build).Printed(), Render: map[string]func(document.Tree) ([]byte, error){}}
	for _, r := range renderers {
		f.Render[r.Extension] = r.Render
	}
	return f
}

func verifyFor(ctx context.Context, build string, q audit.Verification) (verify.Report, error) {
	trust, err := readTrust(q.Trust)
	if err != nil {
		return verify.Report{}, err
	}
	roots, err := tsa.Roots(q.TSACA)
	if err != nil {
		return verify.Report{}, err
	}
	stamps := tsa.Verifier{Roots: roots}
	if q.Export != "" {
		file, err := os.Open(q.Export)
		if err != nil {
			return verify.Report{}, fault.New(fault.NotFound, "--export: %v", err)
		}
		return verify.Export(file, trust), file.Close()
	}
	if q.ReleaseLog != "" {
		info, err := os.Stat(filepath.Join(q.ReleaseLog, filepath.FromSlash(q.Version)))
		if err != nil || !info.IsDir() {
			return verify.Report{}, fault.New(fault.NotFound, "%s has no folder %s", q.ReleaseLog, q.Version)
		}
		return verify.Folder(os.DirFS(q.ReleaseLog), q.Version, verify.Options{
			Trust: trust, Results: readWhole, Stamps: stamps, Seals: seal.Reader{}, Formats: formats(build),
		}), nil
	}
	path := filepath.Join(q.Data, "ledger.db")
	if _, err := os.Stat(path); err != nil {
		return verify.Report{}, fault.New(fault.NotFound, "no ledger in %s", q.Data).WithHint("name the data directory with --data, or a release log with --release-log")
	}
	engine, err := sqlite.OpenReadOnly(path)
	if err != nil {
		return verify.Report{}, err
	}
	notes := map[string][]byte{}
	if head, err := os.ReadFile(headNote(q.Data)); err == nil {
		notes["head.note"] = head
	}
	if err := anchors(ctx, q.Data, notes); err != nil {
		return verify.Report{}, errors.Join(err, engine.Close())
	}
	kept, err := keptAnchors(q.Data)
	if err == nil {
		err = handedIn(slices.Concat(kept, q.Anchors), trust, notes)
	}
	o := verify.StoreOptions{Trust: trust, Notes: notes, Stamps: stamps}
	if err == nil {
		o.Stamped, err = stamped(ctx, q.Data)
	}
	if err != nil {
		return verify.Report{}, errors.Join(err, engine.Close())
	}
	report, err := verify.Store(ctx, sqlstore.ForVerification(engine), o)
	return report, errors.Join(err, engine.Close())
}

// anchors adds the checkpoints that publications left in release logs, as far
// as their mirrors have them.
func anchors(ctx context.Context, data string, notes map[string][]byte) error {
	return mirrored(ctx, data, func(a releaselog.Anchors) {
		for size, note := range a.Notes {
			notes["release log "+releaselog.AnchorPath(a.Origin, size)] = note
		}
	})
}

// stamped are the time stamps beside them.
func stamped(ctx context.Context, data string) (out []verify.Stamped, err error) {
	err = mirrored(ctx, data, func(a releaselog.Anchors) {
		for _, size := range slices.Sorted(maps.Keys(a.Tokens)) {
			out = append(out, verify.Stamped{
				Where: "release log " + releaselog.TokenPath(a.Origin, size), Size: size, Note: a.Notes[size], Token: a.Tokens[size],
			})
		}
	})
	return out, err
}

// mirrored reads the branch of anchors in the mirror of each release log.
func mirrored(ctx context.Context, data string, each func(releaselog.Anchors)) error {
	dirs, err := filepath.Glob(filepath.Join(data, "git", "*", "release-log.git"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		repo, err := git.Open(ctx, dir)
		if err != nil {
			return err
		}
		all, err := branchFiles(ctx, repo, releaselog.AnchorBranch)
		if err != nil {
			return err
		}
		epochs, _ := releaselog.ReadAnchors(all)
		for _, a := range epochs {
			each(a)
		}
	}
	return nil
}

// handedIn adds the checkpoints that were named, and those of the trust file.
func handedIn(files []string, trust *releaselog.Trust, notes map[string][]byte) error {
	add := func(where string, data []byte) error {
		note, err := verify.Anchor(data, trust)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		notes[where] = note
		return nil
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return fault.New(fault.Invalid, "anchor: %v", err)
		}
		if err := add("anchor "+file, raw); err != nil {
			return err
		}
	}
	if trust == nil {
		return nil
	}
	for i, text := range trust.Anchors {
		if err := add(fmt.Sprintf("anchor %d of the trust file", i+1), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

func readTrust(path string) (*releaselog.Trust, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "--trust: %v", err)
	}
	trust, err := releaselog.ParseTrust(raw)
	if err != nil {
		return nil, fault.New(fault.Invalid, "--trust: %v", err)
	}
	return &trust, nil
}
