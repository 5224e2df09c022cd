package deploy

import (
	"context"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// About is what every raw record says first.
type About struct {
	Schema      string `json:"schema"` // dc-release/FORMAT/v1
	Solution    string `json:"solution"`
	Environment string `json:"environment"`
	Version     string `json:"version"` // "" for a run that is no release
	Commit      string `json:"commit"`
	Tree        string `json:"tree"`
	Problem     string `json:"problem"` // why there is nothing to say or not all of it, "" normally
}

func (a About) about() About { return a }

// Raw is the raw evidence of what the server itself saw in a place: no job hands
// it in. What it proves follows from its format and its environment alone.
type Raw interface {
	Installation | Rehearsal | TaskRuns
	about() About
	format() string
	name() string // of the evidence item
	cases() []evidence.Case
}

func about(format, solution string, dep deployment.Deployed) About {
	return About{Schema: schema(format), Solution: solution, Environment: dep.Environment, Version: dep.Version, Commit: dep.Commit, Tree: dep.Tree}
}

func schema(format string) string { return "dc-release/" + format + "/v1" }

// ReadRaw reads what was kept of a record and nothing else.
func ReadRaw[R Raw](data []byte) (R, error) {
	var r R
	if err := canonical.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("read %s record: %w", r.format(), err)
	}
	if got, want := r.about().Schema, schema(r.format()); got != want {
		return r, fmt.Errorf("read %s record: schema %q, want %q", r.format(), got, want)
	}
	return r, nil
}

// ReadReport reads a record as the report that its item is made of.
func ReadReport[R Raw](data []byte) (evidence.Report, error) {
	r, err := ReadRaw[R](data)
	if err != nil {
		return evidence.Report{}, err
	}
	return reportOf(r, canonical.SHA256(data)), nil
}

func reportOf[R Raw](r R, sha256 string) evidence.Report {
	out := evidence.Report{Format: r.format(), SHA256: sha256, Cases: r.cases()}
	out.Totals = evidence.Count(out.Cases)
	return out
}

// Judge makes the evidence item of a record; verification counts again with it
// from the raw file.
func Judge[R Raw](r R, digest string, size int64) evidence.Item {
	a := r.about()
	base := evidence.Item{Name: r.name(), SHA256: digest, Size: size, Commit: a.Commit}
	origin, _ := evidence.OwnOrigin(r.format(), a.Environment)
	item := evidence.Items(base, reportOf(r, digest), origin, a.Tree)[0]
	if a.Problem != "" {
		item.Flags = append(item.Flags, a.Problem)
	}
	return item
}

// Named are the digests of everything that a record of a format names; read
// gives a file by its digest. Records of other formats name nothing.
func Named(format string, data []byte, read func(digest string) ([]byte, error)) ([]string, error) {
	switch format {
	case evidence.FormatInstallation:
		r, err := ReadRaw[Installation](data)
		return deployment.Answered(r.Answers), err
	case evidence.FormatRehearsal:
		r, err := ReadRaw[Rehearsal](data)
		return deployment.Answered(r.Answers), err
	case evidence.FormatTaskRuns:
		r, err := ReadRaw[TaskRuns](data)
		if err != nil {
			return nil, err
		}
		return r.named(read)
	}
	return nil, nil
}

// NamedBy are the digests that the record of a deployment names, with its own.
func NamedBy(record string, read func(digest string) ([]byte, error)) ([]string, error) {
	raw, err := read(record)
	if err != nil {
		return nil, err
	}
	var r deployment.Record
	if err := canonical.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("record %s: %w", record, err)
	}
	return r.Named(record), nil
}

// keep keeps a record and judges it.
func keep[R Raw](ctx context.Context, blobs Blobs, r R) (evidence.Item, error) {
	raw, err := canonical.Marshal(r)
	if err != nil {
		return evidence.Item{}, err
	}
	digest, err := blobs.PutBytes(ctx, raw)
	return Judge(r, digest, int64(len(raw))), err
}
