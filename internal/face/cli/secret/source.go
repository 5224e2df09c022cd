package secret

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// source is where a value is read from; standard input without a flag.
type source struct{ env, file string }

func (s *source) flags(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&s.env, "from-env", "", "environment variable that holds the "+what)
	cmd.Flags().StringVar(&s.file, "from-file", "", "file that holds the "+what)
}

func (s source) given() bool { return s.env != "" || s.file != "" }

// read gives at most limit bytes; what is longer is an error, and no error
// repeats what was read.
func (s source) read(env *console.Env, limit int64, prompt string) (string, error) {
	switch {
	case s.env != "" && s.file != "":
		return "", fault.New(fault.Invalid, "want one of --from-env and --from-file")
	case s.env != "":
		value, ok := os.LookupEnv(s.env)
		if !ok {
			return "", fault.New(fault.Invalid, "--from-env %s: the environment has no %s", s.env, s.env)
		}
		return value, nil
	case s.file != "":
		f, err := os.Open(s.file)
		if err != nil {
			return "", fault.New(fault.Invalid, "--from-file: %v", err)
		}
		value, err := whole(f, limit)
		return value, errors.Join(err, f.Close())
	case env.Terminal:
		return console.Secret(env, prompt)
	}
	return whole(env.In, limit)
}

// whole reads to the end and leaves one line end out: that of an editor or echo.
func whole(r io.Reader, limit int64) (string, error) {
	const end = 2 // bytes of a line end
	raw, err := io.ReadAll(io.LimitReader(r, limit+end+1))
	if err != nil {
		return "", err
	}
	value, ended := strings.CutSuffix(string(raw), "\n")
	if ended {
		value = strings.TrimSuffix(value, "\r")
	}
	if int64(len(value)) > limit {
		return "", fault.New(fault.Invalid, "more than %d bytes were given", limit)
	}
	return value, nil
}
