package artifact_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/app/artifact"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

type store struct {
	names []artifact.Name
	err   error
}

func (s *store) TakeName(_ context.Context, n artifact.Name, over bool) (string, error) {
	for i, have := range s.names {
		if have.Run == n.Run && have.Attempt == n.Attempt && have.Name == n.Name {
			if over {
				s.names[i] = n
			}
			return s.names[i].Execution, s.err
		}
	}
	s.names = append(s.names, n)
	return n.Execution, s.err
}

func (s *store) KeepDigest(_ context.Context, n artifact.Name) error {
	for i, have := range s.names {
		if have.Run == n.Run && have.Attempt == n.Attempt && have.Name == n.Name && have.Execution == n.Execution {
			s.names[i].Digest = n.Digest
		}
	}
	return s.err
}

func (s *store) Names(context.Context, string) ([]artifact.Name, error) { return s.names, s.err }

func uploaded(execution, name string) pipeline.Uploaded {
	return pipeline.Uploaded{Artifact: pipeline.Artifact{Name: name, SHA256: execution}, Execution: execution}
}

func TestAnArtifactsNameIsGivenOnceInAnAttempt(t *testing.T) {
	type take struct {
		execution string
		overwrite bool
		refused   bool
	}
	tests := []struct {
		name     string
		finished []pipeline.Uploaded
		takes    []take
	}{
		{"a free one", nil, []take{{"r/1/a/1", false, false}}},
		{"jobs at the same time", nil, []take{{"r/1/a/1", false, false}, {"r/1/b/1", false, true}}},
		{"legs of a matrix", nil, []take{{"r/1/m/0/1", false, false}, {"r/1/m/1/1", false, true}}},
		{"the same execution asks again", nil, []take{{"r/1/a/1", false, false}, {"r/1/a/1", false, false}}},
		{"overwritten", nil, []take{{"r/1/a/1", false, false}, {"r/1/b/1", true, false}, {"r/1/a/1", false, true}}},
		{"a former try of the job was lost", nil, []take{{"r/1/a/1", false, false}, {"r/1/a/2", false, false}}},
		{"a new attempt", nil, []take{{"r/1/a/1", false, false}, {"r/2/a/1", false, false}, {"r/2/b/1", false, true}}},
		{"one of a finished job that was not named", []pipeline.Uploaded{uploaded("r/1/a/1", "n")}, []take{{"r/1/b/1", false, true}, {"r/1/b/1", true, false}}},
		{"one of a former attempt", []pipeline.Uploaded{uploaded("r/1/a/1", "n")}, []take{{"r/2/a/1", false, false}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			names := artifact.Names{Store: &store{}}
			run := pipeline.State{Run: pipeline.RunStarted{Run: "r"}, Artifacts: tt.finished}
			for i, k := range tt.takes {
				err := names.Take(t.Context(), run, k.execution, "n", k.overwrite)
				if (err != nil) != k.refused || k.refused && fault.KindOf(err) != fault.Conflict {
					t.Errorf("%d: got %v", i, err)
				}
			}
		})
	}
}

func TestWhatWasOverwrittenIsNotThere(t *testing.T) {
	tests := []struct {
		name     string
		finished []pipeline.Uploaded // in the order in which they finished
		names    []artifact.Name
		want     string
	}{
		{"all attempts", []pipeline.Uploaded{uploaded("r/1/a/1", "n"), uploaded("r/1/b/1", "m"), uploaded("r/2/a/1", "n")}, nil, "r/1/a/1 r/1/b/1 r/2/a/1"},
		{
			"whoever finished last",
			[]pipeline.Uploaded{uploaded("r/1/b/1", "n"), uploaded("r/1/a/1", "n")},
			[]artifact.Name{{"r", 1, "n", "r/1/b/1", ""}},
			"r/1/b/1",
		},
		{"not before the other one is there", []pipeline.Uploaded{uploaded("r/1/a/1", "n")}, []artifact.Name{{"r", 1, "n", "r/1/b/1", ""}}, "r/1/a/1"},
		{"names of another attempt", []pipeline.Uploaded{uploaded("r/1/a/1", "n"), uploaded("r/2/b/1", "n")}, []artifact.Name{{"r", 2, "n", "r/2/b/1", ""}}, "r/1/a/1 r/2/b/1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			names := artifact.Names{Store: &store{names: tt.names}}
			list, err := names.Current(t.Context(), pipeline.State{Run: pipeline.RunStarted{Run: "r"}, Artifacts: tt.finished})
			var got []string
			for _, a := range list {
				got = append(got, a.SHA256)
			}
			if err != nil || strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestAJobReadsWhatItUploadedItself(t *testing.T) {
	names := artifact.Names{Store: &store{}}
	run := pipeline.State{Run: pipeline.RunStarted{Run: "r"}, Artifacts: []pipeline.Uploaded{uploaded("r/1/z/1", "other")}}
	if err := names.Take(t.Context(), run, "r/1/a/1", "n", false); err != nil {
		t.Fatal(err)
	}
	for _, execution := range []string{"r/1/a/1", "r/1/b/1"} { // the second has not taken the name
		if err := names.Uploaded(t.Context(), run, execution, "n", "of "+execution); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		execution, digest string
		want              bool
	}{
		{"r/1/a/1", "of r/1/a/1", true},
		{"r/1/b/1", "of r/1/a/1", false}, // not before it has finished
		{"r/1/b/1", "of r/1/b/1", false},
		{"r/1/b/1", "r/1/z/1", true},
		{"r/1/a/1", "", false},
	} {
		if got, err := names.Readable(t.Context(), run, tt.execution, tt.digest); err != nil || got != tt.want {
			t.Errorf("%s reads %q: %v, %v", tt.execution, tt.digest, got, err)
		}
	}
}

func TestAStoreThatFailsIsNoAnswer(t *testing.T) {
	broken := errors.New("disk")
	names := artifact.Names{Store: &store{err: broken}}
	if err := names.Take(t.Context(), pipeline.State{}, "r/1/a/1", "n", false); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := names.Current(t.Context(), pipeline.State{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if err := names.Uploaded(t.Context(), pipeline.State{}, "r/1/a/1", "n", "d"); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if ok, err := names.Readable(t.Context(), pipeline.State{}, "r/1/a/1", "d"); ok || !errors.Is(err, broken) {
		t.Errorf("got %v, %v", ok, err)
	}
}
