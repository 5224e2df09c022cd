package deploy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

const reportsDir = "../../core/component/testdata"

func (w *world) reportFile(kind component.Kind, name string) deploy.DescribeFile {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(reportsDir, name))
	must(w.t, err)
	return deploy.DescribeFile{Kind: kind, Name: name, SHA256: w.Put(string(data)), Size: int64(len(data))}
}

func (w *world) text(kind component.Kind, name, text string) deploy.DescribeFile {
	w.t.Helper()
	return deploy.DescribeFile{Kind: kind, Name: name, SHA256: w.Put(text), Size: int64(len(text))}
}

// recorded gives what a stream has of reports: accepted and refused.
func (w *world) recorded(r *publishtest.Release) (described []component.Described, refused []string) {
	w.t.Helper()
	for _, stream := range []ledger.Stream{ledger.RunStream(r.Run), ledger.Installation} {
		events, err := w.Log.Stream(w.t.Context(), stream, 0)
		must(w.t, err)
		for _, e := range events {
			switch d := e.Data.(type) {
			case *component.Described:
				described = append(described, *d)
			case *ledger.Refused:
				if d.Operation != deploy.DescribeOperation || d.Subject != string(ledger.RunStream(r.Run)) {
					w.t.Errorf("refused %+v", d)
				}
				refused = append(refused, d.Message)
			}
		}
	}
	return described, refused
}

func TestReportsAreKeptOfTheArtifactThatIsKept(t *testing.T) {
	w := begin(t)
	r := w.Register("1.0.0", "")
	execution, fence := r.Execute("scan", "", "")
	call := deploy.DescribeRequest{Execution: execution, Fence: fence, Files: []deploy.DescribeFile{
		w.reportFile(component.SBOM, "sbom-syft.cdx.json"), w.reportFile(component.Scan, "scan-osv.json"), w.reportFile(component.VEX, "vex.cdx.json"),
	}}
	if _, err := w.Describe(t.Context(), call); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.HintOf(err), "--artifact") {
		t.Errorf("before there is an artifact: %v", err)
	}
	deployed, err := w.deploy(r, "tst", w.tree(one))
	must(t, err)
	for range 2 { // a call whose answer was lost is made again
		got, err := w.Describe(t.Context(), call)
		must(t, err)
		if got.Tree != deployed.Tree || len(got.Reports) != 3 {
			t.Errorf("%+v", got)
		}
	}
	described, refused := w.recorded(r)
	want := []component.Described{{Execution: execution, Tree: deployed.Tree, Reports: []component.Handed{
		{Kind: "sbom", Name: "sbom-syft.cdx.json", SHA256: call.Files[0].SHA256, Size: call.Files[0].Size, Format: "CycloneDX 1.6", Tool: "syft 1.19.0", Components: 3},
		{Kind: "scan", Name: "scan-osv.json", SHA256: call.Files[1].SHA256, Size: call.Files[1].Size, Format: "OSV-Scanner", Tool: "osv-scanner", Critical: 1, Medium: 1, Unknown: 1},
		{Kind: "vex", Name: "vex.cdx.json", SHA256: call.Files[2].SHA256, Size: call.Files[2].Size, Format: "CycloneDX 1.5", Assessed: 2},
	}}}
	if d := cmp.Diff(want, described); d != "" {
		t.Error(d)
	}
	if len(refused) != 1 || !strings.HasPrefix(refused[0], execution+": no artifact was handed in yet") {
		t.Errorf("refused %q", refused)
	}
	call.Fence++
	if _, err := w.Describe(t.Context(), call); err == nil {
		t.Error("a stale fence is taken")
	}
}

func TestReportsThatDoNotFitAreRefusedWhole(t *testing.T) {
	w := begin(t)
	r := w.Register("1.0.0", "")
	_, err := w.deploy(r, "tst", w.tree(one))
	must(t, err)
	execution, fence := r.Execute("scan", "", "")
	good := w.reportFile(component.Scan, "scan-trivy.sarif")
	of := func(digest string) string {
		return `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"file","name":"a.py","hashes":[{"alg":"SHA-256","content":"` + digest + `"}]}},` +
			`"components":[{"type":"file","name":"a.py"}]}`
	}
	many := make([]deploy.DescribeFile, component.MaxReports+1)
	for _, c := range []struct {
		name  string
		files []deploy.DescribeFile
		want  []string
	}{
		{"nothing", nil, []string{"0 reports: want 1 to 40"}},
		{"too many", many, []string{"41 reports"}},
		{"all that is wrong at once", []deploy.DescribeFile{good, w.text(component.Scan, "a.json", "{"), w.text(component.SBOM, "b.json", "[]")}, []string{`scan "a.json": want SARIF`, `sbom "b.json": want CycloneDX`}},
		{"of another artifact", []deploy.DescribeFile{w.text(component.SBOM, "b.json", of(strings.Repeat("a", 64)))}, []string{"is about aaaaaaaaaaaa, which is not in the artifact"}},
		{"a statement of another artifact", []deploy.DescribeFile{w.reportFile(component.Provenance, "provenance.dsse.json")}, []string{"is about 9f86d081884c"}},
		{"twice", []deploy.DescribeFile{good, good}, []string{"is handed in twice"}},
		{"of a kind that is none", []deploy.DescribeFile{{Kind: "other", Name: "a", SHA256: good.SHA256}}, []string{`kind "other"`}},
		{"without a name", []deploy.DescribeFile{{Kind: component.Scan, SHA256: good.SHA256}}, []string{"want a file name"}},
		{"a path for a name", []deploy.DescribeFile{{Kind: component.Scan, Name: "../a", SHA256: good.SHA256}}, []string{"want a file name"}},
		{"too large", []deploy.DescribeFile{{Kind: component.Scan, Name: "a", SHA256: good.SHA256, Size: component.MaxSize + 1}}, []string{"want at most"}},
	} {
		_, err := w.Describe(t.Context(), deploy.DescribeRequest{Execution: execution, Fence: fence, Files: c.files})
		described, refused := w.recorded(r)
		for _, want := range c.want {
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) || !strings.Contains(strings.Join(refused, ""), want) {
				t.Errorf("%s: got %v, recorded %q, want %q", c.name, err, refused, want)
			}
		}
		if len(described) > 0 {
			t.Errorf("%s: kept %+v", c.name, described)
		}
	}
	file := w.Put("1") // of a.py
	_, err = w.Describe(t.Context(), deploy.DescribeRequest{Execution: execution, Fence: fence, Files: []deploy.DescribeFile{w.text(component.SBOM, "b.json", of(file))}})
	if described, _ := w.recorded(r); err != nil || len(described) != 1 {
		t.Errorf("of a file of the artifact: %v, kept %+v", err, described)
	}
}
