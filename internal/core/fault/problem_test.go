package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/fault"
)

func TestAProblemIsTheSameErrorOnTheOtherSide(t *testing.T) {
	for name, err := range map[string]error{
		"a fault":           fault.New(fault.Conflict, "fence %d is stale", 7),
		"a fault with hint": fault.New(fault.Blocked, "val is closed").WithHint("sign pre_val"),
		"a wrapped fault":   fmt.Errorf("deploy to %q: %w", "val", fault.New(fault.Forbidden, "no").WithHint("ask an administrator")),
		"any other error":   io.ErrUnexpectedEOF,
		"several":           errors.Join(fault.New(fault.Invalid, "one"), fault.New(fault.NotFound, "two")),
		"a percent sign":    fault.New(fault.Invalid, "%s", "100%d").WithHint("%s", "50%s"),
	} {
		raw, marshalErr := json.Marshal(fault.ProblemOf(err))
		if marshalErr != nil {
			t.Fatal(marshalErr)
		}
		got := fault.ReadProblem("422 Unprocessable Entity", strings.NewReader(string(raw)))
		if fault.KindOf(got) != fault.KindOf(err) || got.Error() != err.Error() || fault.HintOf(got) != fault.HintOf(err) || fault.ExitCode(got) != fault.ExitCode(err) {
			t.Errorf("%s: %v (%s, hint %q), want %v (%s, hint %q)", name, got, fault.KindOf(got), fault.HintOf(got), err, fault.KindOf(err), fault.HintOf(err))
		}
	}
}

// The form is read by programs of other versions.
func TestAProblemHasThisForm(t *testing.T) {
	raw, err := json.Marshal(fault.ProblemOf(fault.New(fault.NotFound, "no run").WithHint("list them")))
	if want := `{"kind":"not-found","message":"no run","hint":"list them"}`; err != nil || string(raw) != want {
		t.Errorf("got %s, want %s, %v", raw, want, err)
	}
}

func TestAnAnswerWithoutAProblemIsInternal(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                "",
		"a page of a proxy":      "<html>502 Bad Gateway</html>",
		"JSON of something else": `{"error":"no"}`,
		"a problem that was cut": `{"kind":"not-found","mess`,
		"something without end":  `{"kind":"` + strings.Repeat("x", 2<<20),
	} {
		err := fault.ReadProblem("502 Bad Gateway", strings.NewReader(body))
		if fault.KindOf(err) != fault.Internal || err.Error() != "answer 502 Bad Gateway" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
