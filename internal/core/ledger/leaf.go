package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// SaltSize is the length of a part's salt in bytes.
const SaltSize = 16

// Part is one body part of an event with the salt of its commitment.
type Part struct {
	Salt []byte
	Body []byte // canonical JSON
}

// Commitment is SHA-256(salt || body) in hexadecimal. The salt keeps a short
// body from being guessed after its deletion.
func (p Part) Commitment() string {
	h := sha256.New()
	h.Write(p.Salt)
	h.Write(p.Body)
	return hex.EncodeToString(h.Sum(nil))
}

// Record is an event as it is stored and published: the exact header bytes and
// those parts that are still there.
type Record struct {
	Header []byte
	Parts  map[string]Part
}

// LeafHash is the RFC 6962 leaf hash over the header bytes.
func (r Record) LeafHash() tlog.Hash { return tlog.RecordHash(r.Header) }

// Open decodes the header and checks it against the parts that are there.
func (r Record) Open() (Header, error) {
	var h Header
	if err := canonical.Unmarshal(r.Header, &h); err != nil {
		return h, fmt.Errorf("open event header: %w", err)
	}
	if h.Schema != Schema {
		return h, fmt.Errorf("open event %d: schema %q, want %q", h.Seq, h.Schema, Schema)
	}
	if _, err := ParseTime(h.Time); err != nil {
		return h, fmt.Errorf("open event %d: %w", h.Seq, err)
	}
	for name, part := range r.Parts {
		want, ok := h.Parts[name]
		if !ok {
			return h, fmt.Errorf("event %d: part %q is not in its header", h.Seq, name)
		}
		if got := part.Commitment(); got != want {
			return h, fmt.Errorf("event %d: part %q differs from its commitment", h.Seq, name)
		}
		if err := canonical.Check(part.Body); err != nil {
			return h, fmt.Errorf("event %d: part %q: %w", h.Seq, name, err)
		}
	}
	if _, ok := h.Parts[Public]; !ok {
		return h, fmt.Errorf("event %d: no public part", h.Seq)
	}
	return h, nil
}

// Erased names the parts that the header commits to and that are gone, sorted.
func (r Record) Erased(h Header) []string {
	var out []string
	for name := range h.Parts {
		if _, ok := r.Parts[name]; !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// jsonRecord is a record as one canonical JSON value, the form of publication.
type jsonRecord struct {
	Header json.RawMessage     `json:"header"`
	Parts  map[string]jsonPart `json:"parts"`
}

type jsonPart struct {
	Salt string          `json:"salt"` // hexadecimal
	Body json.RawMessage `json:"body"`
}

// MarshalJSON gives the published form. Header and bodies are canonical
// already, so their exact bytes stand inside.
func (r Record) MarshalJSON() ([]byte, error) {
	out := jsonRecord{Header: r.Header, Parts: map[string]jsonPart{}}
	for name, p := range r.Parts {
		out.Parts[name] = jsonPart{Salt: hex.EncodeToString(p.Salt), Body: p.Body}
	}
	return canonical.Marshal(out)
}

// UnmarshalJSON reads the published form.
func (r *Record) UnmarshalJSON(data []byte) error {
	var in jsonRecord
	if err := canonical.Unmarshal(data, &in); err != nil {
		return err
	}
	r.Header, r.Parts = in.Header, map[string]Part{}
	for name, p := range in.Parts {
		salt, err := hex.DecodeString(p.Salt)
		if err != nil || len(salt) != SaltSize {
			return fmt.Errorf("salt of part %q: want %d bytes in hexadecimal", name, SaltSize)
		}
		r.Parts[name] = Part{Salt: salt, Body: p.Body}
	}
	return nil
}
