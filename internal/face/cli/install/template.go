package install

import (
	"os"
	"regexp"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
)

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// digests reads KIND=FILE and KIND=SHA256.
func digests(pairs []string) (map[string]string, error) {
	var out map[string]string
	for _, p := range pairs {
		kind, value, ok := strings.Cut(p, "=")
		if !ok {
			return nil, fault.New(fault.Invalid, "--template %q: want KIND=FILE or KIND=SHA256", p)
		}
		if _, err := document.KindNamed(kind); err != nil {
			return nil, fault.New(fault.Invalid, "--template: %v", err)
		}
		if !digestForm.MatchString(value) {
			data, err := os.ReadFile(value)
			if err != nil {
				return nil, fault.New(fault.Invalid, "--template: %v", err)
			}
			value = canonical.SHA256(data)
		}
		if out == nil {
			out = map[string]string{}
		}
		out[kind] = value
	}
	return out, nil
}
