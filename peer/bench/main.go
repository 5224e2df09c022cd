// Command bench times dc-release beside nektos/act: whole processes, on the same
// repositories and stub tools, in turns, so that what else the machine does meets
// both. It prints medians and ratios; nothing fails because it is slow.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 7, "how often each program runs a workload")
	only := flag.String("only", "", "run only the workloads whose name contains this")
	keep := flag.String("keep", "", "directory that keeps programs and repositories (default: a temporary one)")
	sandbox := flag.String("sandbox", "", "sandbox of dc-release (default: it looks for the strongest)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, os.Stdout, *keep, *only, *sandbox, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, out io.Writer, dir, only, sandbox string, rounds int) (err error) {
	if rounds < 1 {
		return fmt.Errorf("%d rounds: want at least one", rounds)
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "dc-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	s, err := newSite(ctx, dir)
	if err != nil {
		return err
	}
	s.sandbox = sandbox
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "workload\tours wall\tact wall\tratio\ttarget\tours CPU\tact CPU\tratio")
	for _, load := range workloads {
		if !strings.Contains(load.name, only) {
			continue
		}
		if err := compare(ctx, w, s, load, rounds); err != nil {
			return fmt.Errorf("workload %q: %w", load.name, err)
		}
	}
	return w.Flush()
}

// compare runs both programs in turns. The first round warms up and is not
// counted.
func compare(ctx context.Context, w io.Writer, s *site, load workload, rounds int) error {
	repo, err := s.repository(ctx, load)
	if err != nil {
		return err
	}
	var ours, act []measure
	for round := range rounds + 1 {
		a, err := s.runOurs(ctx, repo, load)
		if err != nil {
			return err
		}
		b, err := s.runAct(ctx, repo, load)
		if err != nil {
			return err
		}
		if round > 0 {
			ours, act = append(ours, a), append(act, b)
		}
	}
	a, b := median(ours), median(act)
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", load.name,
		millis(a.wall), millis(b.wall), ratio(a.wall, b.wall), load.target, millis(a.cpu), millis(b.cpu), ratio(a.cpu, b.cpu))
	return nil
}

func millis(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }
