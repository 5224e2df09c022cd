package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// grown holds the root of every batch against a tree that is made anew of all
// records: batches of two stores on one engine, and in between such that fail
// after their events were hashed.
func grown(t *testing.T, stores []*sqlstore.Store) {
	var told ledger.Head
	for _, s := range stores {
		s.OnHead(func(h ledger.Head, _ []ledger.Event) error { told = h; return nil })
		s.OnEffects(func(context.Context, sqlstore.Tx, []ledger.Effect) error { return errors.New("no room") })
	}
	for i := range 60 {
		b := batch(fmt.Sprint("good-", i))
		for k := range i%3 + 1 {
			b.Events = append(b.Events, on("run/A", refused(fmt.Sprint(i, k))))
		}
		bad := b
		bad.Command, bad.Effects = fmt.Sprint("bad-", i), []ledger.Effect{{Kind: "x", Key: "k"}}
		if _, err := stores[i/2%2].Append(t.Context(), bad); err == nil {
			t.Fatal("appended although the effect failed")
		}
		must(t, stores[i%2], b)
		records, err := stores[0].Records(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		var tree ledger.Memory
		for _, r := range records {
			if err := tree.Add(r.LeafHash()); err != nil {
				t.Fatal(err)
			}
		}
		root, err := tree.Root()
		if err != nil {
			t.Fatal(err)
		}
		stored, err := stores[0].Head(t.Context())
		if want := (ledger.Head{Size: tree.Size(), Root: root}); err != nil || told != want || stored != want {
			t.Fatalf("batch %d: told %v, stored %v (%v), want %v", i, told, stored, err, want)
		}
	}
}

func proofs(t *testing.T, s *sqlstore.Store, _ *Clock) {
	var heads []ledger.Head
	for i := range 13 {
		must(t, s, batch(fmt.Sprint(i), on("run/A", refused(fmt.Sprint(i)))))
		h, err := s.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, h)
	}
	records, err := s.Records(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Hashes(t.Context(), func(size int64, r tlog.HashReader) error {
		last := heads[len(heads)-1]
		for i, rec := range records {
			p, err := tlog.ProveRecord(size, int64(i), r)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(p, size, last.Root, int64(i), rec.LeafHash()); err != nil {
				t.Errorf("leaf %d: %v", i, err)
			}
		}
		for _, h := range heads {
			p, err := tlog.ProveTree(size, h.Size, r)
			if err != nil {
				return err
			}
			if err := tlog.CheckTree(p, size, last.Root, h.Size, h.Root); err != nil {
				t.Errorf("head %d: %v", h.Size, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
