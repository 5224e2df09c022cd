package sign_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

func TestGXP037_FiveFailuresLockUntilAnotherPersonUnlocks(t *testing.T) {
	w := begin(t)
	act := w.act("approve", signature.SMEApproved)
	attempt := func(p sign.Proof) error {
		_, err := w.Sign(t.Context(), sign.By{As: "cleo", Reason: "reviewed", Credentials: p.Credentials}, act)
		return err
	}
	for range 5 {
		if err := attempt(sign.Proof{Credentials: sign.Credentials{Password: "guess", Code: "000000"}}); err == nil || strings.Contains(err.Error(), "locked") {
			t.Fatalf("a guess: %v", err)
		}
	}
	w.clock.Move(time.Hour)
	if err := attempt(w.proof()); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Fatalf("the right factors an hour later: %v", err)
	}
	if _, err := w.Sign(t.Context(), sign.By{As: "rune", Reason: "reviewed", Credentials: w.proof().Credentials}, w.act("approve", signature.AuthorisedToPRD)); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	w.append(ledger.PersonStream("cleo"), &policy.SigningUnlocked{Person: "cleo"})
	if err := w.store.ForgetFailures(t.Context(), "cleo"); err != nil {
		t.Fatal(err)
	}
	if err := attempt(w.proof()); err != nil {
		t.Errorf("unlocked: %v", err)
	}
}
