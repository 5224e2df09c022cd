package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// spooled is a result on its way to the server.
type spooled struct {
	Result claim.Result `json:"result"`
	Log    string       `json:"log"` // file with the log, until it is a blob
}

// handIn writes the result into the spool, sends it until there is an answer,
// and clears the spool at the receipt.
func (w *Worker) handIn(ctx context.Context, r claim.Result, log string) error {
	path := filepath.Join(w.c.Spool, canonical.SHA256([]byte(r.Execution))+".json")
	raw, err := json.Marshal(spooled{Result: r, Log: log})
	if err != nil {
		return fmt.Errorf("spool result of %s: %w", r.Execution, err)
	}
	if err := writeDurably(path, raw); err != nil {
		return fmt.Errorf("spool result of %s: %w", r.Execution, err)
	}
	return w.send(context.WithoutCancel(ctx), path, spooled{Result: r, Log: log})
}

func writeDurably(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// send repeats while the server cannot be reached; a refusal is final and
// clears the spool too, because the server has recorded what it refused.
func (w *Worker) send(ctx context.Context, path string, s spooled) error {
	deadline := time.Now().Add(max(w.c.Patience, time.Second))
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := w.sendOnce(ctx, s)
		if err == nil || final(err) {
			return errors.Join(err, os.Remove(path), ignoreAbsent(os.Remove(s.Log)))
		}
		if time.Now().After(deadline) {
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

func final(err error) bool {
	switch fault.KindOf(err) {
	case fault.Conflict, fault.NotFound, fault.Invalid, fault.Forbidden:
		return true
	}
	return false
}

func ignoreAbsent(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (w *Worker) sendOnce(ctx context.Context, s spooled) error {
	if s.Log != "" {
		f, err := os.Open(s.Log)
		if err != nil {
			return err
		}
		digest, _, err := w.c.Server.PutBlob(ctx, bufio.NewReader(f)) // not a Closer: the file is closed here
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		s.Result.Log = digest
	}
	return w.c.Server.Finish(ctx, s.Result)
}

// resend hands in what an earlier process of this worker left.
func (w *Worker) resend(ctx context.Context) error {
	entries, err := os.ReadDir(w.c.Spool)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		path := filepath.Join(w.c.Spool, e.Name())
		raw, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // another worker of this directory handed it in
		}
		var s spooled
		if err := errors.Join(err, json.Unmarshal(raw, &s)); err != nil {
			errs = append(errs, err)
			continue
		}
		if err := w.sendOnce(ctx, s); err != nil && !final(err) {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, ignoreAbsent(os.Remove(path)), ignoreAbsent(os.Remove(s.Log)))
	}
	return errors.Join(errs...)
}
