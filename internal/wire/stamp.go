package wire

import (
	"github.com/dc-release/dc-release/internal/adapter/tsa"
)

// openAuthority makes the authority that stamps anchored checkpoints; none is
// configured by default.
func (o *Owner) openAuthority() error {
	roots, err := tsa.Roots(o.Config.TSACA)
	if err != nil || o.Config.TSA == "" {
		return err
	}
	a, err := tsa.New(o.Config.TSA, tsa.Verifier{Roots: roots})
	if err == nil {
		o.publisher.Authority = a
	}
	return err
}
