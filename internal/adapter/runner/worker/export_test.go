package worker

import (
	"time"

	"github.com/dc-release/dc-release/internal/app/work"
)

// LogFile is the log of one execution in the spool.
type LogFile = logFile

// For tests of this package.
var (
	NewLogFile = newLogFile
	Stream     = (*logFile).stream
	Add        = (*logFile).add
	Close      = (*logFile).close
	Path       = (*logFile).path
	Flush      = (*logFile).flush
	Begin      = (*Worker).begin
	Resend     = (*Worker).resend
	HandIn     = (*Worker).handIn
)

// Pack writes the deterministic tar, Packed gives it as a body.
var (
	Pack   = pack
	Packed = packed
)

// Patient asks a server again while it is away.
func Patient(s work.Server, patience time.Duration, dir string) work.Server {
	return patient{s, patience, dir}
}
