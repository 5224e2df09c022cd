package sign_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// spent is where the time of a ceremony goes.
type spent struct{ all, hash, append, blobs time.Duration }

func (s *spent) in(part *time.Duration) func() {
	start := time.Now()
	return func() { *part += time.Since(start) }
}

type timedLog struct {
	sign.Ledger
	*spent
}

func (l timedLog) Append(ctx context.Context, b ledger.Batch) ([]ledger.Event, error) {
	defer l.in(&l.spent.append)()
	return l.Ledger.Append(ctx, b)
}

type timedBlobs struct {
	sign.Blobs
	*spent
}

func (b timedBlobs) PutBytes(ctx context.Context, data []byte) (string, error) {
	defer b.in(&b.blobs)()
	return b.Blobs.PutBytes(ctx, data)
}

// timedFactors hashes the password, or compares it alone so that a run without
// argon2id stands beside one with it.
type timedFactors struct {
	sign.Factors
	*spent
	hashes bool
}

func (f timedFactors) Verify(ctx context.Context, password, hash string) (bool, error) {
	if !f.hashes {
		return password == secret, nil
	}
	defer f.in(&f.hash)()
	return f.Factors.Verify(ctx, password, hash)
}

// BenchmarkSignInOneStep alternates a whole ceremony of the command line (prove
// presence, fix the payload, decide again, seal, append) with one whose password
// is compared instead of hashed, against a real store and real blobs, each on a
// release of its own. It reports both, the parts of the first, and the ratio.
func BenchmarkSignInOneStep(b *testing.B) {
	w := begin(b)
	var with, without spent
	hashing, comparing := w.timed(&with, true), w.timed(&without, false)
	for n := range b.N {
		for i, s := range []*sign.Signer{hashing, comparing} {
			version := fmt.Sprintf("2.%d.%d", n, i)
			w.another(version)
			act, err := s.Approve(sign.Request{Solution: solution, Version: version, Gate: gate.ApproveToPrd, Meaning: signature.SMEApproved, By: sign.By{Reason: "reviewed"}})
			if err != nil {
				b.Fatal(err)
			}
			by := sign.By{As: "cleo", Credentials: w.proof().Credentials}
			end := with.in(&[]*spent{&with, &without}[i].all)
			if _, err := s.Sign(b.Context(), by, act); err != nil {
				b.Fatal(err)
			}
			end()
		}
	}
	report := func(d time.Duration, unit string) {
		b.ReportMetric(float64(d.Microseconds())/1000/float64(b.N), unit)
	}
	report(with.all, "ms/signature")
	report(without.all, "ms/without-argon2")
	report(with.hash, "ms/argon2")
	report(with.append, "ms/append")
	report(with.blobs, "ms/blobs")
	report(with.all-with.hash-with.append-with.blobs, "ms/rest")
	b.ReportMetric(with.all.Seconds()/without.all.Seconds(), "with/without")
}

// timed is the world's signer with its parts timed.
func (w *world) timed(s *spent, hashes bool) *sign.Signer {
	out := *w.Signer
	prover := out.Provers[sign.Password].(sign.PasswordProver)
	prover.Factors = timedFactors{prover.Factors, s, hashes}
	out.Log, out.Blobs, out.Provers = timedLog{w.store, s}, timedBlobs{w.blobs, s}, map[string]sign.Prover{sign.Password: prover}
	return &out
}

// another registers a release whose gate is open with the manifest of the first.
func (w *world) another(version string) {
	w.t.Helper()
	st, err := w.State.Standing(w.t.Context(), release100)
	if err != nil {
		w.t.Fatal(err)
	}
	w.append(ledger.ReleaseStream(solution, version), &release.Registered{Solution: solution, Version: version, Tag: "v" + version, Profile: "gxp"},
		&gate.Opened{Gate: gate.ApproveToPrd, Manifest: st.Gate(gate.ApproveToPrd).Opened.Manifest, Opening: 1})
}
