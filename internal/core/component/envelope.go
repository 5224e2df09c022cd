package component

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/dsse"
)

// payloadType of an in-toto statement in a DSSE envelope.
const payloadType = "application/vnd.in-toto+json"

// statements are the versions of in-toto statements that are read.
var statements = []string{"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"}

// readEnvelope reads what a DSSE envelope says (github.com/secure-systems-lab/dsse,
// in-toto attestation framework). Whether its signatures are right it does not
// say: that depends on whose keys a baseline trusts.
func readEnvelope(n node) Report {
	if got := n.at("payloadType").text(); got != payloadType {
		n.at("payloadType").wrong("%q: want %s", clip(got, maxID), payloadType)
		return Report{}
	}
	if len(n.at("signatures").list()) == 0 {
		n.at("signatures").wrong("is empty: want one at least")
	}
	envelope := dsse.Envelope{Type: payloadType}
	for _, s := range n.at("signatures").list() {
		sig, err := canonical.Base64(s.at("sig").name())
		if err != nil {
			sig = nil
		}
		envelope.Signatures = append(envelope.Signatures, dsse.Signature{KeyID: s.at("keyid").text(), Bytes: sig})
	}
	raw, err := canonical.Base64(n.at("payload").text())
	if err != nil {
		n.at("payload").wrong("want standard base64")
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
		inside.at("_type").wrong("%q: want one of %v", clip(got, maxID), statements)
	}
	kind := inside.at("predicateType").name()
	out := Report{Format: "in-toto", Tool: clip(kind, maxText), Envelope: envelope}
	for i, s := range inside.at("subject").list() {
		d := digest(s.at("digest").object().at("sha256").text())
		if d == "" {
			s.at("digest").wrong("subject %d has no SHA-256", i)
			continue
		}
		out.Subjects = append(out.Subjects, d)
	}
	if len(out.Subjects) == 0 {
		inside.at("subject").wrong("is empty: want what was built")
	}
	return out
}

// Tells reports whether a report is about one of the digests: it is of what it
// names; one that names nothing is taken as its job handed it in.
func (r Report) Tells(digests []string) error {
	if len(r.Subjects) == 0 || slices.ContainsFunc(r.Subjects, func(s string) bool { return slices.Contains(digests, s) }) {
		return nil
	}
	return fmt.Errorf("is about %.12s, which is not in the artifact", r.Subjects[0])
}
