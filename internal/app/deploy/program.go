package deploy

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/fault"
)

// Program is one command that a target runs.
type Program struct {
	Argv []string // argv[0] is absolute, or searched on the PATH of deployments
	// Env is the whole environment beside PATH, HOME and TMPDIR, which are the
	// call's own. Secrets go here and never into Argv.
	Env map[string]string
	// Hide are values that are taken out of everything that is kept.
	Hide  []string
	Dir   string // below the folder that Programs lent, "" for the folder itself
	Stdin []byte
	// See and Write are files and directories outside of the folder that the
	// program may read, and directories that it may change what is in; they are
	// absolute and exist.
	See, Write []string
	// Before is called when nothing is missing any more, and the program is not
	// started when that fails; nil for nothing.
	Before func(ctx context.Context) error
	// Network lets the program reach other machines.
	Network bool
}

// Output is what a program said, unmasked: it is for the target, and what is kept
// of it is masked.
type Output struct {
	Exit           int
	Stdout, Stderr []byte
	// Cut is how many bytes of Stdout were more than is kept of one program.
	Cut int64
}

// Programs runs the programs of targets apart from the store and from keys.
type Programs interface {
	// Folder lends an empty folder for one use of a target; everything in it is
	// removed by done.
	Folder(ctx context.Context) (path string, done func() error, err error)
	// Run runs a program in a lent folder to its end and puts it into the call's
	// record. A program that ends with another code than 0 is no error. When ctx
	// ends, its whole tree is killed.
	Run(ctx context.Context, c *Call, folder string, p Program) (Output, error)
	// Find gives the absolute path of a program and the SHA-256 of its file.
	Find(ctx context.Context, name string) (path, sha256 string, err error)
}

// Unsupported is the error of a method that a target does not have; Describe
// says which it has.
func Unsupported(target, what string) error {
	return fault.New(fault.Invalid, "the target %s does not %s", target, what)
}
