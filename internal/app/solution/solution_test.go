package solution_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/solution"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestASolutionIsFoundByItsKeyAlone(t *testing.T) {
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.Open(t.Context(), engine, sqlstore.Config{
		Now: time.Now, NewID: func() string { return ulid.Make().String() }, Build: "test",
		NewSalt: func() ([]byte, error) { return bytes.Repeat([]byte{7}, ledger.SaltSize), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	r := solution.Registry{Log: store, Lists: store}
	for _, key := range []string{"corp", "corp-procurement"} {
		b := policy.Baseline{Solution: key, Profile: policy.NonGxP, Code: "/" + key, Environments: map[string]policy.Environment{}}
		for _, place := range policy.Places {
			b.Environments[place] = policy.Environment{Target: "localdir", Config: map[string]string{"dir": "/" + place}}
		}
		if err := r.Add(t.Context(), ledger.Actor{Kind: ledger.Machine, ID: "test", Authentication: "internal"}, b, "it is new"); err != nil {
			t.Fatal(err)
		}
	}
	all, err := r.List(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, want := range all {
		got, err := r.Solution(t.Context(), want.Solution)
		if err != nil || got.Code != "/"+want.Solution || got.Digest != want.Digest {
			t.Errorf("%s: %+v, %v", want.Solution, got, err)
		}
	}
	for _, key := range []string{"", "Corp", "corp-", "%"} {
		if got, err := r.Solution(t.Context(), key); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%q: %+v, %v", key, got, err)
		}
	}
}
