package totp_test

import (
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/totp"
)

// The seed and times of RFC 6238 appendix B; the six last digits of its codes.
const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

func TestCodesOfRFC6238(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"} {
		if got, err := totp.Code(seed, time.Unix(at, 0)); err != nil || got != want {
			t.Errorf("at %d: %s, %v, want %s", at, got, err, want)
		}
	}
}

func TestMatch(t *testing.T) {
	for name, c := range map[string]struct {
		at   int64
		want bool
	}{
		"in its period":     {1111111109, true},
		"one period late":   {1111111109 + 30, true},
		"one period early":  {1111111109 - 30, true},
		"two periods late":  {1111111109 + 61, false},
		"two periods early": {1111111109 - 60, false},
	} {
		t.Run(name, func(t *testing.T) {
			step, ok, err := totp.Match(seed, "081804", time.Unix(c.at, 0))
			if err != nil || ok != c.want {
				t.Fatalf("got %v, %v", ok, err)
			}
			if ok && step != 1111111109/30 {
				t.Errorf("step %d", step)
			}
		})
	}
}

func TestSeedsDiffer(t *testing.T) {
	a, err := totp.NewSeed()
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := totp.NewSeed(); a == b {
		t.Error("two seeds are equal")
	}
}
