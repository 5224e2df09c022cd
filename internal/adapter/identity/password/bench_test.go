package password_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/dc-release/dc-release/internal/adapter/identity/password"
)

// BenchmarkHash alternates one hash with the product's parameters with one of
// the least that OWASP names (t=2, m=19 MiB), in the same run: the ratio is what
// the stronger parameters cost.
func BenchmarkHash(b *testing.B) {
	h := password.NewHasher(1)
	salt := make([]byte, 16)
	var ours, least time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := h.Hash(b.Context(), "correct horse battery staple"); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		start = time.Now()
		argon2.IDKey([]byte("correct horse battery staple"), salt, 2, 19<<10, 1, 32)
		least += time.Since(start)
	}
	b.ReportMetric(ours.Seconds()/least.Seconds(), "ours/least")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms/ours")
	b.ReportMetric(float64(least.Milliseconds())/float64(b.N), "ms/least")
}

// BenchmarkHashesAtOnce is how many hashes a second the bound of the server lets
// through while eight people ask at once.
func BenchmarkHashesAtOnce(b *testing.B) {
	for _, bound := range []int{1, 2} {
		b.Run(fmt.Sprintf("bound=%d", bound), func(b *testing.B) {
			h := password.NewHasher(bound)
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := h.Hash(b.Context(), "correct horse battery staple"); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "hashes/s")
		})
	}
}
