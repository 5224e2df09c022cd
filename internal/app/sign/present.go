package sign

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Present verifies that a person is there, with the factors in the request, for
// something that is no signature but that nobody may do in another's name. It
// counts failures as a ceremony does.
func (s *Signer) Present(ctx context.Context, by By, operation string, about ledger.Stream) (ledger.Actor, error) {
	act := Act{Name: operation, About: about}
	who, err := s.person(ctx, by.As, act)
	if err != nil {
		return ledger.Actor{}, err
	}
	if who.Disabled {
		return ledger.Actor{}, s.refuse(ctx, who, Password, act, []string{who.Login + " is disabled"})
	}
	if _, err := s.prove(ctx, who, Pending{Method: Password}, Proof{Credentials: by.Credentials}, act); err != nil {
		return ledger.Actor{}, err
	}
	return ledger.Actor{Kind: ledger.Person, ID: who.ID, Authentication: Password}, nil
}
