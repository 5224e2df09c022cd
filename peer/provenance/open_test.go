// Package provenance_test opens what is published with other people's
// libraries: nothing of the product takes part in reading it.
package provenance_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/oklog/ulid/v2"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// published gives a folder of a release log after its first gate.
func published(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	source := filepath.Join(root, "release-log")
	run("-c", "init.defaultBranch=main", "init", "--quiet", "--bare", source)
	engine, err := sqlite.Open(t.Context(), filepath.Join(root, "ledger.db"))
	must(err)
	now := time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)
	store, err := sqlstore.Open(t.Context(), engine, sqlstore.Config{
		Now: func() time.Time { now = now.Add(time.Second); return now }, NewID: func() string { return ulid.Make().String() },
		NewSalt: func() ([]byte, error) { return bytes.Repeat([]byte{7}, ledger.SaltSize), nil }, Build: "test",
	})
	must(err)
	t.Cleanup(func() { _ = store.Close() })
	effects := make(chan []byte, 10)
	store.OnEffects(func(_ context.Context, _ sqlstore.Tx, list []ledger.Effect) error {
		for _, e := range list {
			effects <- e.Args
		}
		return nil
	})
	blobs, err := dir.Open(filepath.Join(root, "blobs"))
	must(err)
	mirror, err := git.OpenReleaseLog(t.Context(), source, filepath.Join(root, "mirror.git"))
	must(err)
	read := func(name string, data []byte) evidence.Report {
		r, _ := testresult.Read(name, bytes.NewReader(data))
		return r
	}
	s := publishtest.New(t, store, blobs, func(context.Context, policy.Solution) (publish.ReleaseLog, error) { return mirror, nil }, read)
	_, _, err = s.Register("1.0.0", "").Publish(t.Context(), gate.PreVal, func() [][]byte {
		select {
		case args := <-effects:
			return [][]byte{args}
		default:
			return nil
		}
	})
	must(err)
	run("clone", "--quiet", "--branch", "main", source, filepath.Join(root, "clone"))
	return filepath.Join(root, "clone", "1.0.0")
}

// verifier is the attest key of keys.json for the library.
type verifier struct {
	id  string
	key ed25519.PublicKey
}

func (v verifier) KeyID() (string, error)   { return v.id, nil }
func (v verifier) Public() crypto.PublicKey { return v.key }
func (v verifier) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(v.key, data, sig) {
		return errors.New("signature is wrong")
	}
	return nil
}

func attestKey(t *testing.T, folder string) verifier {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	var keys struct {
		Keys []struct{ Name, ID, Public string } `json:"keys"`
	}
	if err := json.Unmarshal(raw, &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range keys.Keys {
		if k.Name == "attest" {
			public, err := base64.StdEncoding.DecodeString(k.Public)
			if err != nil {
				t.Fatal(err)
			}
			return verifier{k.ID, public}
		}
	}
	t.Fatal("keys.json has no attest key")
	return verifier{}
}

// TestOtherPeoplesLibrariesReadEveryStatement opens every envelope of a folder
// with the DSSE library, and every statement with that of in-toto.
func TestOtherPeoplesLibrariesReadEveryStatement(t *testing.T) {
	folder := published(t)
	opener, err := dsse.NewEnvelopeVerifier(attestKey(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "attestations", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var e dsse.Envelope
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		if by, err := opener.Verify(t.Context(), &e); err != nil || len(by) != 1 {
			t.Errorf("%s: accepted by %d keys: %v", file, len(by), err)
		}
		kinds[e.PayloadType]++
		if e.PayloadType != "application/vnd.in-toto+json" {
			continue
		}
		body, err := e.DecodeB64Payload()
		if err != nil {
			t.Fatal(err)
		}
		var s intoto.Statement
		if err := protojson.Unmarshal(body, &s); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		kinds[s.GetPredicateType()[strings.LastIndexAny(s.GetPredicateType(), "#/")+1:]]++
		if strings.HasPrefix(filepath.Base(file), "build-") {
			isBuild(t, &s)
		}
		e.Payload = base64.StdEncoding.EncodeToString(append(body, ' '))
		if _, err := opener.Verify(t.Context(), &e); err == nil {
			t.Errorf("%s: a changed payload is accepted", file)
		}
	}
	for _, kind := range []string{"application/vnd.in-toto+json", "application/vnd.dc-release.signature+json", "v1", "test-result-v1", "deployment-v1", "approval-v1"} {
		if kinds[kind] == 0 {
			t.Errorf("there is no %s among %v", kind, kinds)
		}
	}
}

// isBuild reads the predicate as SLSA provenance v1.
func isBuild(t *testing.T, s *intoto.Statement) {
	t.Helper()
	raw, err := protojson.Marshal(s.GetPredicate())
	if err != nil {
		t.Fatal(err)
	}
	var p slsa.Provenance
	if err := protojson.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	if p.GetRunDetails().GetMetadata().GetStartedOn().AsTime().IsZero() || len(s.GetSubject()) != 3 {
		t.Errorf("started %v, subjects %v", p.GetRunDetails().GetMetadata().GetStartedOn(), s.GetSubject())
	}
}
