package drift_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/deploy/localdir"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/drift"
	"github.com/dc-release/dc-release/internal/app/solution"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/archtest/measure"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// The size of what is watched: products, each with one place, and its files.
const (
	products  = 100
	files     = 20
	fileBytes = 8 << 10
)

// watched is a store with products that are deployed, each into a directory below
// the one that is given back.
func watched(b *testing.B) (*drift.Watch, string) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	root := b.TempDir()
	engine, err := sqlite.Open(b.Context(), filepath.Join(root, "ledger.db"))
	must(err)
	store, err := sqlstore.Open(b.Context(), engine, sqlstore.Config{
		Now: time.Now, NewID: func() string { return ulid.Make().String() }, Build: "test",
		NewSalt: func() ([]byte, error) { return bytes.Repeat([]byte{7}, ledger.SaltSize), nil },
	})
	must(err)
	b.Cleanup(func() { must(store.Close()) })
	blobs, err := dir.Open(filepath.Join(root, "blobs"))
	must(err)
	d := &deploy.Deployer{
		Log: store, State: &state.Reader{Log: store, Blobs: blobs}, Blobs: blobs, Solutions: &solution.Registry{Log: store, Lists: store},
		Targets: map[string]deploy.Target{"localdir": localdir.Target{}},
	}
	for i := range products {
		key, at := fmt.Sprintf("product-%d", i), filepath.Join(root, "places", fmt.Sprint(i))
		a := deploy.Artifact{Tree: product(b, blobs, key), Open: blobs.Open}
		place := deploy.Place{Solution: key, Environment: "prd", Config: map[string]string{"dir": at}}
		plan := deployment.Plan{Schema: deployment.PlanSchema, Solution: key, Environment: "prd", Version: "1.0.0", Artifact: a.Tree.Digest(), Target: "localdir", Expected: a.Tree.State()}
		must(localdir.Target{}.Apply(b.Context(), deploy.NewCall(place, blobs), a, plan))
		raw, err := canonical.Marshal(plan.Whole())
		must(err)
		digest, err := blobs.PutBytes(b.Context(), raw)
		must(err)
		_, err = store.Append(b.Context(), ledger.Batch{
			Command: key, Actor: ledger.Actor{Kind: ledger.Machine, ID: "test", Authentication: "internal"},
			Events: []ledger.Draft{
				{Stream: ledger.SolutionStream(key), Data: &policy.SolutionAdded{Baseline: policy.Baseline{
					Solution: key, Profile: policy.NonGxP, Code: "/code", Environments: map[string]policy.Environment{"prd": {Target: "localdir", Config: place.Config}},
				}}},
				{Stream: ledger.EnvironmentStream(key, "prd"), Data: &deployment.Deployed{
					Environment: "prd", Version: "1.0.0", Tree: a.Tree.Digest(), Target: "localdir", Run: "run", Execution: "run/1/deploy/1", Plan: digest,
				}},
			},
		})
		must(err)
	}
	return &drift.Watch{Solutions: store.Solutions, Deployer: d, Deviations: none{b}}, filepath.Join(root, "places")
}

// product is the artifact of one.
func product(b *testing.B, blobs deploy.Blobs, key string) deployment.Tree {
	b.Helper()
	var list []deployment.TreeFile
	for i := range files {
		data := []byte(strings.Repeat(fmt.Sprintf("%s %d\n", key, i), fileBytes)[:fileBytes])
		digest, err := blobs.PutBytes(b.Context(), data)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, deployment.TreeFile{Path: fmt.Sprintf("src/part%d/file%d.py", i%5, i), SHA256: digest, Size: fileBytes})
	}
	tree, err := deployment.NewTree(list)
	if err != nil {
		b.Fatal(err)
	}
	return tree
}

// none wants no difference.
type none struct{ b *testing.B }

func (n none) Drifted(_ context.Context, solution, _, environment string, found []string) error {
	n.b.Errorf("%s in %s: %v", solution, environment, found)
	return nil
}

// counting counts the releases that are looked at.
type counting struct {
	drift.Deployer
	releases int
}

func (c *counting) Drifted(ctx context.Context, solution, environment string) (string, []string, error) {
	version, found, err := c.Deployer.Drifted(ctx, solution, environment)
	if version != "" {
		c.releases++
	}
	return version, found, err
}

// BenchmarkDriftOfHundredProducts is one round of the watch over 100 products of 20
// files. The peer reads and hashes the same files and knows nothing else: round/hash
// is what the ledger, the plan and the comparison cost beside that.
func BenchmarkDriftOfHundredProducts(b *testing.B) {
	watch, places := watched(b)
	looked := &counting{Deployer: watch.Deployer}
	watch.Deployer = looked
	var round, hash []measure.Cost
	for b.Loop() {
		round = append(round, measure.Call(b, func() {
			if err := watch.Round(b.Context(), time.Now()); err != nil {
				b.Error(err)
			}
		}))
		if looked.releases != products*len(round) {
			b.Fatalf("looked at %d releases", looked.releases)
		}
		hash = append(hash, measure.Call(b, func() {
			if n := hashed(b, places); n != products*files {
				b.Errorf("hashed %d files", n)
			}
		}))
	}
	measure.Report(b, round)
	measure.Ratio(b, round, hash, "round/hash")
}

// hashed reads every file below a directory as simply as it goes.
func hashed(b *testing.B, at string) (n int) {
	b.Helper()
	err := filepath.WalkDir(at, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		n++
		_, err = io.Copy(sha256.New(), f)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}
