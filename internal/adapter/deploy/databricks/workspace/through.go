package workspace

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Through reads a workspace by `databricks api get PATH`: for identities that only
// the CLI speaks. Run runs it with the identity of the environment and gives what
// it printed, without secrets on stderr; cut says that stdout is not whole. One
// read is under way at a time.
//
// The CLI asks again by itself when it is throttled, and says of an error what the
// workspace says; its kind is read from that.
func Through(run func(ctx context.Context, args ...string) (stdout []byte, cut bool, exit int, stderr string, err error)) Getter {
	var mu sync.Mutex
	return GetterFunc(func(ctx context.Context, path string, query url.Values) ([]byte, http.Header, error) {
		mu.Lock()
		defer mu.Unlock()
		shown := asked(path, query)
		stdout, cut, exit, stderr, err := run(ctx, "api", "get", shown, "--output", "json")
		switch {
		case err != nil:
			return nil, nil, err
		case exit != 0:
			return nil, nil, toldByCLI(path, shown, stderr)
		case cut:
			return nil, nil, &Error{Kind: TooLarge, Method: http.MethodGet, Path: shown, Message: fmt.Sprintf("the answer has more than the %d bytes that are kept of a program", len(stdout))}
		}
		return stdout, nil, nil
	})
}

// statuses are those that codes of the API come with.
var statuses = map[string]int{
	"RESOURCE_DOES_NOT_EXIST": 404, "CATALOG_DOES_NOT_EXIST": 404, "SCHEMA_DOES_NOT_EXIST": 404, "ENDPOINT_NOT_FOUND": 404, "FEATURE_DISABLED": 404,
	"UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "REQUEST_LIMIT_EXCEEDED": 429, "RESOURCE_EXHAUSTED": 429,
	"INTERNAL_ERROR": 500, "TEMPORARILY_UNAVAILABLE": 503, "INVALID_PARAMETER_VALUE": 400,
}

// The forms in which the status and the code of an answer are told.
var (
	toldStatus = regexp.MustCompile(`(?:HTTP Status: |< HTTP/[0-9.]+ |\()([45][0-9]{2})(?: [A-Z]|\)|$)`)
	toldCode   = regexp.MustCompile(`(?:error_code: |\([45][0-9]{2} )([A-Z][A-Z_]+)`)
	knownCode  = regexp.MustCompile(`\b(` + strings.Join(slices.Sorted(maps.Keys(statuses)), "|") + `)\b`)
)

// phrases are beginnings or parts of messages of the API, for a CLI that says
// nothing else. Something is missing only when the message is about it by name: a
// host that does not exist must not pass for a place with nothing in it.
var phrases = []struct {
	text   *regexp.Regexp
	status int
	code   string
}{
	{regexp.MustCompile(`^(?:Path \(.*\)|Job [0-9]+|Catalog '.*'|Schema '.*') (?:does not|doesn't) exist`), 404, "RESOURCE_DOES_NOT_EXIST"},
	{regexp.MustCompile(`(?i)invalid access token|credential was not sent|cannot configure default credentials|invalid_client|AADSTS[0-9]+`), 401, "UNAUTHENTICATED"},
	{regexp.MustCompile(`(?i)does not have .*(?:permission|privilege)|permission denied`), 403, "PERMISSION_DENIED"},
	{regexp.MustCompile(`(?i)too many requests|rate limit`), 429, "REQUEST_LIMIT_EXCEEDED"},
}

// toldByCLI makes the error of what the CLI said.
func toldByCLI(path, shown, stderr string) *Error {
	said := strings.TrimSpace(stderr)
	if i := strings.LastIndex(said, "Error: "); i >= 0 {
		said = said[i+len("Error: "):]
	}
	e := &Error{Method: http.MethodGet, Path: shown}
	if m := toldStatus.FindStringSubmatch(said); m != nil {
		e.Status, _ = strconv.Atoi(m[1]) // three digits
	}
	for _, form := range []*regexp.Regexp{knownCode, toldCode} {
		if m := form.FindStringSubmatch(said); m != nil {
			e.Code = m[1]
		}
	}
	if e.Status == 0 {
		e.Status = statuses[e.Code]
	}
	for _, p := range phrases {
		if e.Status == 0 && p.text.MatchString(said) {
			e.Status, e.Code = p.status, p.code
		}
	}
	e.Message = oneLine(said)
	e.Kind = kindOf(request{absent: absentJob(path)}, e, true)
	return e
}
