package releaselog

import (
	"fmt"
	"time"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// MaxToken bounds a time stamp token, in bytes: one with a chain of four
// certificates has less than 10 KiB.
const MaxToken = 64 << 10

// StampTolerance is how much a time stamp may be before the last event that it
// is over. Clocks may differ by 5 s from their sources (app/clock), and an
// authority may leave fractions of a second out.
const StampTolerance = 10 * time.Second

// TokenPath is where the time stamp of a checkpoint stands on the branch of
// anchors: a TimeStampToken of RFC 3161 in DER.
func TokenPath(origin string, size int64) string { return AnchorPath(origin, size) + tokenSuffix }

const tokenSuffix = ".tst"

// Stamp is what a verified time stamp token says.
type Stamp struct {
	Time      time.Time // genTime
	Authority string    // subject of the certificate that signed the token
	// Established says that the certificate leads to an authority that is
	// trusted; without one nothing is known of who signed.
	Established bool
}

// Fits refuses a time before that of the last event that the stamp is over.
func (s Stamp) Fits(last time.Time) error {
	if s.Time.Before(last.Add(-StampTolerance)) {
		return fmt.Errorf("says %s, the last event before it is of %s: one of the two clocks is wrong", ledger.FormatTime(s.Time), ledger.FormatTime(last))
	}
	return nil
}

// TimestampRequested records that a time stamp over an anchored checkpoint is
// asked for.
type TimestampRequested struct {
	Solution   string `json:"solution"` // whose release log the checkpoint stands in
	Origin     string `json:"origin"`
	Size       int64  `json:"size"`
	Checkpoint string `json:"checkpoint"` // SHA-256 of the note's bytes
}

// EventType implements ledger.Payload.
func (TimestampRequested) EventType() (string, int) { return "checkpoint.timestamp_requested", 1 }

// Timestamped records the token that stands beside an anchored checkpoint.
type Timestamped struct {
	Solution    string `json:"solution"`
	Origin      string `json:"origin"`
	Size        int64  `json:"size"`
	Checkpoint  string `json:"checkpoint"`  // SHA-256 of the note's bytes
	Token       string `json:"token"`       // SHA-256 of the token
	Authority   string `json:"authority"`   // subject of its certificate
	Time        string `json:"time"`        // that the token says
	Established bool   `json:"established"` // its certificate led to one that was trusted then
}

// EventType implements ledger.Payload.
func (Timestamped) EventType() (string, int) { return "checkpoint.timestamped", 1 }

// TimestampFailed records that a time stamp was given up; the checkpoint counts
// as before.
type TimestampFailed struct {
	Solution   string `json:"solution"`
	Origin     string `json:"origin"`
	Size       int64  `json:"size"`
	Checkpoint string `json:"checkpoint"` // SHA-256 of the note's bytes
	Problem    string `json:"problem"`    // of the last try
}

// EventType implements ledger.Payload.
func (TimestampFailed) EventType() (string, int) { return "checkpoint.timestamp_failed", 1 }

// OfTimestamp reports whether an event is about time stamps alone: it follows
// from an anchor and gives no cause for the next one.
func OfTimestamp(p ledger.Payload) bool {
	switch p.(type) {
	case *TimestampRequested, *Timestamped, *TimestampFailed:
		return true
	}
	return false
}
