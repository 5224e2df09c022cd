package testresult

import (
	"bytes"
	"encoding/xml"
	"slices"
)

// foreign is a result file that is known and not read, with what to do instead.
type foreign struct {
	roots []string   // of XML
	keys  [][]string // of JSON: all of one row
	what  string
}

var foreigners = []foreign{
	{roots: []string{"test-run"}, what: "the result file of NUnit 3: run dotnet test --logger \"junit;LogFilePath=results.xml\" (package JunitXml.TestLogger)"},
	{roots: []string{"test-results"}, what: "the result file of NUnit 2: transform it to JUnit XML, or run dotnet test --logger junit (package JunitXml.TestLogger)"},
	{roots: []string{"TestRun"}, what: "a TRX file of Visual Studio: run dotnet test --logger \"junit;LogFilePath=results.xml\" (package JunitXml.TestLogger)"},
	{roots: []string{"robot"}, what: "the output of Robot Framework: run robot --xunit results.xml, or rebot --xunit results.xml on this file"},
	{roots: []string{"testng-results"}, what: "the result file of TestNG: hand in junitreports/*.xml that TestNG writes beside it"},
	{roots: []string{"test-suite"}, what: "a result of Allure 1: hand in a zip archive of the allure-results of Allure 2"},
	{roots: []string{"testExecutions"}, what: "a generic test report of SonarQube: let the test tool write JUnit XML"},
	{roots: []string{"coverage", "report", "checkstyle"}, what: "no test result but a report on coverage or style"},
	{roots: []string{"html"}, what: "a page, not a result file"},
	{keys: [][]string{{"numTotalTests", "testResults"}}, what: "the JSON of jest: run jest --reporters=jest-junit, or the CTRF reporter"},
	{keys: [][]string{{"meta.protocolVersion"}, {"gherkinDocument"}}, what: "messages of Cucumber: run it with the formatter json"},
	{keys: [][]string{{"stats.suites", "stats.passes"}}, what: "the JSON of mocha: run it with mocha-junit-reporter"},
	{keys: [][]string{{"exitcode", "collectors"}, {"exitcode", "tests", "root"}}, what: "the JSON of pytest-json-report: run pytest --junit-xml=results.xml"},
	{keys: [][]string{{"config", "suites", "stats"}}, what: "the JSON of Playwright: run it with --reporter=junit"},
	{keys: [][]string{{"run_id", "state"}, {"run_id", "tasks"}, {"metadata.run_id", "metadata.state"}}, what: "the answer of Databricks about a job run: hand in the file that pytest in the job wrote with --junit-xml"},
	{keys: [][]string{{"children", "befores"}, {"children", "afters"}}, what: "a container of Allure, which is no result without its others: hand in a zip archive of allure-results"},
}

// recognise says what a file is that no reader takes, "" when nobody knows.
func recognise(h head) string {
	root := rootOf(h.text)
	for _, f := range foreigners {
		if root != "" && slices.Contains(f.roots, root) || slices.ContainsFunc(f.keys, func(row []string) bool { return h.has(row...) }) {
			return f.what
		}
	}
	return ""
}

// rootOf is the name of the root element of an XML text, "" when it is none or
// the root stands too late.
func rootOf(text []byte) string {
	if len(text) == 0 || text[0] != '<' {
		return ""
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = charset
	for {
		token, err := d.RawToken()
		if err != nil {
			return ""
		}
		if t, ok := token.(xml.StartElement); ok {
			return t.Name.Local
		}
	}
}
