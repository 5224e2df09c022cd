package wire

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/app/integrity"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// begun makes an installation with some events and closes it.
func begun(t *testing.T) Config {
	t.Helper()
	c := Config{Data: t.TempDir(), Build: "test", Sandbox: "none", NoWorker: true}
	o := opened(t, c)
	for range 3 {
		ask(t, o, "")
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

func opened(t *testing.T, c Config) *Owner {
	t.Helper()
	o, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// ask lets an event be appended: a refused operation.
func ask(t *testing.T, o *Owner, reason string) {
	t.Helper()
	_, err := o.Call(t.Context(), "role.grant", []byte(`{"as":"nobody","reason":"asks whether it may"}`))
	if err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("got %v, want an error that says %q", err, reason)
	}
}

// beyond is a checkpoint of the installation that its ledger does not reach.
func beyond(t *testing.T, o *Owner, size int64) []byte {
	t.Helper()
	c := ledger.Checkpoint{Origin: o.Ring.Origin(), Size: size}
	note, err := ledger.SignNote(c.Body(), ledger.NewSigner(c.Origin, o.Ring.Keys["ledger"]))
	if err != nil {
		t.Fatal(err)
	}
	return note
}

func digest(t *testing.T, path string) [32]byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(raw)
}

func TestAttack05_AHeldInstallationAnswersAndWritesNothing(t *testing.T) {
	c := begun(t)
	o := opened(t, c)
	note := beyond(t, o, 1000)
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.Data, "anchors", "from-qa")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, note, 0o600); err != nil {
		t.Fatal(err)
	}
	before := digest(t, filepath.Join(c.Data, "ledger.db"))
	var log bytes.Buffer
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	o = opened(t, c)
	if !strings.Contains(log.String(), "INTEGRITY HOLD") || !strings.Contains(log.String(), "from-qa") {
		t.Errorf("alarm: %s", log.String())
	}
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var hold *integrity.Hold
	if err := o.WaitIdle(t.Context()); !errors.As(err, &hold) {
		t.Errorf("idle: %v", err)
	}
	for _, op := range operation.All {
		_, err := o.Call(t.Context(), op.Name, []byte(`{}`))
		if op.Mutating && (fault.KindOf(err) != fault.Unverified || !errors.As(err, &hold)) {
			t.Errorf("%s: %v, want the hold", op.Name, err)
		}
		if !op.Mutating && errors.As(err, &hold) {
			t.Errorf("%s only asks and is refused", op.Name)
		}
	}
	list, err := operation.Ask[trail.List](t.Context(), o, "audit.list", operation.None{})
	if err != nil || list.Total < 4 || len(list.Events) != int(list.Total) {
		t.Errorf("%d events of %d, %v", len(list.Events), list.Total, err)
	}
	if _, err := o.Store.Append(t.Context(), ledger.Batch{Command: "x"}); !errors.As(err, &hold) {
		t.Errorf("append: %v", err)
	}
	w := httptest.NewRecorder()
	o.http.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/worker/claim", strings.NewReader("{}")))
	if err := fault.ReadProblem(w.Result().Status, w.Body); fault.KindOf(err) != fault.Unverified {
		t.Errorf("claim: %v", err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if digest(t, filepath.Join(c.Data, "ledger.db")) != before {
		t.Error("the database was written to")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	o = opened(t, c)
	ask(t, o, "nobody")
	if err := errors.Join(o.Held(), o.Close()); err != nil {
		t.Error(err)
	}
}

func TestAttack04_AnAbsentDatabaseIsHeldAndNotMade(t *testing.T) {
	c := begun(t)
	for _, name := range []string{"ledger.db", "ledger.db-wal", "ledger.db-shm"} {
		_ = os.Remove(filepath.Join(c.Data, name))
	}
	o := opened(t, c)
	ask(t, o, "head.note: the ledger has 0 events")
	if list, err := operation.Ask[trail.List](t.Context(), o, "audit.list", operation.None{}); err != nil || list.Total != 0 {
		t.Errorf("%d events, %v", list.Total, err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(c.Data, "ledger.db")); !os.IsNotExist(err) {
		t.Errorf("a database was made: %v", err)
	}
}

func TestAnAnchorThatComesWhileServingHoldsTheInstallation(t *testing.T) {
	c := begun(t)
	c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	file := filepath.Join(t.TempDir(), "anchor")
	o := opened(t, c)
	if err := os.WriteFile(file, beyond(t, o, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.recheck(t.Context()); err != nil || o.Held() != nil {
		t.Fatalf("a sound ledger: %v, %v", err, o.Held())
	}
	ask(t, o, "nobody")
	o.Config.Anchors = []string{file}
	if err := o.recheck(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, o, "integrity hold")
	var hold *integrity.Hold
	if _, err := o.Store.Append(t.Context(), ledger.Batch{Command: "x"}); !errors.As(err, &hold) {
		t.Errorf("append: %v", err)
	}
	if err := o.WaitIdle(t.Context()); !errors.As(err, &hold) {
		t.Errorf("idle: %v", err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}
