// Package persontest prepares people of tests for signing.
package persontest

import (
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Far is a day that no test reaches.
const Far = "2099-12-31"

// Asked is what is asked of everybody, for the stream policy.Signing.
func Asked() ledger.Payload {
	asked := person.Asked()
	return &asked
}

// Prepared are the events by which a person may sign in a role; whoever appends
// them is another person.
func Prepared(id string, role policy.Role) []ledger.Payload {
	asked := person.Asked()
	out := []ledger.Payload{
		&policy.IdentityChecked{Person: id, ReviewDue: Far},
		&policy.StatementAccepted{Person: id, Version: asked.Statement, SHA256: asked.StatementSHA256},
	}
	for _, p := range asked.For(role) {
		out = append(out, &policy.Trained{Person: id, Procedure: p, Until: Far})
	}
	return out
}
