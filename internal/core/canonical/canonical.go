// Package canonical is the one JSON form that this project hashes and signs:
// RFC 8785 restricted to strings, booleans, null, integers of at most 2^53-1,
// arrays and objects. Duplicate keys and floats are refused, and bytes are
// accepted only when decoding and encoding them gives the same bytes.
package canonical

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

const (
	maxInteger = 1<<53 - 1
	maxDepth   = 64
)

// Marshal encodes a value. It fails on floats, on integers beyond 2^53-1 and
// on what encoding/json cannot encode.
func Marshal(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode canonical JSON: %w", err)
	}
	if out, ok := arrange(raw); ok {
		return out, nil
	}
	if err := restrict(raw); err != nil {
		return nil, fmt.Errorf("encode canonical JSON: %w", err)
	}
	out, err := jcs.Transform(raw)
	if err != nil {
		return nil, fmt.Errorf("encode canonical JSON: %w", err)
	}
	return out, nil
}

// Check accepts exactly the bytes that Marshal could have made.
func Check(data []byte) error {
	if quick(data) {
		return nil
	}
	if err := restrict(data); err != nil {
		return err
	}
	out, err := jcs.Transform(data)
	if err != nil {
		return err
	}
	if !bytes.Equal(out, data) {
		return fmt.Errorf("not canonical: differs at byte %d from its own re-encoding", firstDifference(out, data))
	}
	return nil
}

// Unmarshal checks the bytes and decodes them; unknown fields are refused.
func Unmarshal(data []byte, v any) error {
	if err := Check(data); err != nil {
		return fmt.Errorf("decode canonical JSON: %w", err)
	}
	return into(data, v, "decode canonical JSON")
}

// into decodes what was checked; names are compared byte for byte, and unknown ones
// are refused.
func into(data []byte, v any, what string) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := exact(data, v); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// UnmarshalLoose decodes JSON that people wrote: any layout and order, but the
// same restrictions otherwise, and unknown fields are refused.
func UnmarshalLoose(data []byte, v any) error {
	if err := restrict(data); err != nil {
		return fmt.Errorf("decode JSON: %w", err)
	}
	return into(data, v, "decode JSON")
}

// SHA256 is the lower-case hexadecimal SHA-256 of bytes, the form of every
// digest in events, manifests and documents.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Base64 decodes the one form of base64: RFC 4648 section 4 with padding, no bits
// left over and no line feeds, which the decoder underneath skips.
func Base64(text string) ([]byte, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(data) != text {
		return nil, errors.New("not strict base64")
	}
	return data, nil
}

// Digest is the SHA-256 of a value's canonical form.
func Digest(v any) (string, error) {
	data, err := Marshal(v)
	if err != nil {
		return "", err
	}
	return SHA256(data), nil
}

// restrict walks the tokens once and refuses what the subset leaves out.
func restrict(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := value(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("data after the value")
	}
	return nil
}

func value(dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	switch t := tok.(type) {
	case json.Number:
		n, err := strconv.ParseInt(t.String(), 10, 64)
		if err != nil || n > maxInteger || n < -maxInteger {
			return fmt.Errorf("number %s: want an integer of at most 2^53-1", t)
		}
	case json.Delim:
		if t == '{' {
			return object(dec, depth)
		}
		for dec.More() {
			if err := value(dec, depth+1); err != nil {
				return err
			}
		}
		_, err = dec.Token()
		return err
	}
	return nil
}

func object(dec *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		key, ok := tok.(string)
		if !ok {
			return fmt.Errorf("object key %v: want a string", tok)
		}
		if seen[key] {
			return fmt.Errorf("duplicate key %q", key)
		}
		seen[key] = true
		if err := value(dec, depth+1); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
