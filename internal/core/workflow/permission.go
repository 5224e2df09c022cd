package workflow

import (
	"fmt"
	"maps"
	"slices"
)

// Access is what a permission allows, weakest first.
type Access string

// The levels of GitHub.
const (
	NoAccess Access = "none"
	Read     Access = "read"
	Write    Access = "write"
)

func (a Access) rank() int { return slices.Index([]Access{NoAccess, Read, Write}, a) }

// IDToken is the permission to ask for a token that proves the job's identity.
const IDToken = "id-token"

// PermissionScopes are GitHub's permissions, each with the strongest access that
// it can have.
var PermissionScopes = map[string]Access{
	"actions": Write, "artifact-metadata": Write, "attestations": Write, "checks": Write, "contents": Write,
	"deployments": Write, "discussions": Write, IDToken: Write, "issues": Write, "models": Read, "packages": Write,
	"pages": Write, "pull-requests": Write, "repository-projects": Write, "security-events": Write, "statuses": Write,
}

// Permissions is what permissions: declares; nil is no declaration. A scope that
// a declaration does not name is none.
type Permissions map[string]Access

// AllPermissions is what read-all or write-all stands for.
func AllPermissions(access Access) Permissions {
	p := Permissions{}
	for scope, strongest := range PermissionScopes {
		p[scope] = access
		if access.rank() > strongest.rank() {
			p[scope] = strongest
		}
		if scope == IDToken && access == Read {
			p[scope] = NoAccess // there is no reading of it
		}
	}
	return p
}

// DefaultPermissions is what a workflow may do that declares nothing and is
// called by nobody who does: everything but an identity token.
func DefaultPermissions() Permissions {
	p := AllPermissions(Write)
	p[IDToken] = NoAccess
	return p
}

// Allows reports whether the permission is there.
func (p Permissions) Allows(scope string, access Access) bool {
	have, ok := p[scope]
	if !ok {
		have = NoAccess
	}
	return have.rank() >= access.rank()
}

// Exceeds names what the permissions ask for beyond a limit, as "scope: access
// (allowed: access)", sorted.
func (p Permissions) Exceeds(limit Permissions) []string {
	var list []string
	for _, scope := range slices.Sorted(maps.Keys(p)) {
		if limit.Allows(scope, p[scope]) {
			continue
		}
		allowed, ok := limit[scope]
		if !ok {
			allowed = NoAccess
		}
		list = append(list, fmt.Sprintf("%s: %s (allowed: %s)", scope, p[scope], allowed))
	}
	return list
}
