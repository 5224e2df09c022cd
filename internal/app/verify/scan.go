package verify

import (
	"strconv"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// scan reads a header that has exactly the fields of this version in their
// canonical order and no escapes; ok is false for every other, which is then
// decoded in full. Only the fields that a store is checked by are read.
func scan(data []byte) (h ledger.Header, ok bool) {
	if canonical.Check(data) != nil {
		return h, false
	}
	s := fields{rest: data}
	s.text(`{"actor":{"authentication":`)
	s.text(`,"id":`)
	s.text(`,"kind":`)
	s.text(`,"role":`)
	for _, name := range []string{`},"authorised_by":`, `,"build":`, `,"cause":`} {
		s.text(name)
	}
	h.Command = s.text(`,"command":`)
	s.text(`,"correlation":`)
	h.ID = s.text(`,"id":`)
	s.text(`,"on_behalf":`)
	s.skip(`,"parts":{`)
	h.Parts = make(map[string]string, 2)
	for first := true; !s.bad && len(s.rest) > 0 && s.rest[0] != '}'; first = false {
		if !first {
			s.skip(",")
		}
		name := s.text("")
		h.Parts[name] = s.text(":")
	}
	s.text(`},"policy":`)
	s.text(`,"reason":`)
	h.Schema = s.text(`,"schema":`)
	h.Seq = s.number(`,"seq":`)
	h.Stream = ledger.Stream(s.text(`,"stream":`))
	h.Time = s.text(`,"time":`)
	h.Type = s.text(`,"type":`)
	h.TypeVersion = int(s.number(`,"type_version":`))
	h.Version = s.number(`,"version":`)
	s.skip("}")
	return h, !s.bad && len(s.rest) == 0
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
func (s *fields) text(before string) string {
	s.skip(before)
	s.skip(`"`)
	if s.bad {
		return ""
	}
	for i, c := range s.rest {
		switch c {
		case '\\':
			s.bad = true
			return ""
		case '"':
			out := string(s.rest[:i])
			s.rest = s.rest[i+1:]
			return out
		}
	}
	s.bad = true
	return ""
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
