package runner

import (
	"bytes"
	"strings"

	"github.com/dc-release/dc-release/internal/core/mask"
)

// longLine is the length at which a line without an end is broken. What is
// longer is not looked at for workflow commands.
const longLine = 1 << 20

// lines cuts what a step writes into lines, however it is split over writes,
// and never in the middle of a secret. It is used by one goroutine.
type lines struct {
	mask *mask.Masker
	// line takes a whole line, not masked, because it may be a command.
	line func(text string)
	// piece takes a masked part of a line that is longer than longLine.
	piece func(text string)

	buf    []byte
	pieces bool // the line in buf was already broken

	held   []string // lines that may end with the beginning of a secret
	weight int      // bytes of them
	before string   // the end of the lines before
}

// maxHeld is how many bytes may be held back beyond the longest form of a secret.
const maxHeld = 4096

// Write never fails.
func (l *lines) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			l.buf = append(l.buf, b...)
			l.shorten()
			break
		}
		l.buf = append(l.buf, b[:end]...)
		l.shorten()
		l.flush()
		b = b[end+1:]
	}
	return n, nil
}

// Close gives out a last line without an end.
func (l *lines) Close() {
	if len(l.buf) > 0 {
		l.flush()
	}
	l.pieces = false
	l.release()
}

func (l *lines) flush() {
	text := strings.TrimSuffix(string(l.buf), "\r")
	l.buf = l.buf[:0]
	if l.pieces {
		l.piece(clean(l.mask.Mask(text)))
	} else {
		l.take(clean(text))
	}
	l.pieces = false
}

// take holds a line back as long as the next one may show that a secret is
// broken over both.
func (l *lines) take(text string) {
	if n := l.mask.Continued(l.before, text); len(l.held) == 0 && n > 0 {
		text = mask.Text + text[n:]
	}
	l.held = append(l.held, text)
	l.weight += len(text) + 1
	if l.weight > maxHeld+2*l.mask.Reach() || !l.mask.Opens(strings.Join(l.held, "\n")) {
		l.release()
	}
}

// release gives out what was held back.
func (l *lines) release() {
	if len(l.held) > 1 {
		l.held = strings.Split(l.mask.Unwrap(strings.Join(l.held, "\n")), "\n")
	}
	for _, text := range l.held {
		l.give(text)
	}
	l.held, l.weight = l.held[:0], 0
}

func (l *lines) give(text string) {
	l.before = mask.Tail(l.before + text)
	l.line(text)
}

// shorten gives out the beginning of a line that has become too long. It keeps
// enough to see the rest of a secret that begins before the cut.
func (l *lines) shorten() {
	keep := l.mask.Reach()
	for len(l.buf) > longLine+2*keep {
		text := string(l.buf)
		cut := l.mask.Beyond(text, len(text)-keep)
		l.piece(clean(l.mask.Mask(text[:cut])))
		l.buf = append(l.buf[:0], text[cut:]...)
		l.pieces = true
	}
}

// clean makes text valid UTF-8, which JSON can carry.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
