package component

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/dsse"
)

// payloadType of an in-toto statement in a DSSE envelope.
const payloadType = "application/vnd.in-toto+json"

// bundleType begins the media types of Sigstore bundles, which hold an envelope
// (github.com/sigstore/protobuf-specs). Their certificates are not looked at.
const bundleType = "application/vnd.dev.sigstore.bundle"

// statements are the versions of in-toto statements that are read.
var statements = []string{"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"}

// readEnvelope reads what a DSSE envelope says (github.com/secure-systems-lab/dsse,
// in-toto attestation framework). Whether its signatures are right it does not
// say: that depends on whose keys a baseline trusts.
func readEnvelope(n node) Report {
	if strings.HasPrefix(n.at("mediaType").text(), bundleType) {
		n = n.at("dsseEnvelope").object()
	}
	if got := n.at("payloadType").text(); got != payloadType {
		n.at("payloadType").wrong("%q: want %s", clip(got, maxName), payloadType)
		return Report{}
	}
	envelope := dsse.Envelope{Type: payloadType}
	for _, s := range n.at("signatures").list() {
		sig, _ := base64Of(s.at("sig").name()) // one that is none is by nobody
		envelope.Signatures = append(envelope.Signatures, dsse.Signature{KeyID: s.at("keyid").text(), Bytes: sig})
	}
	if len(envelope.Signatures) == 0 {
		n.at("signatures").wrong("is empty: want one at least")
	}
	raw, ok := base64Of(n.at("payload").text())
	if !ok {
		n.at("payload").wrong("want base64 with padding")
		return Report{}
	}
	envelope.Payload = raw
	inside, err := parse(raw)
	if err != nil {
		n.at("payload").wrong("%v", err)
		return Report{}
	}
	inside.path, inside.found = "payload", n.found
	if got := inside.at("_type").text(); !slices.Contains(statements, got) {
		inside.at("_type").wrong("%q: want one of %v", clip(got, maxName), statements)
	}
	kind := inside.at("predicateType").name()
	out := Report{Format: "in-toto", Tool: clip(kind, maxText), Envelope: envelope}
	for _, s := range inside.at("subject").list() {
		at := s.at("digest").object().at("sha256")
		if !at.there() {
			continue // a commit, as Witness and SLSA's generators name it
		}
		d := digest(at.text())
		if d == "" {
			at.wrong("want a SHA-256 in hexadecimal")
			continue
		}
		out.Subjects = append(out.Subjects, d)
	}
	if len(out.Subjects) == 0 {
		inside.at("subject").wrong("names nothing by its SHA-256: want what was built")
	}
	return out
}

// base64Of reads strict base64 of either alphabet with padding: DSSE, protocol.md,
// lets a producer choose.
func base64Of(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		if data, err := e.Strict().DecodeString(text); err == nil {
			return data, true
		}
	}
	return nil, false
}

// Tells reports whether a report is about one of the digests: it is of what it
// names; one that names nothing is taken as its job handed it in.
func (r Report) Tells(digests []string) error {
	if len(r.Subjects) == 0 || slices.ContainsFunc(r.Subjects, func(s string) bool { return slices.Contains(digests, s) }) {
		return nil
	}
	return fmt.Errorf("is about %.12s, which is not in the artifact", r.Subjects[0])
}
