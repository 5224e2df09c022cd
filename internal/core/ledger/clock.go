package ledger

// The states of the server's clock.
const (
	ClockSynchronised   = "synchronised"
	ClockUnsynchronised = "unsynchronised"
	ClockUnknown        = "unknown"
)

// ClockObserved records, once for each start of a server, a clock that nobody
// vouches for or that is off.
type ClockObserved struct {
	State    string `json:"state"`     // of the kernel's clock discipline
	Source   string `json:"source"`    // time source that was asked, "" for none
	Measured bool   `json:"measured"`  // the source answered
	OffsetUS int64  `json:"offset_us"` // source minus server in microseconds, when measured; else the kernel's estimate
	Problem  string `json:"problem"`   // why nothing better is known
}

// EventType implements Payload.
func (ClockObserved) EventType() (string, int) { return "clock.observed", 1 }
