package console

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Secret asks on the terminal without showing what is typed.
func Secret(env *Env, prompt string) (text string, err error) {
	f, ok := env.In.(*os.File)
	if !ok {
		return "", errors.New("standard input is no terminal")
	}
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return "", fmt.Errorf("read terminal settings: %w", err)
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &silent); err != nil {
		return "", fmt.Errorf("hide input: %w", err)
	}
	defer func() {
		err = errors.Join(err, unix.IoctlSetTermios(fd, unix.TCSETS, before))
		fmt.Fprintln(env.Err)
	}()
	fmt.Fprint(env.Err, prompt)
	line, err := bufio.NewReaderSize(f, 1).ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}
