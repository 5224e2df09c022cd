package verify

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// TestALightlyReadHeaderIsTheDecodedOne compares both ways of reading, with
// texts that need escapes and with parts of every name.
func TestALightlyReadHeaderIsTheDecodedOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 12, -1)
		h := ledger.Header{
			Schema: ledger.Schema, Seq: rapid.Int64Range(1, 1<<53-1).Draw(t, "seq"), ID: text.Draw(t, "id"), Stream: ledger.Stream(text.Draw(t, "stream")),
			Version: rapid.Int64Range(1, 1<<40).Draw(t, "version"), Type: text.Draw(t, "type"), TypeVersion: rapid.IntRange(1, 9).Draw(t, "tv"),
			Time: text.Draw(t, "time"), Actor: ledger.Actor{Kind: "person", ID: text.Draw(t, "actor"), Role: text.Draw(t, "role")},
			Reason: text.Draw(t, "reason"), Command: text.Draw(t, "command"), Parts: map[string]string{},
		}
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"public", "personal", "purgeable"}), rapid.ID).Draw(t, "parts") {
			h.Parts[name] = text.Draw(t, name)
		}
		raw, err := canonical.Marshal(h)
		if err != nil {
			return // a text that JSON cannot hold
		}
		got, err := read(raw)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%s %s %d %s %d %d %s", h.ID, h.Stream, h.Version, h.Type, h.TypeVersion, 7, h.Command)
		if string(got.columns(nil, 7)) != want || got.seq != h.Seq || string(got.time) != h.Time || string(got.schema) != h.Schema || got.count != len(h.Parts) {
			t.Errorf("%s: %q, want %q", raw, got.columns(nil, 7), want)
		}
		for name, value := range h.Parts {
			if v, ok := got.part(name); !ok || string(v) != value {
				t.Errorf("part %s: %q, want %q", name, v, value)
			}
		}
	})
}

func TestAFrontierIsTheTree(t *testing.T) {
	var f frontier
	var m ledger.Memory
	for i := range 70 {
		root, err := m.Root()
		if err != nil {
			t.Fatal(err)
		}
		if f.root() != root {
			t.Fatalf("size %d: another root", i)
		}
		leaf := ledger.Record{Header: []byte{byte(i)}}.LeafHash()
		before := hashCount(f.size)
		made := f.add(leaf)
		if err := m.Add(leaf); err != nil {
			t.Fatal(err)
		}
		if hashCount(f.size) != before+int64(len(made)) {
			t.Fatalf("size %d: %d hashes, then %d", i, before, hashCount(f.size))
		}
		for n, h := range made {
			stored, err := m.ReadHashes([]int64{before + int64(n)})
			if err != nil || stored[0] != h {
				t.Fatalf("size %d: hash %d differs, %v", i, n, err)
			}
		}
	}
}
