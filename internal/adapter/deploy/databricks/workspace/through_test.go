package workspace_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// said is a client whose program ends like this.
func said(t *testing.T, stdout string, cut bool, exit int, stderr string, err error) *workspace.Client {
	t.Helper()
	c, bad := workspace.Open(t.Context(), workspace.Config{Via: workspace.Through(func(_ context.Context, args ...string) ([]byte, bool, int, string, error) {
		if got := strings.Join(args, " "); got != "api get /api/2.2/jobs/get?job_id=1 --output json" {
			t.Errorf("ran %s", got)
		}
		return []byte(stdout), cut, exit, stderr, err
	})})
	if bad != nil {
		t.Fatal(bad)
	}
	return c
}

func TestWhatTheProgramSaysHasTheKindsOfTheAPI(t *testing.T) {
	tests := []struct {
		name, stderr string
		kind         workspace.Kind
		fault        fault.Kind
		status       int
	}{
		{"status and code", "Error: Job 1 is gone. (404 RESOURCE_DOES_NOT_EXIST)", workspace.NotFound, fault.NotFound, 404},
		{"a job by its message alone", "Error: Job 1 does not exist.", workspace.NotFound, fault.NotFound, 404},
		{"the code of a job that is not there", "Error: Job 1 does not exist. (400 INVALID_PARAMETER_VALUE)", workspace.NotFound, fault.NotFound, 400},
		{"a path by its message alone", "Error: Path (/Workspace/a b) doesn't exist.", workspace.NotFound, fault.NotFound, 404},
		{"in lines", "Error: x\n\nEndpoint: GET https://h/api\nHTTP Status: 403 Forbidden\nAPI error_code: PERMISSION_DENIED\nAPI message: no", workspace.Denied, fault.Forbidden, 403},
		{"a code alone", "Error: PERMISSION_DENIED: no", workspace.Denied, fault.Forbidden, 403},
		{"a right that is missing", "Error: User x does not have CAN_VIEW permission on job 1.", workspace.Denied, fault.Forbidden, 403},
		{"nobody known", "warning first\nError: auth type azure-client-secret: token endpoint: 401 invalid_client: AADSTS7000215: no", workspace.Unauthenticated, fault.Forbidden, 401},
		{"an unknown token", "Error: Invalid access token.", workspace.Unauthenticated, fault.Forbidden, 401},
		{"throttled", "Error: Too many requests", workspace.Throttled, fault.TimedOut, 429},
		{"throttled, as the API says", "Error: slowly (429 REQUEST_LIMIT_EXCEEDED)", workspace.Throttled, fault.TimedOut, 429},
		{"the service", "Error: oops (503 TEMPORARILY_UNAVAILABLE)", workspace.Unavailable, fault.Internal, 503},
		{"the API has no such path", "Error: No API found (404 ENDPOINT_NOT_FOUND)", workspace.Refused, fault.Invalid, 404},
		{"a host that does not exist is no answer", "Error: Get https://h/api: host h does not exist", workspace.Refused, fault.Invalid, 0},
		{"a number that is no status", "Error: more than (400 requests) of DATABRICKS_HOST", workspace.Refused, fault.Invalid, 0},
		{"a 404 without a code is no answer", "Error: nothing (404)", workspace.Refused, fault.Invalid, 404},
		{"nothing", "", workspace.Refused, fault.Invalid, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := said(t, "", false, 1, tt.stderr, nil).Job(t.Context(), 1)
			var e *workspace.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Status != tt.status || fault.KindOf(err) != tt.fault || e.Path != "/api/2.2/jobs/get?job_id=1" {
				t.Fatalf("got %#v", err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q", err)
			}
		})
	}
}

func TestWhatTheProgramPrintsIsReadWholly(t *testing.T) {
	if _, err := said(t, `{"job_id":1`, true, 0, "", nil).Job(t.Context(), 1); !errors.Is(err, workspace.TooLarge) {
		t.Errorf("cut: got %v", err)
	}
	if _, err := said(t, "Hello", false, 0, "", nil).Job(t.Context(), 1); !errors.Is(err, workspace.Malformed) {
		t.Errorf("no JSON: got %v", err)
	}
	if _, err := said(t, "", false, 0, "", context.Canceled).Job(t.Context(), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	job, err := said(t, `{"job_id": 9007199254740993, "settings": {}}`, false, 0, "a warning", nil).Job(t.Context(), 1)
	if err == nil {
		t.Errorf("another job: got %+v", job)
	}
}

// Whatever a program says, it is an error of the API in one line, and something is
// missing only when a code or a message says so.
func FuzzWhatTheProgramSays(f *testing.F) {
	for _, seed := range []string{"", "Error: Job 1 does not exist.", "Error: x (404 RESOURCE_DOES_NOT_EXIST)", "HTTP Status: 403 Forbidden\nAPI error_code: X", "Error: Error: \xff(599 A"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stderr string) {
		c, err := workspace.Open(t.Context(), workspace.Config{Via: workspace.Through(func(context.Context, ...string) ([]byte, bool, int, string, error) {
			return nil, false, 1, stderr, nil
		})})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Job(t.Context(), 1)
		var e *workspace.Error
		if !errors.As(err, &e) || strings.ContainsAny(e.Message, "\n\r\x00") {
			t.Fatalf("got %#v", err)
		}
		if e.Kind == workspace.NotFound && !strings.Contains(stderr, "exist") && !strings.Contains(stderr, "_NOT_EXIST") && !strings.Contains(stderr, "404") {
			t.Errorf("%q passes for something that is missing", stderr)
		}
	})
}
