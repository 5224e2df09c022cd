package install

import (
	"encoding/base64"
	"encoding/pem"
	"os"
	"strings"

	"github.com/dc-release/dc-release/internal/core/dsse"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// builders reads NAME=FILE: files with a public key as PEM, or as base64 in one
// line.
func builders(pairs []string) ([]policy.Builder, error) {
	var out []policy.Builder
	for _, p := range pairs {
		name, file, ok := strings.Cut(p, "=")
		if !ok || name == "" || file == "" {
			return nil, fault.New(fault.Invalid, "--builder %q: want NAME=FILE", p).WithHint("FILE holds a public key, such as: openssl pkey -in KEY -pubout")
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fault.New(fault.Invalid, "--builder: %v", err)
		}
		key := strings.TrimSpace(string(data))
		if block, rest := pem.Decode(data); block != nil {
			if block.Type != "PUBLIC KEY" || len(strings.TrimSpace(string(rest))) > 0 {
				return nil, fault.New(fault.Invalid, "--builder: %s holds %q: want one public key alone", file, block.Type).WithHint("make it with: openssl pkey -in KEY -pubout")
			}
			key = base64.StdEncoding.EncodeToString(block.Bytes)
		}
		if _, err := dsse.ParseKey(key); err != nil {
			return nil, fault.New(fault.Invalid, "--builder: %s: %v", file, err).WithHint("want Ed25519 or ECDSA on P-256, as PEM: openssl pkey -in KEY -pubout")
		}
		out = append(out, policy.Builder{Name: name, Key: key})
	}
	return out, nil
}
