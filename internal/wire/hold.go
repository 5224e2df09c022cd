package wire

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/integrity"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// anchorsDir holds checkpoints that were handed in, one in each file, cosigned
// or not.
func anchorsDir(data string) string { return filepath.Join(data, "anchors") }

// keptAnchors are its files.
func keptAnchors(data string) ([]string, error) {
	return filepath.Glob(filepath.Join(anchorsDir(data), "*"))
}

// Held is why the installation changes nothing, nil when it is not held.
func (o *Owner) Held() error {
	if h := o.held.Load(); h != nil {
		return h
	}
	return nil
}

// openStore opens the ledger. It is compared with every known checkpoint
// first: a store that is held is opened for reading alone, and nothing is
// migrated, swept or begun in it.
func (o *Owner) openStore(ctx context.Context) (*sqlite.Engine, error) {
	path := filepath.Join(o.Config.Data, "ledger.db")
	config := sqlstore.Config{Now: time.Now, NewID: newID, NewSalt: newSalt, Build: o.Config.Build}
	known, err := o.knownAnchors(ctx)
	if err != nil {
		return nil, err
	}
	var engine *sqlite.Engine
	var before *sqlstore.Store
	hashes := func(_ context.Context, do func(int64, ledger.HashReader) error) error { return do(0, &ledger.Memory{}) }
	if _, err := os.Stat(path); err == nil {
		if engine, err = sqlite.OpenReadOnly(path); err != nil {
			return nil, err
		}
		before = sqlstore.OpenHeld(engine, nil, config)
		hashes = before.Hashes
	}
	if hold := o.sound(ctx, before, hashes, known); hold != nil {
		return nil, o.openHeld(ctx, engine, hold, config)
	}
	if engine != nil {
		if err := engine.Close(); err != nil {
			return nil, err
		}
	}
	if engine, err = sqlite.Open(ctx, path); err != nil {
		return nil, err
	}
	if o.Store, err = sqlstore.Open(ctx, engine, config); err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return engine, o.keepKeys(ctx)
}

// keepKeys makes the files of keys say which are in force, now that the ledger is
// open and sound.
func (o *Owner) keepKeys(ctx context.Context) error {
	known, err := announced(ctx, o.Store)
	if err != nil {
		return err
	}
	if _, err := settle(known, o.Ring); err != nil {
		return fault.New(fault.Unverified, "%v", err)
	}
	return o.Ring.Keep()
}

// sound compares a store, nil for none, with the keys of this installation and
// every known checkpoint; nil when nothing is wrong.
func (o *Owner) sound(ctx context.Context, before *sqlstore.Store, hashes integrity.Hashes, known []integrity.Anchor) *integrity.Hold {
	var keys ledger.Announced
	if before != nil {
		keys, _ = announced(ctx, before) // a ledger that cannot be read is held where there is anything to compare it with
	}
	chain, wrong := settle(keys, o.Ring)
	hold := integrity.Check(ctx, hashes, chain, known)
	if wrong == nil {
		return hold
	}
	if hold == nil {
		hold = &integrity.Hold{}
	}
	hold.Reasons = append(hold.Reasons, strings.Split(wrong.Error(), "\n")...)
	return hold
}

// openHeld lets a copy of the database answer, in which views are made anew from
// the events: they may have been changed with them. An empty one answers where
// there is no database any more, and the database itself where no copy can be
// made.
func (o *Owner) openHeld(ctx context.Context, engine *sqlite.Engine, hold *integrity.Hold, config sqlstore.Config) (err error) {
	o.alarm(hold)
	if o.copied, err = os.MkdirTemp("", "dc-release-held-"); err != nil {
		return err
	}
	path := filepath.Join(o.copied, "ledger.db")
	if engine != nil {
		if err := engine.CopyTo(ctx, path); err != nil {
			o.Config.Logger.Error("the database is read as it is, lists may lag behind it", "error", err)
			o.Store = sqlstore.OpenHeld(engine, hold, config)
			return nil
		}
		if err := engine.Close(); err != nil {
			return err
		}
	}
	if engine, err = sqlite.Open(ctx, path); err != nil {
		return err
	}
	if o.Store, err = sqlstore.Open(ctx, engine, config); err != nil {
		return errors.Join(err, engine.Close())
	}
	if err := o.Store.RebuildViews(ctx); err != nil {
		o.Config.Logger.Error("lists are as they were found and may not be what the ledger says", "error", err)
	}
	o.Store.Hold(hold)
	return nil
}

// alarm makes the hold known; the log goes to standard error.
func (o *Owner) alarm(hold *integrity.Hold) {
	o.held.Store(hold)
	o.Config.Logger.Error("INTEGRITY HOLD: nothing is changed any more", "data", o.Config.Data, "reasons", strings.Join(hold.Reasons, "; "))
}

// recheck compares the ledger once more and holds the installation when it does
// not extend every anchor any more. What was under way ends without effect.
func (o *Owner) recheck(ctx context.Context) error {
	known, err := o.knownAnchors(ctx)
	if err != nil || o.Held() != nil {
		return err
	}
	announced, err := announced(ctx, o.Store)
	if err != nil {
		return err
	}
	hashes := func(ctx context.Context, do func(int64, ledger.HashReader) error) error {
		return o.Store.Hashes(ctx, func(size int64, r tlog.HashReader) error { return do(size, r) })
	}
	hold := integrity.Check(ctx, hashes, announced.Chain(releaselog.LedgerKey), known)
	if hold == nil {
		return nil
	}
	behind := o.Store.CatchUpAll(ctx) // so that lists are right to the end
	o.Store.Hold(hold)
	o.alarm(hold)
	o.driver.halt()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(behind, o.effects.Stop(stop))
}

// knownAnchors gathers every checkpoint that this installation knows of:
// head.note, the branch of anchors in each mirror, those handed in.
func (o *Owner) knownAnchors(ctx context.Context) ([]integrity.Anchor, error) {
	var out []integrity.Anchor
	head, err := os.ReadFile(headNote(o.Config.Data))
	if err == nil {
		out = append(out, integrity.Anchor{Where: "head.note", Note: head, Own: true})
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	notes := map[string][]byte{}
	if err := anchors(ctx, o.Config.Data, notes); err != nil {
		return nil, err
	}
	for where, note := range notes {
		out = append(out, integrity.Anchor{Where: where, Note: note})
	}
	kept, err := keptAnchors(o.Config.Data)
	if err != nil {
		return nil, err
	}
	for _, file := range slices.Concat(kept, o.Config.Anchors) {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fault.New(fault.Invalid, "anchor: %v", err)
		}
		note, err := verify.Anchor(raw, nil)
		if err != nil {
			note = raw // held with the reason that it is none
		}
		out = append(out, integrity.Anchor{Where: "anchor " + file, Note: note, Own: true})
	}
	return out, nil
}

// whileSound answers workers only while the installation is not held.
func (o *Owner) whileSound(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := o.Held()
		if err == nil {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_ = json.NewEncoder(w).Encode(fault.ProblemOf(err))
	})
}
