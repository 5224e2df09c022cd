package measure_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/archtest/measure"
)

// Memory that is used and given back counts where it was used, and not later.
func TestThePeakIsThatOfTheCall(t *testing.T) {
	const size = 200 << 20
	large := measure.Call(t, func() {
		data := make([]byte, size)
		for i := 0; i < len(data); i += 512 {
			data[i] = 1
		}
	})
	small := measure.Call(t, func() {})
	if large.Peak < size || small.Peak > size || large.CPU <= 0 || large.Wall <= 0 {
		t.Errorf("large %+v, small %+v", large, small)
	}
	if p := measure.Program(t, ".", "true"); p.Peak > size || p.Peak <= 0 {
		t.Errorf("program %+v", p)
	}
}
