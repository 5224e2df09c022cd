package wire

import (
	"context"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/oidcissuer"
	"github.com/dc-release/dc-release/internal/app/identify"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// openIssuer makes the issuer of identity tokens, where one is configured. A
// rehearsal has none.
func (o *Owner) openIssuer(ctx context.Context) error {
	if o.Config.Issuer == "" || o.Config.Rehearsal {
		return nil
	}
	keys, err := oidcissuer.Keys(filepath.Join(o.Config.Data, "keys", "issuer"), time.Now())
	if err != nil {
		return err
	}
	if o.issuer, err = oidcissuer.New(o.Config.Issuer, keys, time.Now, newID); err != nil {
		return fault.New(fault.Invalid, "%v", err)
	}
	o.identifier.Issuer = o.issuer
	for _, k := range keys {
		public, err := k.Public()
		if err != nil {
			return err
		}
		_, err = o.Store.Append(ctx, ledger.Batch{
			Command: "key/issuer/" + k.ID, Actor: ledger.Actor{Kind: ledger.Machine, ID: "installation", Authentication: "internal"},
			Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.KeyCreated{
				Name: "issuer/" + k.ID, Algorithm: "rs256", Public: public, Purpose: "identity tokens of jobs",
			}}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// identityClaims are the names of a token's claims, for the discovery document.
func identityClaims() []string {
	var names []string
	for _, t := range []reflect.Type{reflect.TypeFor[pipeline.Identity](), reflect.TypeFor[identify.PlaceClaims]()} {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
