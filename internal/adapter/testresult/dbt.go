package testresult

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

func sniffDBT(h head) bool {
	return h.has("metadata.dbt_schema_version") || h.has("results[].unique_id")
}

// dbtSchemas are the versions of run_results.json that are read
// (schemas.getdbt.com). They differ in what is not read.
var dbtSchemas = []string{"run-results/v4.json", "run-results/v5.json", "run-results/v6.json"}

// dbtCommands execute what their results are about; compile, docs and others
// write the same file without having run a test.
var dbtCommands = []string{"build", "clone", "retry", "run", "run-operation", "seed", "snapshot", "test"}

// readDBT reads run_results.json of dbt: each result is a case, named by its
// unique id. The file holds no tags and no meta, so that only an exact id in
// the unique id binds a case.
func readDBT(r io.Reader) evidence.Report {
	return readJSON(r, func(d *document, g *gathering) error {
		b := &dbt{document: d, gathering: g}
		at, err := d.object(b.top)
		if err == nil && b.schema == "" {
			g.fatal(at, "the metadata name no dbt_schema_version, want one of %s", strings.Join(dbtSchemas, ", "))
		}
		return err
	})
}

type dbt struct {
	*document
	*gathering
	schema string
}

func (b *dbt) top(key string) error {
	switch key {
	case "metadata":
		_, err := b.object(b.metadata)
		return err
	case "results":
		return b.array(b.result)
	case "args":
		_, err := b.object(b.arguments)
		return err
	}
	return b.skip()
}

func (b *dbt) metadata(key string) (err error) {
	if key != "dbt_schema_version" {
		return b.skip()
	}
	b.schema, err = b.string()
	if err == nil && !slices.ContainsFunc(dbtSchemas, func(known string) bool { return strings.HasSuffix(b.schema, "/"+known) }) {
		return flawed(b.last, "this is dbt's %q, want one of %s", cut(b.schema, 200), strings.Join(dbtSchemas, ", "))
	}
	return err
}

func (b *dbt) arguments(key string) error {
	if key != "which" {
		return b.skip()
	}
	command, err := b.string()
	if err == nil && command != "" && !slices.Contains(dbtCommands, command) {
		b.fatal(b.last, "dbt %s executes nothing that its results are about", cut(command, 40))
	}
	return err
}

func (b *dbt) result() error {
	var k evidence.Case
	var status string
	var wrong error
	at, err := b.object(func(key string) (err error) {
		switch key {
		case "unique_id":
			k.Name, err = b.string()
		case "status":
			status, err = b.string()
		case "message":
			k.Message, err = b.string()
		case "execution_time":
			k.DurationUS, wrong, err = b.duration(1e6)
		default:
			err = b.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		b.note(at, "result %q: %v", cut(k.Name, 200), wrong)
	}
	kind, rest, _ := strings.Cut(k.Name, ".")
	k.Class = kind
	k.Suite, _, _ = strings.Cut(rest, ".")
	isTest := kind == "test" || kind == "unit_test"
	k.Outcome = dbtOutcome(status, isTest)
	switch {
	case status == "success" && isTest:
		k.Message = "the test was compiled and not run: its status is success, want pass"
	case k.Outcome == evidence.Errored && k.Message == "":
		k.Message = fmt.Sprintf("the status is %q", cut(status, 40))
	case k.Outcome == evidence.Passed && status != "warn":
		k.Message = "" // what the warehouse answered
	case status == "warn":
		b.note(at, "%s passed with a warning: %s", cut(k.Name, 200), cut(k.Message, 200))
	}
	return b.add(k, at)
}

// dbtOutcome reads the status of a result. A warning passes, because its
// threshold is what the project decided; it is noted.
func dbtOutcome(status string, isTest bool) evidence.Outcome {
	switch status {
	case "success":
		if isTest {
			return evidence.Errored
		}
		return evidence.Passed
	case "pass", "warn":
		return evidence.Passed
	case "fail":
		return evidence.Failed
	case "skipped", "no-op":
		return evidence.Skipped
	}
	return evidence.Errored // error, runtime error, partial success
}
