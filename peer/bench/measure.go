package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// measure is what one run of a program took. CPU is that of the process and of
// all children that were waited for.
type measure struct{ wall, cpu time.Duration }

// run runs a program to its end and gives its output.
func run(ctx context.Context, dir string, env []string, program string, args ...string) (measure, []byte, error) {
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &out, &errOut
	began := time.Now()
	err := cmd.Run()
	wall := time.Since(began)
	if err != nil {
		return measure{}, nil, fmt.Errorf("run %s %q: %w\n%s%s", program, args, err, out.Bytes(), errOut.Bytes())
	}
	return measure{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, out.Bytes(), nil
}

// median is that of wall and of CPU, each for itself.
func median(all []measure) measure {
	middle := func(of func(measure) time.Duration) time.Duration {
		sorted := make([]time.Duration, len(all))
		for i, m := range all {
			sorted[i] = of(m)
		}
		slices.Sort(sorted)
		return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
	}
	return measure{
		wall: middle(func(m measure) time.Duration { return m.wall }),
		cpu:  middle(func(m measure) time.Duration { return m.cpu }),
	}
}
