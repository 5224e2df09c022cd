package worker

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
)
