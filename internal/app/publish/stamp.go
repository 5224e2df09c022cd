package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Authority is a time stamp authority (RFC 3161).
type Authority interface {
	// Stamp asks for a token over data and gives one that is verified; it
	// answers within seconds.
	Stamp(ctx context.Context, data []byte) (token []byte, err error)
	// Read verifies a token over data and asks nobody.
	Read(data, token []byte) (releaselog.Stamp, error)
}

// StampEffect is the kind of the effect that asks for the time stamp of an
// anchored checkpoint. It is worked aside: nothing waits for an authority.
const StampEffect = "timestamp"

// StampPatience is how long a time stamp is tried for before it is given up.
const StampPatience = time.Hour

// maxProblem bounds what is recorded of a problem, in bytes: an authority may
// answer anything.
const maxProblem = 500

// stampArgs are the arguments of the effect. The note is here as it was
// anchored.
type stampArgs struct {
	Solution string `json:"solution"`
	Origin   string `json:"origin"`
	Size     int64  `json:"size"`
	Note     string `json:"note"`
	Asked    int64  `json:"asked"` // seconds since the epoch
}

func (a stampArgs) path() string { return releaselog.TokenPath(a.Origin, a.Size) }

// askStamp asks for the time stamp of an anchored checkpoint, once.
func (p *Publisher) askStamp(ctx context.Context, solution policy.Solution, a anchor) error {
	if p.Authority == nil {
		return nil
	}
	q := stampArgs{Solution: solution.Solution, Origin: p.origin(), Size: a.size, Note: string(a.note), Asked: p.Now().Unix()}
	raw, err := json.Marshal(q)
	if err != nil {
		return err
	}
	key := StampEffect + "/" + q.Solution + "/" + q.path()
	return p.recordStamp(ctx, solution, key, &releaselog.TimestampRequested{
		Solution: q.Solution, Origin: q.Origin, Size: q.Size, Checkpoint: canonical.SHA256(a.note),
	}, ledger.Effect{Kind: StampEffect, Key: key, Args: raw})
}

// CarryStamp implements the effect. What fails is tried again; after
// StampPatience that is recorded and the end of it.
func (p *Publisher) CarryStamp(ctx context.Context, raw []byte) error {
	var q stampArgs
	if err := json.Unmarshal(raw, &q); err != nil {
		return fmt.Errorf("time stamp: %w", err)
	}
	solution, err := p.Solutions.Solution(ctx, q.Solution)
	if err != nil {
		return err
	}
	outcome, err := p.stamp(ctx, solution, q)
	if err != nil {
		if ctx.Err() != nil || (p.Authority != nil && p.Now().Before(time.Unix(q.Asked, 0).Add(StampPatience))) {
			return fmt.Errorf("time stamp of size %d: %w", q.Size, err)
		}
		outcome = &releaselog.TimestampFailed{
			Solution: q.Solution, Origin: q.Origin, Size: q.Size, Checkpoint: canonical.SHA256([]byte(q.Note)), Problem: printable(err.Error()),
		}
	}
	return p.recordStamp(ctx, solution, "timestamped/"+q.Solution+"/"+q.path(), outcome)
}

func (p *Publisher) recordStamp(ctx context.Context, solution policy.Solution, command string, what ledger.Payload, effects ...ledger.Effect) error {
	_, err := p.Log.Append(ctx, ledger.Batch{
		Command: command, Actor: actor, Correlation: solution.Solution, Policy: solution.Digest,
		Events: []ledger.Draft{{Stream: ledger.Installation, Data: what}}, Effects: effects,
	})
	return err
}

// stamp asks for the token, puts it beside its checkpoint where there is none,
// and verifies what stands there then.
func (p *Publisher) stamp(ctx context.Context, solution policy.Solution, q stampArgs) (ledger.Payload, error) {
	if p.Authority == nil {
		return nil, errors.New("no time stamp authority is configured any more")
	}
	last, err := p.Log.Events(ctx, q.Size-1, 1)
	if err != nil || len(last) != 1 {
		return nil, fmt.Errorf("read event %d: %w", q.Size, err)
	}
	token, err := p.Authority.Stamp(ctx, []byte(q.Note))
	if err != nil {
		return nil, err
	}
	if _, err := p.fitting(q, token, last[0]); err != nil {
		return nil, err
	}
	if token, err = p.keepToken(ctx, solution, q, token); err != nil {
		return nil, err
	}
	stamp, err := p.fitting(q, token, last[0])
	return &releaselog.Timestamped{
		Solution: q.Solution, Origin: q.Origin, Size: q.Size, Checkpoint: canonical.SHA256([]byte(q.Note)), Token: canonical.SHA256(token),
		Authority: printable(stamp.Authority), Time: ledger.FormatTime(stamp.Time), Established: stamp.Established,
	}, err
}

// fitting verifies a token that was just made: its time is between the last
// event and now.
func (p *Publisher) fitting(q stampArgs, token []byte, last ledger.Event) (releaselog.Stamp, error) {
	s, err := p.Authority.Read([]byte(q.Note), token)
	if err == nil {
		err = s.Fits(last.At())
	}
	if now := p.Now(); err == nil && s.Time.After(now.Add(releaselog.StampTolerance)) {
		err = fmt.Errorf("says %s, it is %s: one of the two clocks is wrong", ledger.FormatTime(s.Time), ledger.FormatTime(now))
	}
	return s, err
}

// keepToken commits a token, and gives the one that stands there afterwards.
func (p *Publisher) keepToken(ctx context.Context, solution policy.Solution, q stampArgs, token []byte) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	log, err := p.ReleaseLogs(ctx, solution)
	if err != nil {
		return nil, err
	}
	commit, err := log.Publish(ctx, Commit{
		Branch: releaselog.AnchorBranch, ID: q.path(), Subject: fmt.Sprintf("time stamp of size %d", q.Size), Seconds: p.Now().Unix(),
		Compose: func(ctx context.Context, base Base) (map[string]Content, error) {
			if _, there, err := base.ReadFile(ctx, q.path()); err != nil || there {
				return nil, err
			}
			return map[string]Content{q.path(): Bytes(token)}, nil
		},
	})
	if err != nil {
		return nil, err
	}
	there, ok, err := log.At(commit).ReadFile(ctx, q.path())
	if err == nil && !ok {
		err = fmt.Errorf("%s is not in the commit that was made for it", q.path())
	}
	return there, err
}

// printable is a text of others as it is recorded.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if len(s) > maxProblem {
		s = strings.ToValidUTF8(s[:maxProblem], "")
	}
	return s
}
