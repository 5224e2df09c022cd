package wire

import (
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks"
	"github.com/dc-release/dc-release/internal/adapter/deploy/external"
	"github.com/dc-release/dc-release/internal/adapter/deploy/localdir"
	"github.com/dc-release/dc-release/internal/adapter/deploy/script"
	"github.com/dc-release/dc-release/internal/app/deploy"
)

// targets are the kinds of places that can be deployed to; core/policy has what
// their configuration may hold.
func (o *Owner) targets() map[string]deploy.Target {
	return map[string]deploy.Target{
		"localdir":      localdir.Target{},
		"script":        script.Target{Host: o.host()},
		"external":      external.Target{Host: o.host()},
		databricks.Kind: &databricks.Target{Programs: o.programs, Secret: o.secret, Issue: o.identifier.Place},
	}
}
