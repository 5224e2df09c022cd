package console

import (
	"os"

	"golang.org/x/sys/unix"
)

// Screen is the terminal that standard output is; without one it is zero.
type Screen struct {
	Columns int
	Rows    int
	Colour  bool
}

// Screen looks at standard output. NO_COLOR (no-color.org) and TERM=dumb keep
// colours off.
func (e *Env) Screen() Screen {
	f, ok := e.Out.(*os.File)
	if !ok {
		return Screen{}
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return Screen{}
	}
	s := Screen{Columns: int(size.Col), Rows: int(size.Row), Colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if s.Columns == 0 || s.Rows == 0 {
		s.Columns, s.Rows = 80, 24 // a terminal that does not say
	}
	return s
}

// IsTerminal reports whether there is a screen.
func (s Screen) IsTerminal() bool { return s.Columns > 0 }
