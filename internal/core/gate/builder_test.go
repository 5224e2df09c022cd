package gate_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/dsse"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
)

const slsa = "https://slsa.dev/provenance/v1"

// maker is a builder with its private key.
type maker struct {
	policy.Builder
	sign func(message []byte) []byte
}

func named(t *testing.T, name string, public any, sign func([]byte) []byte) maker {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return maker{policy.Builder{Name: name, Key: base64.StdEncoding.EncodeToString(der)}, sign}
}

func onEd25519(t *testing.T, name string) maker {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return named(t, name, public, func(m []byte) []byte { return ed25519.Sign(key, m) })
}

func onP256(t *testing.T, name string) maker {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return named(t, name, &key.PublicKey, func(m []byte) []byte {
		digest := sha256.Sum256(m)
		sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return sig
	})
}

// signed is a statement about digests as a job hands it in.
func (m maker) signed(t *testing.T, keyID, predicate string, digests ...string) gate.Report {
	t.Helper()
	read, err := component.Read(component.Provenance, []byte(m.envelope(t, keyID, predicate, digests...)))
	if err != nil {
		t.Fatal(err)
	}
	return report(component.Provenance, "build.json", read)
}

func (m maker) envelope(t *testing.T, keyID, predicate string, digests ...string) string {
	t.Helper()
	var subjects []map[string]any
	for _, d := range digests {
		subjects = append(subjects, map[string]any{"name": "x", "digest": map[string]string{"sha256": d}})
	}
	body, err := json.Marshal(map[string]any{"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": predicate, "predicate": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	const kind = "application/vnd.in-toto+json"
	sig := base64.StdEncoding.EncodeToString(m.sign(dsse.PreAuthentication(kind, body)))
	raw, err := json.Marshal(map[string]any{
		"payloadType": kind, "payload": base64.StdEncoding.EncodeToString(body), "signatures": []map[string]string{{"keyid": keyID, "sig": sig}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestABuildIsStatedByATrustedBuilder(t *testing.T) {
	tree, library := strings.Repeat("1", 64), strings.Repeat("2", 64)
	a, b, c, other := strings.Repeat("a", 64), strings.Repeat("b", 64), strings.Repeat("c", 64), strings.Repeat("f", 64)
	ci, hsm, stranger := onEd25519(t, "ci"), onP256(t, "hsm"), onEd25519(t, "stranger")
	id := func(m maker) string {
		k, err := dsse.ParseKey(m.Key)
		if err != nil {
			t.Fatal(err)
		}
		return k.ID()
	}
	// changed is an envelope whose payload is another than was signed.
	changed := func(keyID string) gate.Report {
		r, from := ci.signed(t, keyID, slsa, tree), ci.signed(t, keyID, slsa, other)
		r.Content.Envelope.Signatures = from.Content.Envelope.Signatures
		return r
	}
	unsigned := ci.signed(t, "", slsa, tree)
	unsigned.Content.Envelope.Signatures[0].Bytes = nil
	outdated, elsewhere := ci.signed(t, "", slsa, tree), ci.signed(t, "", slsa, tree)
	outdated.Latest, elsewhere.Tree = false, "t2"
	const unknown = "provenance: build.json is signed by an unknown key, by none of ci, hsm"
	for name, x := range map[string]struct {
		reports []gate.Report
		want    []string
	}{
		"of the tree":                      {[]gate.Report{ci.signed(t, "", slsa, tree)}, nil},
		"on P-256":                         {[]gate.Report{hsm.signed(t, "whatever", slsa, other, tree)}, nil},
		"of an older version":              {[]gate.Report{ci.signed(t, "", "https://slsa.dev/provenance/v0.2", tree)}, nil},
		"of each file":                     {[]gate.Report{ci.signed(t, "", slsa, a, b, c)}, nil},
		"of a part and the other's file":   {[]gate.Report{ci.signed(t, "", slsa, library, a)}, nil},
		"of each file, by two builders":    {[]gate.Report{ci.signed(t, "", slsa, a, b), hsm.signed(t, "", slsa, c)}, nil},
		"beside one of a stranger":         {[]gate.Report{stranger.signed(t, "", slsa, tree), ci.signed(t, "", slsa, tree)}, nil},
		"nothing":                          {nil, []string{"provenance: none of the artifact in tst was handed in"}},
		"of an earlier attempt":            {[]gate.Report{outdated}, []string{"provenance: none of the artifact in tst was handed in"}},
		"handed in for another":            {[]gate.Report{elsewhere}, []string{"provenance: build.json is of artifact t2, not of the one in tst"}},
		"by a stranger":                    {[]gate.Report{stranger.signed(t, "", slsa, tree)}, []string{unknown}},
		"by a stranger who says to be ci":  {[]gate.Report{stranger.signed(t, "ci", slsa, tree)}, []string{"provenance: build.json has a signature that is not by the key of ci, which it names"}},
		"by a stranger with the id of hsm": {[]gate.Report{stranger.signed(t, id(hsm), slsa, tree)}, []string{"provenance: build.json has a signature that is not by the key of hsm, which it names"}},
		"whose payload was changed":        {[]gate.Report{changed("")}, []string{unknown}},
		"whose payload of ci was changed":  {[]gate.Report{changed(id(ci))}, []string{"provenance: build.json has a signature that is not by the key of ci, which it names"}},
		"whose signature is no base64":     {[]gate.Report{unsigned}, []string{unknown}},
		"of another artifact":              {[]gate.Report{ci.signed(t, "", slsa, other)}, []string{"provenance: build.json, signed by ci, says nothing of app/a.py, lib/b.py, lib/c.py of the artifact in tst"}},
		"of one file":                      {[]gate.Report{ci.signed(t, "", slsa, a)}, []string{"provenance: build.json, signed by ci, says nothing of lib/b.py, lib/c.py of the artifact in tst"}},
		"of each file, but for a stranger": {
			[]gate.Report{ci.signed(t, "", slsa, a, b), stranger.signed(t, "", slsa, c)},
			[]string{"provenance: build.json, signed by ci, says nothing of lib/c.py of the artifact in tst"},
		},
		"of something else than a build": {[]gate.Report{ci.signed(t, "", "https://slsa.dev/verification_summary/v1", tree)}, []string{"provenance: build.json is signed by ci and states no build but https://slsa.dev/verification_summary/v1"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := gate.Facts{
				Scans: policy.Scans{Provenance: true, Builders: []policy.Builder{ci.Builder, hsm.Builder}}, Kept: tree,
				Deployments: map[string]deployment.Deployed{"tst": {Tree: tree}},
				Files:       deployment.Tree{{Path: "app/a.py", SHA256: a}, {Path: "lib/b.py", SHA256: b}, {Path: "lib/c.py", SHA256: c}},
				Parts:       []deployment.Part{{Name: "app", Tree: other + "0", Files: 1}, {Name: "lib", Tree: library, Files: 2}},
			}
			for _, r := range x.reports {
				if r.Tree == "t1" {
					r.Tree = tree
				}
				f.Reports = append(f.Reports, r)
			}
			def := find(t, gate.PreVal)
			if d := cmp.Diff(append([]string{}, x.want...), aboutScans(t, def, f)); d != "" {
				t.Error(d)
			}
			f.Waivers = []approval.Waiver{{Check: "build-attested", Item: "provenance"}}
			if left := aboutScans(t, def, f); len(left) > 0 {
				t.Errorf("a waiver leaves %v", left)
			}
		})
	}
}

// TestWhoSignedIsSaid shows those who decide whose statement it is.
func TestWhoSignedIsSaid(t *testing.T) {
	ci, stranger := onEd25519(t, "ci"), onEd25519(t, "stranger")
	digest := strings.Repeat("a", 64)
	f := gate.Facts{Scans: policy.Scans{Provenance: true, Builders: []policy.Builder{ci.Builder}}, Deployments: map[string]deployment.Deployed{"tst": {Tree: "t1"}}}
	f.Reports = []gate.Report{ci.signed(t, "", slsa, digest), stranger.signed(t, "", slsa, digest)}
	def := find(t, gate.PreVal)
	got := f.Said(def, "build-attested")
	if len(got) != 2 || !strings.HasSuffix(got[0], ": signed by ci") || !strings.HasSuffix(got[1], ": is signed by an unknown key, by none of ci") {
		t.Errorf("said %q", got)
	}
	f.Scans.Builders = nil
	for _, said := range f.Said(def, "build-attested") {
		if !strings.HasSuffix(said, "its signature is not checked") {
			t.Errorf("without builders: said %q", said)
		}
	}
}

func TestBuildersThatAreTrustedLess(t *testing.T) {
	ci, hsm, next := onEd25519(t, "ci").Builder, onP256(t, "hsm").Builder, onEd25519(t, "ci").Builder
	base := func(list ...policy.Builder) policy.Baseline {
		return policy.Baseline{Profile: policy.GxP, Scans: policy.Scans{Provenance: true, Builders: list}}
	}
	for name, c := range map[string]struct {
		from, to policy.Baseline
		want     []string
	}{
		"none, then some": {base(), base(ci, hsm), nil},
		"the same":        {base(ci, hsm), base(hsm, ci), nil},
		"one less":        {base(ci, hsm), base(ci), []string{"trusted builder hsm"}},
		"another key":     {base(ci), base(next), []string{"key of the trusted builder ci: another one takes its place"}},
		"one more":        {base(ci), base(ci, hsm), []string{"builds by the trusted builders alone: hsm is trusted too"}},
		"none any more":   {base(ci), base(), []string{"trusted builder ci", "statements of builds by trusted builders: the installation's own will do"}},
	} {
		if d := cmp.Diff(c.want, gate.Lost(c.from, c.to)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestBuildersThatABaselineMayNotName(t *testing.T) {
	ci, hsm := onEd25519(t, "ci").Builder, onP256(t, "hsm").Builder
	for name, c := range map[string]struct {
		scans policy.Scans
		want  string // "" for nothing
	}{
		"two builders":     {policy.Scans{Provenance: true, Builders: []policy.Builder{ci, hsm}}, ""},
		"for nothing":      {policy.Scans{SBOM: true, Builders: []policy.Builder{ci}}, "demand provenance too"},
		"a name twice":     {policy.Scans{Provenance: true, Builders: []policy.Builder{ci, {Name: "ci", Key: hsm.Key}}}, `builder "ci": its name or its key stands twice`},
		"a key twice":      {policy.Scans{Provenance: true, Builders: []policy.Builder{ci, {Name: "x", Key: ci.Key}}}, `builder "x": its name or its key stands twice`},
		"no name":          {policy.Scans{Provenance: true, Builders: []policy.Builder{{Key: ci.Key}}}, `builder "": want lower-case letters`},
		"no key":           {policy.Scans{Provenance: true, Builders: []policy.Builder{{Name: "ci"}}}, `builder "ci": public key`},
		"more than fit in": {policy.Scans{Provenance: true, Builders: slices.Repeat([]policy.Builder{ci}, 17)}, "17 builders: want at most 16"},
	} {
		b := policy.Baseline{Solution: "corp-procurement", Profile: policy.NonGxP, Code: "/code", Scans: c.scans}
		var all []string
		for _, err := range b.Check() {
			all = append(all, err.Error())
		}
		if got := strings.Join(all, "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
