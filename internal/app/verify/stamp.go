package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Stamps verifies a time stamp token (RFC 3161) over data.
type Stamps interface {
	Read(data, token []byte) (releaselog.Stamp, error)
}

// Stamped is a token that stands beside a checkpoint of the ledger.
type Stamped struct {
	Where string
	Size  int64  // of the checkpoint
	Note  []byte // nil when there is no checkpoint beside it
	Token []byte
}

// Timestamps says what is known of time stamps.
type Timestamps struct {
	Verified    int      `json:"verified"`
	Issuer      string   `json:"issuer"`              // none or verified: whether the authorities are trusted
	Authorities []string `json:"authorities"`         // subjects of the certificates
	Recorded    int      `json:"recorded,omitempty"`  // events of a store that record a token
	GivenUp     int      `json:"givenUp,omitempty"`   // events of a store that record that there is none
	Requested   int      `json:"requested,omitempty"` // events of a store that ask for one
}

// stamped verifies a token: over this note, not before the last event of the
// checkpoint, and one of those that the ledger records, when it records any.
func (r *Report) stamped(stamps Stamps, s Stamped, last time.Time, recorded []string) {
	bad := func(format string, args ...any) { r.add(s.Where, 0, "timestamp", format, args...) }
	if s.Note == nil {
		bad("there is no checkpoint that it could be over")
		return
	}
	if stamps == nil {
		bad("cannot be verified here")
		return
	}
	stamp, err := stamps.Read(s.Note, s.Token)
	if err != nil {
		bad("%v", err)
		return
	}
	if err := stamp.Fits(last); err != nil {
		bad("%v", err)
		return
	}
	if got := canonical.SHA256(s.Token); len(recorded) > 0 && !slices.Contains(recorded, got) {
		bad("is the token %s, the ledger records %s", got, strings.Join(recorded, ", "))
		return
	}
	t := r.stamps()
	t.Verified++
	if !stamp.Established {
		t.Issuer = TrustNone
	}
	if !slices.Contains(t.Authorities, stamp.Authority) {
		t.Authorities = append(t.Authorities, stamp.Authority)
	}
}

// stamps begins to say something of time stamps.
func (r *Report) stamps() *Timestamps {
	if r.Timestamps == nil {
		r.Timestamps = &Timestamps{Issuer: TrustVerified, Authorities: []string{}}
	}
	return r.Timestamps
}

// stamps verifies the tokens of the folder's checkpoints when the folder of
// anchors stands beside that of the version.
func (f *folder) stamps() {
	for _, p := range f.history.parts {
		where := releaselog.TokenPath(p.checkpoint.Origin, p.checkpoint.Size)
		info, err := fs.Stat(f.fsys, where)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the branch of anchors is not here, or there is no token
		}
		var token []byte
		if err == nil && info.Mode().IsRegular() && info.Size() <= releaselog.MaxToken {
			token, err = fs.ReadFile(f.fsys, where)
		}
		if err != nil {
			f.report.add(where, 0, "read", "%v", err)
			continue
		}
		last, ok := f.history.at(p.checkpoint.Size)
		if !ok {
			f.report.add(where, p.checkpoint.Size, "timestamp", "the last event before the time stamp is not here")
			continue
		}
		f.report.stamped(f.options.Stamps, Stamped{Where: where, Size: p.checkpoint.Size, Note: f.anchor(p), Token: token}, last, nil)
	}
}

// anchor is the checkpoint that a token beside it is over: the one of the branch
// of anchors, which another key of the ledger may have signed, else the one of the
// part. It is the same checkpoint, or there is none.
func (f *folder) anchor(p part) []byte {
	where := releaselog.AnchorPath(p.checkpoint.Origin, p.checkpoint.Size)
	note, err := fs.ReadFile(f.fsys, where)
	if errors.Is(err, fs.ErrNotExist) {
		return f.files[p.folder+"/"+releaselog.CheckpointFile]
	}
	var there ledger.Checkpoint
	if err == nil {
		there, _, err = f.keys.Chain(releaselog.LedgerKey).OpenCheckpoint(note)
	}
	if err == nil && there != p.checkpoint {
		err = errors.New("is another checkpoint of the same size than that of the folder")
	}
	if err != nil {
		f.report.add(where, 0, "checkpoint", "%v", err)
		return nil
	}
	return note
}

// at is the time of an event.
func (h *history) at(seq int64) (time.Time, bool) {
	for _, events := range h.streams {
		for _, e := range events {
			if e.Seq == seq {
				return e.At(), true
			}
		}
	}
	return time.Time{}, false
}

// remember keeps what the ledger says of time stamps, and the times of the
// events that tokens are compared with.
func (s *store) remember(row *summary) {
	if _, wanted := s.lasts[row.seq]; wanted {
		s.lasts[row.seq] = time.UnixMicro(row.time)
	}
	switch d := row.data.(type) {
	case *releaselog.TimestampRequested:
		s.report.stamps().Requested++
	case *releaselog.TimestampFailed:
		s.report.stamps().GivenUp++
	case *releaselog.Timestamped:
		s.report.stamps().Recorded++
		s.tokens[d.Checkpoint] = append(s.tokens[d.Checkpoint], d.Token)
	}
}

// verifyStamps verifies all tokens, when the times of their events are known.
func (s *store) verifyStamps() {
	for _, x := range s.options.Stamped {
		last := s.lasts[x.Size]
		if last.IsZero() {
			s.report.add(x.Where, 0, "timestamp", "is of size %d, the ledger has %d events", x.Size, s.tree.size)
			continue
		}
		s.report.stamped(s.options.Stamps, x, last, s.tokens[canonical.SHA256(x.Note)])
	}
}

// text says it for people.
func (t Timestamps) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d time stamps", t.Verified)
	if t.Requested+t.Recorded+t.GivenUp > 0 {
		fmt.Fprintf(&b, " (%d asked for, %d recorded, %d given up)", t.Requested, t.Recorded, t.GivenUp)
	}
	if t.Verified == 0 {
		return b.String() + "\n"
	}
	fmt.Fprintf(&b, " by %s: ", strings.Join(t.Authorities, "; "))
	if t.Issuer == TrustVerified {
		return b.String() + "issuer established\n"
	}
	return b.String() + "issuer not established\n"
}
