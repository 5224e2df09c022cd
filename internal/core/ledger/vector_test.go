package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// keep compares a vector with its file, or writes it with -update.
func keep(t *testing.T, name string, v any) {
	t.Helper()
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(vectors, name)
	if *update {
		if err := os.WriteFile(path, raw.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, raw.Bytes()) {
		t.Errorf("%s is not what is made here (%v): run the test with -update", path, err)
	}
}

type inclusion struct {
	Size int64    `json:"size"`
	Seq  int64    `json:"seq"`
	Path []string `json:"path"`
}

type consistency struct {
	From int64    `json:"from"`
	To   int64    `json:"to"`
	Path []string `json:"path"`
}

type wrongInclusion struct {
	Why string `json:"why"`
	inclusion
	Root string `json:"root"`
	Leaf string `json:"leaf"`
}

type wrongConsistency struct {
	Why string `json:"why"`
	consistency
	FromRoot string `json:"from_root"`
	ToRoot   string `json:"to_root"`
}

type merkle struct {
	Data             []string           `json:"data"`  // of the leaves
	Roots            []string           `json:"roots"` // of sizes 0 to 9
	Inclusion        []inclusion        `json:"inclusion"`
	Consistency      []consistency      `json:"consistency"`
	WrongInclusion   []wrongInclusion   `json:"wrong_inclusion"`
	WrongConsistency []wrongConsistency `json:"wrong_consistency"`
}

func TestTheVectorsOfProofs(t *testing.T) {
	var m ledger.Memory
	v := merkle{}
	var roots, leaves []ledger.Hash
	text := func(h ledger.Hash) string { return hex.EncodeToString(h[:]) }
	add := func() {
		root, err := m.Root()
		if err != nil {
			t.Fatal(err)
		}
		roots, v.Roots = append(roots, root), append(v.Roots, text(root))
	}
	add()
	for n := range 9 {
		data := fmt.Sprintf(`{"seq":%d}`, n+1)
		leaf := ledger.Record{Header: []byte(data)}.LeafHash()
		v.Data, leaves = append(v.Data, data), append(leaves, leaf)
		if err := m.Add(leaf); err != nil {
			t.Fatal(err)
		}
		add()
	}
	for size := int64(1); size <= 9; size++ {
		for seq := int64(1); seq <= size; seq++ {
			in, err := ledger.ProveInclusion(size, seq, &m)
			if err != nil || ledger.CheckInclusion(in, size, roots[size], seq, leaves[seq-1]) != nil {
				t.Fatal(size, seq, err)
			}
			ext, err := ledger.ProveConsistency(seq, size, &m)
			if err != nil || ledger.CheckConsistency(ext, ledger.Head{Size: seq, Root: roots[seq]}, ledger.Head{Size: size, Root: roots[size]}) != nil {
				t.Fatal(size, seq, err)
			}
			v.Inclusion = append(v.Inclusion, inclusion{size, seq, in})
			v.Consistency = append(v.Consistency, consistency{seq, size, ext})
		}
	}
	v.wrong(roots, leaves, text)
	for _, x := range v.WrongInclusion {
		if ledger.CheckInclusion(x.Path, x.Size, hash(t, x.Root), x.Seq, hash(t, x.Leaf)) == nil {
			t.Errorf("accepted: %s", x.Why)
		}
	}
	for _, x := range v.WrongConsistency {
		if ledger.CheckConsistency(x.Path, ledger.Head{Size: x.From, Root: hash(t, x.FromRoot)}, ledger.Head{Size: x.To, Root: hash(t, x.ToRoot)}) == nil {
			t.Errorf("accepted: %s", x.Why)
		}
	}
	keep(t, "merkle.json", v)
}

func hash(t *testing.T, text string) ledger.Hash {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Hash(raw)
}

// wrong adds proofs that lead nowhere.
func (v *merkle) wrong(roots, leaves []ledger.Hash, text func(ledger.Hash) string) {
	var in inclusion
	var ext consistency
	for _, x := range v.Inclusion {
		if x.Size == 7 && x.Seq == 5 {
			in = x
		}
	}
	for _, x := range v.Consistency {
		if x.From == 5 && x.To == 7 {
			ext = x
		}
	}
	one := func(why string, size, seq int64, path []string) {
		v.WrongInclusion = append(v.WrongInclusion, wrongInclusion{why, inclusion{size, seq, path}, text(roots[7]), text(leaves[4])})
	}
	one("of another event", 7, 6, in.Path)
	one("in a tree of another size", 9, 5, in.Path)
	one("of event 0", 7, 0, in.Path)
	one("beyond the tree", 7, 8, in.Path)
	one("a hash too few", 7, 5, in.Path[1:])
	one("a hash too many", 7, 5, append(slices.Clone(in.Path), in.Path[0]))
	one("hashes in another order", 7, 5, []string{in.Path[1], in.Path[0], in.Path[2]})
	one("a hash in upper case", 7, 5, []string{strings.ToUpper(in.Path[0]), in.Path[1], in.Path[2]})
	one("half a hash", 7, 5, []string{in.Path[0][:32], in.Path[1], in.Path[2]})
	two := func(why string, from, to int64, old, now ledger.Hash, path []string) {
		v.WrongConsistency = append(v.WrongConsistency, wrongConsistency{why, consistency{from, to, path}, text(old), text(now)})
	}
	two("another old root", 5, 7, roots[4], roots[7], ext.Path)
	two("another new root", 5, 7, roots[5], roots[6], ext.Path)
	two("another old size", 6, 7, roots[5], roots[7], ext.Path)
	two("another new size", 5, 9, roots[5], roots[7], ext.Path)
	two("from nothing", 0, 7, roots[0], roots[7], []string{})
	two("a smaller tree", 7, 5, roots[7], roots[5], ext.Path)
	two("a hash too few", 5, 7, roots[5], roots[7], ext.Path[1:])
	two("a hash too many", 5, 7, roots[5], roots[7], append(slices.Clone(ext.Path), ext.Path[0]))
	two("a proof of nothing", 7, 7, roots[7], roots[7], []string{text(roots[7])})
	two("the same size and another root", 7, 7, roots[6], roots[7], []string{})
}

type badNote struct {
	Why   string   `json:"why"`
	Rules []string `json:"rules"`
	Note  []byte   `json:"note"`
}

func TestTheVectorsOfNotes(t *testing.T) {
	good := vector(t, "checkpoint")
	origin := ledger.Origin(installation, 1)
	body, _, _ := strings.Cut(string(good), "\n\n")
	lines := strings.Split(body, "\n")
	signed := func(text string) []byte {
		note, err := ledger.SignNote(text, ledger.NewSigner(origin, key(1)))
		if err != nil {
			t.Fatal(err)
		}
		return note
	}
	as := func(name string, k byte) []byte {
		note, err := ledger.SignNote(body+"\n", ledger.NewSigner(name, key(k)))
		if err != nil {
			t.Fatal(err)
		}
		return note
	}
	note, point := []string{"F-803"}, []string{"F-804"}
	v := struct {
		Name    string    `json:"name"`
		Public  string    `json:"public"`
		Refused []badNote `json:"refused"`
	}{Name: origin, Public: base64.StdEncoding.EncodeToString(key(1).Public().(ed25519.PublicKey))}
	v.Refused = []badNote{
		{"nothing", note, []byte{}},
		{"no signature", note, []byte(body + "\n")},
		{"a size that was changed", note, bytes.Replace(good, []byte("\n3\n"), []byte("\n4\n"), 1)},
		{"another key", note, as(origin, 2)},
		{"another name", note, as("other", 1)},
		{"a second signature", note, append(slices.Clone(good), as(origin, 2)[len(body)+2:]...)},
		{"the signature twice", note, append(slices.Clone(good), good[len(body)+2:]...)},
		{"a hyphen for the dash", note, bytes.Replace(good, []byte("—"), []byte("-"), 1)},
		{"a space at the end", note, append(bytes.TrimSuffix(slices.Clone(good), []byte("\n")), " \n"...)},
		{"no line feed at the end", note, bytes.TrimSuffix(slices.Clone(good), []byte("\n"))},
		{"something after it", note, append(slices.Clone(good), "x\n"...)},
		{"a carriage return", note, bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n"))},
		{"base64 with bits left over", note, loosened(t, good)},
		{"a line too many", point, signed(body + "\nmore\n")},
		{"a line too few", point, signed(lines[0] + "\n3\n")},
		{"a size with a zero before", point, signed(lines[0] + "\n03\n" + lines[2] + "\n")},
		{"a size with a sign", point, signed(lines[0] + "\n+3\n" + lines[2] + "\n")},
		{"a root of another length", point, signed(lines[0] + "\n3\nAAAA\n")},
	}
	for _, x := range v.Refused {
		if _, err := ledger.OpenCheckpoint(x.Note, ledger.NewVerifier(origin, key(1).Public().(ed25519.PublicKey))); err == nil {
			t.Errorf("accepted: %s", x.Why)
		}
	}
	keep(t, "notes.json", v)
}

// loosened writes the last character before the padding with other left-over bits.
func loosened(t *testing.T, note []byte) []byte {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	at := len(bytes.TrimRight(note, "\n=")) - 1
	out := slices.Clone(note)
	out[at] = alphabet[strings.IndexByte(alphabet, note[at])^1]
	return out
}

type badKeys struct {
	Why   string          `json:"why"`
	Rules []string        `json:"rules"`
	Keys  json.RawMessage `json:"keys"`
}

func TestTheVectorsOfRotations(t *testing.T) {
	seq := int64(10)
	record := func(d *ledger.KeyRotated) ledger.Record {
		seq++
		body, err := canonical.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		public := ledger.Part{Salt: bytes.Repeat([]byte{0x33}, 16), Body: body}
		header, err := canonical.Marshal(ledger.Header{
			Schema: ledger.Schema, Seq: seq, ID: fmt.Sprintf("01J0000000000000000000%04d", seq), Stream: ledger.Installation, Version: seq, Type: "key.rotated", TypeVersion: 1,
			Time: "2026-03-04T13:22:05.000000Z", Actor: ledger.Actor{Kind: "person", ID: "01J0000000000000000000ROOT", Role: "administrator", Authentication: "socket"},
			Reason: "due", Parts: map[string]string{"public": public.Commitment()},
		})
		if err != nil {
			t.Fatal(err)
		}
		return ledger.Record{Header: header, Parts: map[string]ledger.Part{"public": public}}
	}
	var first releaselog.Keys
	decode(t, "keys.json", &first)
	file := func(rotations ...ledger.Record) json.RawMessage {
		k := first
		k.Schema, k.Rotations = releaselog.RotatedKeysSchema, rotations
		raw, err := canonical.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	one, two := record(ledger.Rotate(installation, "attest", key(2), key(12))), record(ledger.Rotate(installation, "attest", key(12), key(22)))
	changed := func(change func(*ledger.KeyRotated)) ledger.Record {
		d := ledger.Rotate(installation, "attest", key(2), key(12))
		change(d)
		return record(d)
	}
	other := ledger.Rotate(installation, "attest", key(9), key(12))
	rule, form := []string{"F-602"}, []string{"F-601"}
	v := struct {
		Keys    json.RawMessage `json:"keys"`
		Links   []int           `json:"links"` // keys of ledger, attest, document
		Refused []badKeys       `json:"refused"`
	}{Keys: file(one, two), Links: []int{1, 3, 1}, Refused: []badKeys{
		{"the second without the first", rule, file(two)},
		{"in another order", rule, file(two, one)},
		{"the same twice", rule, file(one, one)},
		{"not signed by the old key", rule, file(changed(func(d *ledger.KeyRotated) { d.ByOld = d.ByNew }))},
		{"not signed by the new key", rule, file(changed(func(d *ledger.KeyRotated) { d.ByNew = d.ByOld }))},
		{"of another installation", rule, file(record(ledger.Rotate("01J0000000000000000000ELSE", "attest", key(2), key(12))))},
		{"of another old key", rule, file(record(other))},
		{"to a key of another name", rule, file(record(ledger.Rotate(installation, "attest", key(2), key(3))))},
		{"back to an earlier key", rule, file(one, record(ledger.Rotate(installation, "attest", key(12), key(2))))},
		{"to the same key", rule, file(record(ledger.Rotate(installation, "attest", key(2), key(2))))},
		{"a fingerprint of another key", rule, file(changed(func(d *ledger.KeyRotated) { d.NewID = d.OldID }))},
		{"of a name without a key", rule, file(record(ledger.Rotate(installation, "seal", key(2), key(12))))},
		{"another algorithm", rule, file(changed(func(d *ledger.KeyRotated) { d.Algorithm = "rsa" }))},
		{"a schema with rotations and none there", append(form, "F-602"), bytes.Replace(vector(t, "keys.json"), []byte("keys/v1"), []byte("keys/v2"), 1)},
		{"names in another order", form, bytes.Replace(bytes.Replace(vector(t, "keys.json"), []byte(`"name":"attest"`), []byte(`"name":"-"`), 1), []byte(`"name":"document"`), []byte(`"name":"attest"`), 1)},
		{"a line feed in a key", form, bytes.Replace(vector(t, "keys.json"), []byte(`"public":"`), []byte(`"public":"\n`), 1)},
		{"another id", form, bytes.Replace(vector(t, "keys.json"), []byte("/attest"), []byte("/other"), 1)},
	}}
	if k, err := releaselog.ParseKeys(v.Keys); err != nil || len(k.Chain("attest").Links) != 3 {
		t.Errorf("%v", err)
	}
	for _, x := range v.Refused {
		if _, err := releaselog.ParseKeys(x.Keys); err == nil {
			t.Errorf("accepted: %s", x.Why)
		}
	}
	keep(t, "rotation.json", v)
}
