package audit

import (
	"encoding/csv"
	"io"
	"strconv"

	apptrail "github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/trail"
)

// csvSheet writes RFC 4180, lines ended by a line feed, with the statement in the first rows. No cell begins
// as a formula does.
type csvSheet struct{ csv *csv.Writer }

func (s *csvSheet) begin(w io.Writer, h trail.Head) error {
	s.csv = csv.NewWriter(w)
	for _, row := range [][]string{
		{"Audit trail of installation", h.Keys.Installation},
		{"Filter", h.Stated},
		{"Range", h.Range()},
		{"Exported", h.Time},
		{"seq", "time (UTC)", "stream", "version", "type", "actor", "actor id", "kind", "role", "authentication", "reason", "data", "signed by", "signed as", "signed", "meaning", "method", "signature"},
	} {
		if err := s.write(row...); err != nil {
			return err
		}
	}
	return nil
}

func (s *csvSheet) page(_ io.Writer, p apptrail.Exported) error {
	for _, r := range p.Rows {
		m := document.Manifestation{Text: r.Unreadable}
		if r.Signature != nil {
			m = *r.Signature
		}
		err := s.write(strconv.FormatInt(r.Seq, 10), r.Time, r.Stream, strconv.FormatInt(r.Version, 10), r.Type, actor(r), r.Actor.ID, r.Actor.Kind,
			r.Actor.Role, r.Actor.Authentication, r.Reason, string(r.Data), m.Name, m.Role, m.When, m.Text, m.Method, m.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *csvSheet) end(io.Writer) error {
	s.csv.Flush()
	return s.csv.Error()
}

func (s *csvSheet) write(cells ...string) error {
	for i, c := range cells {
		cells[i] = document.Harmless(c)
	}
	return s.csv.Write(cells)
}
