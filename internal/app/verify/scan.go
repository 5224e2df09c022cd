package verify

import (
	"strconv"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// lean is what a store is checked by of a header; it points into the header's
// bytes.
type lean struct {
	command, id, schema, stream, time, kind []byte
	seq, version, typeVersion               int64
	parts                                   [3]commitment
	count                                   int
}

type commitment struct{ name, value []byte }

// part finds the commitment of a part.
func (l *lean) part(name string) ([]byte, bool) {
	for _, p := range l.parts[:l.count] {
		if string(p.name) == name {
			return p.value, true
		}
	}
	return nil, false
}

// scan reads a header that has exactly the fields of this version in their
// canonical order and no escapes; ok is false for every other, which is then
// decoded in full.
func scan(data []byte) (l lean, ok bool) {
	if canonical.Check(data) != nil {
		return l, false
	}
	s := fields{rest: data}
	s.text(`{"actor":{"authentication":`)
	s.text(`,"id":`)
	s.text(`,"kind":`)
	s.text(`,"role":`)
	s.text(`},"authorised_by":`)
	s.text(`,"build":`)
	s.text(`,"cause":`)
	l.command = s.text(`,"command":`)
	s.text(`,"correlation":`)
	l.id = s.text(`,"id":`)
	s.text(`,"on_behalf":`)
	s.skip(`,"parts":{`)
	for !s.bad && len(s.rest) > 0 && s.rest[0] != '}' {
		if l.count == len(l.parts) {
			return l, false
		}
		if l.count > 0 {
			s.skip(",")
		}
		l.parts[l.count] = commitment{s.text(""), s.text(":")}
		l.count++
	}
	s.text(`},"policy":`)
	s.text(`,"reason":`)
	l.schema = s.text(`,"schema":`)
	l.seq = s.number(`,"seq":`)
	l.stream = s.text(`,"stream":`)
	l.time = s.text(`,"time":`)
	l.kind = s.text(`,"type":`)
	l.typeVersion = s.number(`,"type_version":`)
	l.version = s.number(`,"version":`)
	s.skip("}")
	return l, !s.bad && len(s.rest) == 0
}

// read reads any header.
func read(data []byte) (lean, error) {
	if l, ok := scan(data); ok {
		return l, nil
	}
	var h ledger.Header
	if err := canonical.Unmarshal(data, &h); err != nil {
		return lean{}, err
	}
	l := lean{
		command: []byte(h.Command), id: []byte(h.ID), schema: []byte(h.Schema), stream: []byte(h.Stream), time: []byte(h.Time), kind: []byte(h.Type),
		seq: h.Seq, version: h.Version, typeVersion: int64(h.TypeVersion),
	}
	for _, name := range []string{ledger.Public, ledger.Personal, ledger.Purgeable} {
		if value, ok := h.Parts[name]; ok {
			l.parts[l.count] = commitment{[]byte(name), []byte(value)}
			l.count++
			delete(h.Parts, name)
		}
	}
	if len(h.Parts) > 0 {
		return l, errPartName
	}
	return l, nil
}

// columns appends what the columns of the event have to say; see Row.
func (l *lean) columns(b []byte, timeUS int64) []byte {
	b = append(append(append(append(b, l.id...), ' '), l.stream...), ' ')
	b = append(append(append(strconv.AppendInt(b, l.version, 10), ' '), l.kind...), ' ')
	b = append(strconv.AppendInt(b, l.typeVersion, 10), ' ')
	b = append(strconv.AppendInt(b, timeUS, 10), ' ')
	return append(b, l.command...)
}

type fields struct {
	rest []byte
	bad  bool
}

func (s *fields) skip(want string) {
	if s.bad || len(s.rest) < len(want) || string(s.rest[:len(want)]) != want {
		s.bad = true
		return
	}
	s.rest = s.rest[len(want):]
}

// text skips what stands before and takes a string without escapes.
func (s *fields) text(before string) []byte {
	s.skip(before)
	s.skip(`"`)
	if s.bad {
		return nil
	}
	for i, c := range s.rest {
		switch c {
		case '\\':
			s.bad = true
			return nil
		case '"':
			out := s.rest[:i]
			s.rest = s.rest[i+1:]
			return out
		}
	}
	s.bad = true
	return nil
}

func (s *fields) number(before string) int64 {
	s.skip(before)
	end := 0
	for end < len(s.rest) && (s.rest[end] == '-' || s.rest[end] >= '0' && s.rest[end] <= '9') {
		end++
	}
	n, err := strconv.ParseInt(string(s.rest[:end]), 10, 64)
	if s.bad || err != nil {
		s.bad = true
		return 0
	}
	s.rest = s.rest[end:]
	return n
}
