package wire

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/adapter/pagefile"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/trace"
)

// TraceLocal computes the trace of a working directory, without a data
// directory.
func TraceLocal(ctx context.Context, q trace.Request) (traceability.Report, error) {
	local, err := localOf(q)
	if err != nil {
		return traceability.Report{}, err
	}
	tracer := &traceability.Tracer{Sources: itemfile.Sources{}}
	return tracer.ShowLocal(ctx, local)
}

// readers read what document tests look at beside the items.
var readers = traceability.Readers{
	Outline: pagefile.Outline,
}

// localOf is a working directory with its results.
func localOf(q trace.Request) (traceability.Local, error) {
	for _, dir := range []string{q.Dir, q.Requirements} {
		if info, err := os.Stat(dir); dir != "" && (err != nil || !info.IsDir()) {
			return traceability.Local{}, fault.New(fault.NotFound, "folder %q is not there", dir)
		}
	}
	local := traceability.Local{Code: itemfile.Dir(q.Dir), Project: q.Project, Item: q.Item, Depth: q.Depth}
	if q.Requirements != "" {
		local.Requirements = itemfile.Dir(q.Requirements)
	}
	for _, r := range q.Results {
		result, err := readLocal(r)
		if err != nil {
			return traceability.Local{}, err
		}
		local.Results = append(local.Results, result)
	}
	return local, nil
}

// readLocal reads FILE, or ENVIRONMENT=FILE.
func readLocal(arg string) (traceability.LocalResult, error) {
	r := traceability.LocalResult{Name: arg}
	if place, file, ok := strings.Cut(arg, "="); ok && slices.Contains(policy.Places, place) {
		r.Environment, r.Name = place, file
	}
	f, err := os.Open(r.Name)
	if err != nil {
		return r, fault.New(fault.NotFound, "result file %q: %v", r.Name, err)
	}
	defer f.Close()
	r.Report = readResult(r.Name, f)
	return r, nil
}
