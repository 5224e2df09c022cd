package fault_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/fault"
)

func TestNearest(t *testing.T) {
	known := []string{"pat", "oauth-m2m", "file-oidc", "solution"}
	for name, want := range map[string]string{
		"oauth_m2m": "oauth-m2m",
		"File-OIDC": "file-oidc",
		"solutoin":  "solution",
		"pta":       "pat",
		"pat":       "pat",
		"":          "",
		"basic":     "",
		"oidc":      "",
	} {
		if got := fault.Nearest(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
