package wire

import (
	"context"
	"os"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/oidc"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// openProvider connects the identity provider of the configuration, where
// people come back to a page of the origin.
func (o *Owner) openProvider(ctx context.Context, origin string) error {
	if o.Config.Provider == "" {
		return nil
	}
	f, err := os.Open(o.Config.Provider)
	if err != nil {
		return fault.New(fault.Invalid, "--oidc: %v", err)
	}
	defer f.Close()
	c, err := oidc.Read(f)
	if err != nil {
		return fault.New(fault.Invalid, "--oidc %s: %v", o.Config.Provider, err)
	}
	p, err := oidc.New(ctx, c, origin+"/oidc/callback", o.App.People.Digest, time.Now)
	if err != nil {
		return fault.New(fault.Invalid, "--oidc %s: %v", o.Config.Provider, err)
	}
	o.App.Access.Provider = p
	o.App.Signer.Provers[policy.OIDC] = p
	return nil
}
