package testresult

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// elements takes the elements of an XML text as they come. The parent of the
// root is "".
type elements interface {
	start(t xml.StartElement, parent string, at place) error
	text(t xml.CharData)
	end(name string, at place) error
}

// walk reads one XML text as a stream: one root, no document type, nothing
// around the root. Its error is a flaw with its place.
func walk(r io.Reader, into elements) error {
	d := xml.NewDecoder(r)
	d.CharsetReader = charset
	here := func() place {
		line, column := d.InputPos()
		return place{line: line, column: column}
	}
	w := walker{into: into}
	for {
		at := here()
		token, err := d.Token()
		if err == io.EOF && w.closed {
			return nil
		}
		if err == nil {
			err = w.take(token, at, here)
		}
		if err != nil {
			return stopped(err, here())
		}
	}
}

// stopped is the flaw that an error of a walk is.
func stopped(err error, at place) error {
	var own *flaw
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &syntax):
		return flawed(at, "%s", syntax.Msg)
	case err == io.EOF:
		return flawed(at, "the file holds no element")
	}
	return flawed(at, "%v", err)
}

// walker is where a walk stands.
type walker struct {
	into   elements
	stack  []string // names of the open elements
	closed bool     // the root has ended
}

func (w *walker) take(token xml.Token, at place, after func() place) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("a document type declaration is refused")
	case xml.StartElement:
		switch {
		case w.closed:
			return fmt.Errorf("element %q after the end of the root", t.Name.Local)
		case len(w.stack) >= MaxDepth:
			return fmt.Errorf("elements are nested deeper than %d", MaxDepth)
		}
		parent := ""
		if len(w.stack) > 0 {
			parent = w.stack[len(w.stack)-1]
		}
		w.stack = append(w.stack, t.Name.Local)
		return w.into.start(t, parent, at)
	case xml.EndElement:
		w.stack = w.stack[:len(w.stack)-1]
		w.closed = len(w.stack) == 0
		return w.into.end(t.Name.Local, after())
	case xml.CharData:
		if len(w.stack) == 0 && len(bytes.TrimSpace(t)) > 0 {
			return flawed(at, "text outside of the root element")
		}
		w.into.text(t)
	}
	return nil
}

// charset reads the two encodings besides UTF-8 in which such files occur.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "latin1":
		return &latin1{in: in}, nil
	}
	return nil, fmt.Errorf("encoding %q: want UTF-8, US-ASCII or ISO-8859-1", label)
}

// latin1 turns each byte into the character of the same number.
type latin1 struct {
	in   io.Reader
	rest []byte
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		raw := make([]byte, 4096)
		n, err := l.in.Read(raw)
		if n == 0 {
			return 0, err
		}
		for _, b := range raw[:n] {
			l.rest = utf8.AppendRune(l.rest, rune(b))
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}
