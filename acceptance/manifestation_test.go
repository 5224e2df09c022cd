package acceptance_test

import (
	"encoding/csv"
	"encoding/json"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// printed is what 21 CFR 11.50 demands of a signature: the printed name, date
// and time, and the meaning.
type printed struct{ Name, When, Meaning string }

// printedOf are the signatures of a form by their ids.
type printedOf map[string]printed

// matches takes signatures out of a text: the groups are named.
func matches(t *testing.T, text, pattern string, clean func(string) string) printedOf {
	t.Helper()
	re := regexp.MustCompile(pattern)
	out := printedOf{}
	for _, m := range re.FindAllStringSubmatch(text, -1) {
		get := func(name string) string { return clean(m[re.SubexpIndex(name)]) }
		out[get("id")] = printed{get("name"), get("when"), get("meaning")}
	}
	return out
}

func asItIs(s string) string { return s }

func file(t *testing.T, path ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// ofTree are the signatures of the canonical form of a document.
func ofTree(t *testing.T, raw string) printedOf {
	t.Helper()
	var tree struct {
		Blocks []struct {
			Signatures struct {
				Signed []struct {
					ID     string `json:"id"`
					Signer struct {
						Name string `json:"name"`
					} `json:"signer"`
					OnBehalfOf string `json:"on_behalf_of"`
					At         string `json:"at"`
					Text       string `json:"meaning_text"`
				} `json:"signed"`
			} `json:"signatures"`
		} `json:"blocks"`
	}
	if err := json.Unmarshal([]byte(raw), &tree); err != nil {
		t.Fatal(err)
	}
	out := printedOf{}
	for _, b := range tree.Blocks {
		for _, s := range b.Signatures.Signed {
			if s.OnBehalfOf != "" {
				s.Signer.Name += " for " + s.OnBehalfOf
			}
			out[s.ID] = printed{s.Signer.Name, strings.Replace(s.At[:19], "T", " ", 1) + " UTC", s.Text}
		}
	}
	return out
}

// ofJSON are those of an answer in JSON, wherever they stand in it.
func ofJSON(t *testing.T, raw string) printedOf {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatal(err)
	}
	out := printedOf{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if id, ok := v["signature"].(string); ok && v["when"] != nil {
				out[id] = printed{v["name"].(string), v["when"].(string), v["text"].(string)}
			}
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(v)
	return out
}

func ofSheet(t *testing.T, raw string) printedOf {
	t.Helper()
	r := csv.NewReader(strings.NewReader(raw))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	out := printedOf{}
	for _, row := range rows {
		switch {
		case row[0] == "seq":
			for i, name := range row {
				at[name] = i
			}
		case len(at) > 0 && row[at["signature"]] != "":
			out[row[at["signature"]]] = printed{row[at["signed by"]], row[at["signed"]], row[at["meaning"]]}
		}
	}
	return out
}

// onTerminal is a signature as the command line prints it.
const onTerminal = `(?m)^ +(?:signed \([a-z ]+\)|signed by|reviewed|accepted|signed) +(?P<name>.+)\n +.+\n +[A-Z][a-z]+: (?P<meaning>.+) \([a-z-]+\)\n +(?P<when>.+)\n +.+\n +signature (?P<id>\w+)$`

// TestGXP023_GXP024_EveryFormPrintsTheSameOfASignature compares every form in
// which the signatures of one release are shown with the certificate.
func TestGXP023_GXP024_EveryFormPrintsTheSameOfASignature(t *testing.T) {
	t.Parallel()
	dir, _ := demo(t)
	final := filepath.Join(dir, "release-log", "1.0.0", "final")
	want11 := ofTree(t, file(t, final, "certificate.json"))
	if len(want11) != 7 {
		t.Fatalf("the certificate has %d signatures, want 7", len(want11))
	}
	for id, p := range want11 {
		if p.Name == "" || p.Meaning == "" || !strings.HasSuffix(p.When, " UTC") {
			t.Errorf("signature %s is %+v", id, p)
		}
	}
	data := copyOf(t, filepath.Join(dir, "data"))
	ask := func(args ...string) string { return want(t, 0, "", append([]string{"--data", data}, args...)...).out }
	of := []string{"--solution", "corp-procurement", "--version", "1.0.0"}
	trail := append([]string{"--type", "signature.made"}, of...)
	markdown := func(s string) string { return strings.ReplaceAll(s, `\`, "") }
	forms := map[string]printedOf{
		"Markdown": matches(t, file(t, final, "certificate.md"),
			"(?m)^\\| \\*\\*(?P<name>[^|]+)\\*\\* \\| [^|]+ \\| \\w+: (?P<meaning>[^|]+?) \\(`[^|]+\\| (?P<when>[^|]+) \\| [^|]+ \\| `(?P<id>\\w+)`", markdown),
		"HTML": matches(t, file(t, final, "certificate.html"),
			`(?s)<article class="signature[^"]*">.*?<p class="name">(?P<name>[^<]+)</p>.*?<p class="meaning">(?P<meaning>[^<]+)</p>.*?<dt>Signed</dt><dd>(?P<when>[^<]+)</dd>.*?<dt>Signature</dt><dd><code>(?P<id>\w+)</code>`, html.UnescapeString),
		"PDF": matches(t, paper(t, filepath.Join(final, "certificate.pdf")),
			`(?:method, proof|Ledger entry \d+) (?P<name>\S+ \S+) [\w -]+ Approved (?P<meaning>[^.]+\.) [a-z-]+ (?:Reason: .+? )?(?P<when>[\d-]+ [\d:]+ UTC) .+? Signature (?P<id>\w+)`, asItIs),
		"release show":        matches(t, ask("release", "show", "1.0.0", "--solution", "corp-procurement"), onTerminal, asItIs),
		"release show --json": ofJSON(t, ask("release", "show", "1.0.0", "--solution", "corp-procurement", "--json")),
		"gate show": shown(t, func(gate string) printedOf {
			return matches(t, ask(append([]string{"gate", "show", gate}, of...)...), onTerminal, asItIs)
		}),
		"gate show --json": shown(t, func(gate string) printedOf {
			return ofJSON(t, ask(append([]string{"gate", "show", gate, "--json"}, of...)...))
		}),
		"audit list":                matches(t, ask(append([]string{"audit", "list"}, trail...)...), onTerminal, asItIs),
		"audit list --json":         ofJSON(t, ask(append([]string{"audit", "list", "--json"}, trail...)...)),
		"audit export --format csv": ofSheet(t, ask(append([]string{"audit", "export", "--format", "csv"}, trail...)...)),
		"audit export --format html": matches(t, ask(append([]string{"audit", "export", "--format", "html"}, trail...)...),
			`signed by (?P<name>[^<]+)</span><span[^>]*>[^<]+</span><span[^>]*>\w+: (?P<meaning>[^<]+) \([a-z-]+\)</span><span[^>]*>(?P<when>[^<]+)</span><span[^>]*>[^<]+</span><span[^>]*>signature (?P<id>\w+)</span>`, html.UnescapeString),
	}
	for name, got := range forms {
		for id := range got { // the trail and release show tell of more than gates
			if _, ok := want11[id]; !ok {
				delete(got, id)
			}
		}
		if d := cmp.Diff(want11, got); d != "" {
			t.Errorf("%s prints something else than the certificate:\n%s", name, d)
		}
	}
}

// paper is the text of a PDF file on one line, in the order of its drawing.
func paper(t *testing.T, path string) string {
	t.Helper()
	need(t, "pdftotext")
	out, err := exec.Command("pdftotext", "-raw", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// shown are the signatures of all gates.
func shown(t *testing.T, of func(gate string) printedOf) printedOf {
	t.Helper()
	out := printedOf{}
	for _, gate := range []string{"pre_val", "approve_to_prd", "approve_for_use"} {
		for id, p := range of(gate) {
			out[id] = p
		}
	}
	return out
}
