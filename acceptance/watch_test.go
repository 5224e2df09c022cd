package acceptance_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
)

// TestAWatchedReleaseEndsAtItsGate watches a tag's run on a terminal: it is
// drawn in place, and ends with 3 where only people can go on.
func TestAWatchedReleaseEndsAtItsGate(t *testing.T) {
	need(t, "script")
	s := newSite(t)
	server := s.start("serve")
	defer server.kill(true)
	s.tag("1.0.0")
	var run string
	s.until(func() bool { run = s.latestRun(); return run != "" })

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "script", "--quiet", "--return", "--command", program+" --data "+s.data()+" runs watch "+run, "/dev/null")
	cmd.Env = append(cmd.Environ(), "TERM=xterm", "NO_COLOR=")
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	screen := string(out)
	for _, want := range []string{"\x1b[J", "waits for people", "\x1b[32msuccess", "for gate pre_val"} {
		if !strings.Contains(screen, want) {
			t.Errorf("%q is not on the screen:\n%q", want, screen)
		}
	}
	plain := s.call("", "runs", "watch", run)
	if plain.code != 3 || strings.Contains(plain.out, "\x1b") || !strings.Contains(plain.out, "waiting    pre_val/gate  for gate pre_val\n") {
		t.Errorf("without a terminal: exit code %d\n%s", plain.code, plain)
	}
}
