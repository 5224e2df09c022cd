package releaselog

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// RecordSchema of a published record.
const RecordSchema = "dc-release/published-record/v1"

// RecordPath holds what a record names by digest: of a deployment, or of an
// installation.
func RecordPath(digest string) string { return "records/" + digest + ".json" }

// Record is what programs and places said while something was planned, deployed
// or read back: everything that one record names by digest, in one file.
type Record struct {
	Schema string `json:"schema"`
	Of     string `json:"of"`   // digest of the record
	Kept   []Kept `json:"kept"` // sorted by digest, each once
}

// Kept is one file that a record names. Exactly one of its forms is set, "" of
// an empty one.
type Kept struct {
	SHA256 string `json:"sha256"`
	Text   string `json:"text,omitempty"`
	Base64 string `json:"base64,omitempty"` // of what is no text
}

// NewRecord puts files together under the digest of their record.
func NewRecord(of string, files [][]byte) Record {
	r := Record{Schema: RecordSchema, Of: of, Kept: []Kept{}}
	for _, data := range files {
		k := Kept{SHA256: canonical.SHA256(data)}
		if utf8.Valid(data) && !bytes.ContainsRune(data, 0) {
			k.Text = string(data)
		} else {
			k.Base64 = base64.StdEncoding.EncodeToString(data)
		}
		r.Kept = append(r.Kept, k)
	}
	slices.SortFunc(r.Kept, func(a, b Kept) int { return strings.Compare(a.SHA256, b.SHA256) })
	r.Kept = slices.Compact(r.Kept)
	return r
}

// ParseRecord reads a published record: it holds each file once, in the order of
// the digests, and each has its digest.
func ParseRecord(data []byte) (Record, error) {
	var r Record
	if err := canonical.Unmarshal(data, &r); err != nil {
		return r, err
	}
	if r.Schema != RecordSchema {
		return r, fmt.Errorf("schema %q, want %q", r.Schema, RecordSchema)
	}
	for i, k := range r.Kept {
		if i > 0 && r.Kept[i-1].SHA256 >= k.SHA256 {
			return r, fmt.Errorf("%s stands out of order", k.SHA256)
		}
		data, err := k.Bytes()
		if err != nil {
			return r, err
		}
		if canonical.SHA256(data) != k.SHA256 {
			return r, fmt.Errorf("%s holds other bytes", k.SHA256)
		}
	}
	return r, nil
}

// Bytes is the file.
func (k Kept) Bytes() ([]byte, error) {
	if k.Text != "" && k.Base64 != "" {
		return nil, fmt.Errorf("%s has two forms", k.SHA256)
	}
	if k.Base64 == "" {
		return []byte(k.Text), nil
	}
	data, err := base64.StdEncoding.DecodeString(k.Base64)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.SHA256, err)
	}
	return data, nil
}

// Find gives a file of the record.
func (r Record) Find(digest string) (data []byte, ok bool) {
	for _, k := range r.Kept {
		if k.SHA256 == digest {
			data, err := k.Bytes()
			return data, err == nil
		}
	}
	return nil, false
}

// Differs says how the files differ from those that are named, "" when they are
// exactly those.
func (r Record) Differs(named []string) string {
	want := slices.Compact(slices.Sorted(slices.Values(named)))
	var have []string
	for _, k := range r.Kept {
		have = append(have, k.SHA256)
	}
	if slices.Equal(have, want) {
		return ""
	}
	return fmt.Sprintf("holds %d files, the record names %d, or others", len(have), len(want))
}
