package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

var update = flag.Bool("update", false, "write the test vectors of docs/release-log-format.md anew")

// vectors are what docs/release-log-format.md shows, byte for byte.
const vectors = "../../../docs/testdata/format"

const installation = "01J0000000000000000000INST"

// key is made from 32 bytes of one value, as the page says.
func key(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func sum(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// event is the vector's event: its public part in the open, its personal part
// erased.
func event(t *testing.T) ledger.Record {
	t.Helper()
	public := ledger.Part{Salt: bytes.Repeat([]byte{0x11}, 16), Body: []byte(`{"login":"ada","person":"01J00000000000000000000ADA"}`)}
	personal := ledger.Part{Salt: bytes.Repeat([]byte{0x22}, 16), Body: []byte(`{"name":"Ada Nyström"}`)}
	header, err := canonical.Marshal(ledger.Header{
		Schema: ledger.Schema, Seq: 2, ID: "01J0000000000000000000000B", Stream: "person/01J00000000000000000000ADA", Version: 1,
		Type: "person.added", TypeVersion: 1, Time: "2026-03-04T13:22:05.000000Z",
		Actor:  ledger.Actor{Kind: "person", ID: "01J0000000000000000000ROOT", Role: "administrator", Authentication: "socket"},
		Reason: "new <colleague> €", Command: "person/ada", Build: "0.1.0",
		Parts: map[string]string{"public": public.Commitment(), "personal": personal.Commitment()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Record{Header: header, Parts: map[string]ledger.Part{"public": public}}
}

// tree is the vector of a tree of three leaves.
type tree struct {
	Leaves      []string `json:"leaves"`    // hexadecimal leaf hashes
	Roots       []string `json:"roots"`     // of the trees of size 1, 2, 3
	Inclusion   []string `json:"inclusion"` // of event 2 in the tree of size 3
	Consistency []string `json:"consistency"`
}

func made(t *testing.T) map[string][]byte {
	t.Helper()
	must := func(data []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	r := event(t)
	var m ledger.Memory
	var x tree
	for _, leaf := range []ledger.Record{{Header: []byte(`{"seq":1}`)}, r, {Header: []byte(`{"seq":3}`)}} {
		if err := m.Add(leaf.LeafHash()); err != nil {
			t.Fatal(err)
		}
		root, err := m.Root()
		must(nil, err)
		h := leaf.LeafHash()
		x.Leaves, x.Roots = append(x.Leaves, hex.EncodeToString(h[:])), append(x.Roots, hex.EncodeToString(root[:]))
	}
	var err error
	x.Inclusion, err = ledger.ProveInclusion(3, 2, &m)
	must(nil, err)
	x.Consistency, err = ledger.ProveConsistency(2, 3, &m)
	must(nil, err)
	root, err := m.Root()
	must(nil, err)
	origin := ledger.Origin(installation, 1)
	checkpoint := ledger.Checkpoint{Origin: origin, Size: 3, Root: root}
	payload := must(canonical.Marshal(signature.Payload{
		Schema: signature.Schema, ID: "01J00000000000000000000SIG", Ceremony: "01J00000000000000000000CER",
		Subject: signature.Subject{Type: "release", ID: "release/corp-procurement/1.0.0", Solution: "corp-procurement", Version: "1.0.0", Stage: "pre_val", Manifest: strings.Repeat("ab", 32)},
		Meaning: signature.MeaningText{Code: signature.SMEApproved, Text: signature.Meanings[0].Text}, Decision: "approve", Reason: "",
		Signer:   signature.Signer{Person: "01J00000000000000000000BOB", PrintedName: "Bob Okafor", Login: "bob"},
		Capacity: signature.Capacity{Role: "sme"}, Policy: strings.Repeat("cd", 32), Time: "2026-03-04T13:22:06.000000Z", Method: "password+totp",
		Rendering: strings.Repeat("ef", 32), Log: signature.LedgerPosition{Size: 3, Root: base64.StdEncoding.EncodeToString(root[:])},
	}))
	index := must(releaselog.Index{
		Installation: installation, Solution: "corp-procurement", Folder: "1.0.0", Version: "1.0.0", Publication: "1.0.0-pre_val-1", Gate: "pre_val", State: "draft",
		Ledger: releaselog.Position{Origin: origin, Size: 3, Part: "ledger/pre_val-1"},
		Files:  []releaselog.File{{Path: "release-note.md", SHA256: canonical.SHA256([]byte("# Release\n")), Size: 10}},
	}.Encode())
	public := func(b byte) ed25519.PublicKey { return key(b).Public().(ed25519.PublicKey) }
	return map[string][]byte{
		"header.json":  r.Header,
		"record.json":  must(canonical.Marshal(r)),
		"tree.json":    must(canonical.Marshal(x)),
		"checkpoint":   must(ledger.SignNote(checkpoint.Body(), ledger.NewSigner(origin, key(1)))),
		"payload.json": payload,
		"envelope.json": must(signature.Seal(signature.PayloadType, releaselog.AttestKeyID(installation), key(2), signature.Statement{
			PayloadSHA256: canonical.SHA256(payload), Auth: signature.Authentication{Methods: []string{"password", "totp"}, AuthTime: "2026-03-04T13:22:06.000000Z", Kind: "server-attested"},
		})),
		"index.json": index,
		"index.note": must(ledger.SignNote(releaselog.NoteText(installation, "corp-procurement", "1.0.0", "1.0.0-pre_val-1", canonical.SHA256(index)), ledger.NewSigner(releaselog.DocumentKeyID(installation), key(3)))),
		"keys.json": must(canonical.Marshal(releaselog.Keys{Schema: releaselog.KeysSchema, Installation: installation, Epoch: 1, Keys: []releaselog.Key{
			releaselog.NewKey("ledger", origin, public(1)), releaselog.NewKey("attest", releaselog.AttestKeyID(installation), public(2)), releaselog.NewKey("document", releaselog.DocumentKeyID(installation), public(3)),
		}})),
	}
}

func TestTheVectorsOfTheFormatPageAreWhatIsWritten(t *testing.T) {
	for name, want := range made(t) {
		path := filepath.Join(vectors, name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs: formats never change for data that exists\ngot  %s\nwant %s", name, got, want)
		}
	}
}

func vector(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t *testing.T, name string, v any) {
	t.Helper()
	if err := json.Unmarshal(vector(t, name), v); err != nil {
		t.Fatal(err)
	}
}

// TestTheVectorsFollowThePage computes every vector with a hash function and
// ed25519 alone, in the words of docs/release-log-format.md.
func TestTheVectorsFollowThePage(t *testing.T) {
	header := vector(t, "header.json")
	var record struct {
		Header json.RawMessage `json:"header"`
		Parts  map[string]struct {
			Salt string          `json:"salt"`
			Body json.RawMessage `json:"body"`
		} `json:"parts"`
	}
	decode(t, "record.json", &record)
	if !bytes.Equal(record.Header, header) {
		t.Error("the record does not hold the header's bytes")
	}
	var h struct {
		Parts map[string]string `json:"parts"`
	}
	decode(t, "header.json", &h)
	salt, err := hex.DecodeString(record.Parts["public"].Salt)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(sum(salt, record.Parts["public"].Body)); got != h.Parts["public"] {
		t.Errorf("commitment %s, header says %s", got, h.Parts["public"])
	}
	var x tree
	decode(t, "tree.json", &x)
	leaf := func(data []byte) []byte { return sum([]byte{0}, data) }
	node := func(l, r []byte) []byte { return sum([]byte{1}, l, r) }
	one, two, three := leaf([]byte(`{"seq":1}`)), leaf(header), leaf([]byte(`{"seq":3}`))
	root := node(node(one, two), three)
	for what, pair := range map[string][2]string{
		"leaf 2":           {x.Leaves[1], hex.EncodeToString(two)},
		"root of 1":        {x.Roots[0], hex.EncodeToString(one)},
		"root of 2":        {x.Roots[1], hex.EncodeToString(node(one, two))},
		"root of 3":        {x.Roots[2], hex.EncodeToString(root)},
		"inclusion of 2":   {fmt.Sprint(x.Inclusion), fmt.Sprint([]string{hex.EncodeToString(one), hex.EncodeToString(three)})},
		"consistency of 2": {fmt.Sprint(x.Consistency), fmt.Sprint([]string{hex.EncodeToString(three)})},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %s, want %s", what, pair[0], pair[1])
		}
	}
	note(t, "checkpoint", "dc-release/"+installation+"/1", key(1), "dc-release/"+installation+"/1\n3\n"+base64.StdEncoding.EncodeToString(root)+"\n")
	note(t, "index.note", installation+"/document", key(3), "dc-release/release-index/v1\n"+installation+"\ncorp-procurement/1.0.0\n1.0.0-pre_val-1\n"+hex.EncodeToString(sum(vector(t, "index.json")))+"\n")
	envelope(t)
}

// note verifies a signed note by the page: text, empty line, em dash, name,
// base64 of key hash and signature.
func note(t *testing.T, file, name string, k ed25519.PrivateKey, text string) {
	t.Helper()
	public := k.Public().(ed25519.PublicKey)
	hash := binary.BigEndian.Uint32(sum([]byte(name+"\n\x01"), public))
	signed := append(binary.BigEndian.AppendUint32(nil, hash), ed25519.Sign(k, []byte(text))...)
	want := text + "\n\u2014 " + name + " " + base64.StdEncoding.EncodeToString(signed) + "\n"
	if got := string(vector(t, file)); got != want {
		t.Errorf("%s is\n%q\nwant\n%q", file, got, want)
	}
}

func envelope(t *testing.T) {
	t.Helper()
	var e struct {
		Payload     string `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			KeyID string `json:"keyid"`
			Sig   string `json:"sig"`
		} `json:"signatures"`
	}
	decode(t, "envelope.json", &e)
	body, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := base64.StdEncoding.DecodeString(e.Signatures[0].Sig)
	if err != nil {
		t.Fatal(err)
	}
	pae := fmt.Sprintf("DSSEv1 %d %s %d %s", len(e.PayloadType), e.PayloadType, len(body), body)
	if e.Signatures[0].KeyID != installation+"/attest" || !ed25519.Verify(key(2).Public().(ed25519.PublicKey), []byte(pae), sig) {
		t.Error("the envelope does not verify")
	}
	if want := hex.EncodeToString(sum(vector(t, "payload.json"))); !strings.Contains(string(body), `"payload_sha256":"`+want+`"`) {
		t.Errorf("the envelope does not cover payload %s", want)
	}
}

// TestThePageListsWhatTheProgramKnows keeps meanings, gates and schemas of the
// page in step with the program.
func TestThePageListsWhatTheProgramKnows(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/release-log-format.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	var want []string
	for _, m := range signature.Meanings {
		roles := make([]string, len(m.Roles))
		for i, r := range m.Roles {
			roles[i] = string(r)
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", m.Meaning, m.Text, strings.Join(roles, ", ")))
	}
	for _, d := range gate.GxP {
		want = append(want, fmt.Sprintf("| `%s` | %s |", d.Name, meaningsOf(d)))
	}
	special := func(name string, t release.ChangeType) string {
		d, _ := gate.Find(policy.GxP, t, name)
		return meaningsOf(d)
	}
	want = append(want, fmt.Sprintf("| `approve_to_prd` | %s | %s |", special("approve_to_prd", release.Standard), special("approve_to_prd", release.Emergency)),
		fmt.Sprintf("| `catch_up` | | %s |", special("catch_up", release.Emergency)))
	for _, d := range gate.NonGxP {
		want = append(want, fmt.Sprintf("`%s` %s", d.Name, d.Signatures[0]))
	}
	want = append(want,
		ledger.Schema, releaselog.IndexSchema, releaselog.RootSchema, releaselog.RotatedRootSchema, releaselog.KeysSchema, releaselog.RotatedKeysSchema, releaselog.RotationProofSchema, ledger.RotationSchema, releaselog.TrustSchema, releaselog.StreamSchema,
		releaselog.ContextSchema, releaselog.ProofsSchema, gate.ManifestSchema, signature.Schema, signature.PayloadType)
	for _, s := range want {
		if !strings.Contains(page, s) {
			t.Errorf("docs/release-log-format.md does not say %q", s)
		}
	}
}

func meaningsOf(d gate.Definition) string {
	meanings := make([]string, len(d.Signatures))
	for i, m := range d.Signatures {
		meanings[i] = string(m)
	}
	return strings.Join(meanings, ", ")
}

// TestEveryRuleHasOneNumber: the numbers stand in order, each once, and what the
// independent verifier, the vectors and the page itself name is there.
func TestEveryRuleHasOneNumber(t *testing.T) {
	const page, verifier = "../../../docs/release-log-format.md", "../../../acceptance/thirdparty"
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, m := range regexp.MustCompile(`(?m)^- \*\*(F-[0-9]+)\*\*`).FindAllStringSubmatch(string(raw), -1) {
		rules = append(rules, m[1])
	}
	number := func(a string) (n int) { _, _ = fmt.Sscanf(a, "F-%d", &n); return n }
	for i := 1; i < len(rules); i++ {
		if number(rules[i-1]) >= number(rules[i]) {
			t.Errorf("%s stands before %s", rules[i-1], rules[i])
		}
	}
	if len(rules) < 100 {
		t.Errorf("%d rules", len(rules))
	}
	files, err := filepath.Glob(verifier + "/*.py")
	if err != nil || len(files) < 5 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range append(files, page, filepath.Join(vectors, "tampered.json"), filepath.Join(vectors, "notes.json"), filepath.Join(vectors, "rotation.json")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range regexp.MustCompile(`\bF-[0-9]{3,4}\b`).FindAllString(string(text), -1) {
			if !slices.Contains(rules, rule) {
				t.Errorf("%s names %s, which is no rule", name, rule)
			}
		}
	}
}

// TestTheIndependentVerifierKnowsTheListsOfThePage: events and meanings, which grow.
func TestTheIndependentVerifierKnowsTheListsOfThePage(t *testing.T) {
	read := func(name string) string {
		raw, err := os.ReadFile("../../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	events, people := read("acceptance/thirdparty/events.py"), read("acceptance/thirdparty/people.py")
	headings := regexp.MustCompile(`(?m)^## (\S+), version ([0-9]+)$`).FindAllStringSubmatch(read("docs/release-log-format/events.md"), -1)
	if len(headings) < 100 {
		t.Errorf("%d types of events", len(headings))
	}
	for _, m := range headings {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(m[1]+"/"+m[2]) + `\b`).MatchString(events) {
			t.Errorf("events.py does not know %s, version %s", m[1], m[2])
		}
	}
	for _, m := range signature.Meanings {
		if !strings.Contains(people, fmt.Sprintf("%q: (%q,", m.Meaning, m.Text)) {
			t.Errorf("people.py does not know %s", m.Meaning)
		}
	}
}
