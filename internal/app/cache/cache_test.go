package cache_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/store/storetest"
	"github.com/dc-release/dc-release/internal/app/cache"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

type fixture struct {
	*cache.Caches
	clock *storetest.Clock
	root  string // of the blobs
}

func open(t *testing.T) fixture {
	t.Helper()
	store, clock := storetest.New(t, func(t *testing.T) sqlstore.Engine {
		e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
	root := t.TempDir()
	blobs, err := dir.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return fixture{Caches: &cache.Caches{Store: store, Blobs: blobs, Now: clock.Now}, clock: clock, root: root}
}

// failing is what a test and a property end with.
type failing interface {
	Helper()
	Fatal(args ...any)
	Errorf(format string, args ...any)
}

func (f fixture) save(t failing, scope, key, text string) bool {
	t.Helper()
	f.clock.Move(time.Second)
	saved, err := f.Save(ctx(t), cache.Entry{Solution: "corp", Scope: scope, Key: key, Version: "v1"}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

// find gives "scope key", "" for nothing.
func (f fixture) find(t failing, scopes, keys string) string {
	t.Helper()
	f.clock.Move(time.Second)
	e, ok, err := f.Find(ctx(t), cache.Query{Solution: "corp", Scopes: strings.Fields(scopes), Keys: strings.Fields(keys), Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return ""
	}
	return e.Scope + " " + e.Key
}

func (f fixture) read(t failing, scope, key string) (string, error) {
	t.Helper()
	f.clock.Move(time.Second)
	r, err := f.Read(ctx(t), cache.Query{Solution: "corp", Scopes: []string{scope}, Keys: []string{key}, Version: "v1"})
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	return string(b), errors.Join(err, r.Close())
}

func (f fixture) blobs(t failing) int {
	t.Helper()
	list, err := f.Blobs.Digests(ctx(t))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestACacheIsFoundAsOnGitHub(t *testing.T) {
	f := open(t)
	for _, e := range []string{"main deps-1", "main deps-2", "main other", "topic deps-0", "topic deps-00", "main deps-20", "main only-main-1"} {
		scope, key, _ := strings.Cut(e, " ")
		if !f.save(t, scope, key, e) {
			t.Fatalf("%s is taken", e)
		}
	}
	tests := []struct{ name, scopes, keys, want string }{
		{"the key itself", "topic main", "deps-0", "topic deps-0"},
		{"the key itself, though a newer one begins with it", "main", "deps-2", "main deps-2"},
		{"else the newest that begins with it", "main", "deps-", "main deps-20"},
		{"the own ref before the default branch, even with a later key", "topic main", "deps-1 deps-", "topic deps-00"},
		{"keys in their order", "main", "none- other deps-", "main other"},
		{"the default branch when the own ref has nothing", "topic main", "only-", "main only-main-1"},
		{"nothing", "topic", "only-", ""},
		{"an empty key finds nothing", "topic main", "", ""},
	}
	for _, tt := range tests {
		if got := f.find(t, tt.scopes, tt.keys); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if e, ok, err := f.Find(t.Context(), cache.Query{Solution: "corp", Scopes: []string{"main"}, Keys: []string{"deps-1"}, Version: "v2"}); ok || err != nil {
		t.Errorf("of another version: got %+v %v", e, err)
	}
	if e, ok, err := f.Find(t.Context(), cache.Query{Solution: "else", Scopes: []string{"main"}, Keys: []string{"deps-1"}, Version: "v1"}); ok || err != nil {
		t.Errorf("of another solution: got %+v %v", e, err)
	}
}

func TestAKeyIsWrittenOnce(t *testing.T) {
	f := open(t)
	if !f.save(t, "main", "k", "first") || f.save(t, "main", "k", "second") || !f.save(t, "topic", "k", "third") {
		t.Error("a key is taken once in a scope")
	}
	if got, err := f.read(t, "main", "k"); got != "first" || err != nil {
		t.Errorf("got %q %v", got, err)
	}
	if got, err := f.read(t, "main", "kk"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the beginning of a key is none: got %q %v", got, err)
	}
	if n := f.blobs(t); n != 2 {
		t.Errorf("%d blobs, want those of first and third", n)
	}
}

func TestWhatWasNotUsedForLongMakesRoom(t *testing.T) {
	f := open(t)
	f.Limit = 10
	f.save(t, "main", "a", "aaaa")
	f.save(t, "main", "b", "bbbb")
	if _, err := f.read(t, "main", "a"); err != nil {
		t.Fatal(err)
	}
	f.save(t, "topic", "c", "cccc")
	if a, b, c := f.find(t, "main", "a"), f.find(t, "main", "b"), f.find(t, "topic", "c"); a == "" || b != "" || c == "" || f.blobs(t) != 2 {
		t.Errorf("a %q, b %q, c %q, %d blobs: want b to be gone", a, b, c, f.blobs(t))
	}
	_, err := f.Save(t.Context(), cache.Entry{Solution: "corp", Scope: "main", Key: "d", Version: "v1"}, strings.NewReader("12345678901"))
	if fault.KindOf(err) != fault.Invalid || f.blobs(t) != 2 || f.find(t, "main", "d") != "" {
		t.Errorf("one that fits nowhere: %v, %d blobs", err, f.blobs(t))
	}
	// The same bytes under two keys go with the last of them.
	f.save(t, "main", "e", "ee")
	f.save(t, "topic", "e", "ee")
	f.save(t, "main", "f", "12345678")
	if f.find(t, "topic", "e") == "" || f.find(t, "main", "e") != "" || f.blobs(t) != 2 {
		t.Errorf("%q %q, %d blobs", f.find(t, "topic", "e"), f.find(t, "main", "e"), f.blobs(t))
	}
}

func TestCachesStayWithinTheLimit(t *testing.T) {
	f := open(t)
	f.Limit = 20
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		size := rapid.IntRange(0, 20).Draw(r, "size")
		key := rapid.StringMatching(`[ab]{1,3}`).Draw(r, "key")
		f.save(r, "main", key, strings.Repeat(string(rune('a'+n%26)), size))
		if got := f.find(r, "main", key); got != "main "+key {
			r.Errorf("%q was saved and is not there", key)
		}
		entries, err := f.Store.CacheEntries(ctx(r), "corp", "main", "v1")
		if err != nil {
			r.Fatal(err)
		}
		var sum int64
		digests := map[string]bool{}
		for _, e := range entries {
			sum += e.Size
			digests[e.Digest] = true
		}
		if sum > f.Limit || f.blobs(r) != len(digests) {
			r.Errorf("%d bytes in %d entries, %d blobs", sum, len(entries), f.blobs(r))
		}
	})
}

func TestBytesWithoutAnEntryAreSweptAndAnEntryWithoutBytesIsNoCache(t *testing.T) {
	f := open(t)
	f.save(t, "main", "a", "kept")
	if _, _, err := f.Blobs.Put(t.Context(), strings.NewReader("left by a process that was killed")); err != nil {
		t.Fatal(err)
	}
	if err := f.Sweep(t.Context()); err != nil || f.blobs(t) != 1 {
		t.Errorf("%v, %d blobs", err, f.blobs(t))
	}
	if err := os.RemoveAll(filepath.Join(f.root, "sha256")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.read(t, "main", "a"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
	if err := os.Mkdir(filepath.Join(f.root, "sha256"), 0o700); err != nil {
		t.Fatal(err)
	}
	if !f.save(t, "main", "a", "again") {
		t.Error("a lost entry keeps its key for ever")
	}
}

func TestARunReadsItsOwnRefItsBaseAndTheDefaultBranch(t *testing.T) {
	for _, tt := range []struct {
		trigger pipeline.Trigger
		want    []string
	}{
		{pipeline.Trigger{Ref: "refs/heads/main"}, []string{"refs/heads/main"}},
		{pipeline.Trigger{Ref: "refs/heads/topic"}, []string{"refs/heads/topic", "refs/heads/main"}},
		{pipeline.Trigger{Ref: "refs/tags/v1.2.0"}, []string{"refs/tags/v1.2.0", "refs/heads/main"}},
		{pipeline.Trigger{Ref: "refs/pull/7/merge", BaseRef: "release"}, []string{"refs/pull/7/merge", "refs/heads/release", "refs/heads/main"}},
		{pipeline.Trigger{Ref: "refs/pull/7/merge", BaseRef: "main"}, []string{"refs/pull/7/merge", "refs/heads/main"}},
	} {
		if diff := cmp.Diff(tt.want, cache.Scopes(tt.trigger, "main")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.trigger.Ref, diff)
		}
	}
}

// ctx is that of a test; a property has none of its own.
func ctx(t failing) context.Context {
	if t, ok := t.(interface{ Context() context.Context }); ok {
		return t.Context()
	}
	return context.Background()
}
