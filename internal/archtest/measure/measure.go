// Package measure takes what a benchmark costs beside its time: processor time,
// which does not grow with what else the machine does, and memory. It knows
// Linux alone, as the sandbox does.
package measure

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Cost is what something took.
type Cost struct {
	Wall, CPU time.Duration
	Peak      int64 // bytes that were resident at most
}

// Report adds CPU and memory to the figures of a benchmark, for n costs.
func Report(b *testing.B, all []Cost) {
	var cpu time.Duration
	peak := int64(0)
	for _, c := range all {
		cpu += c.CPU
		peak = max(peak, c.Peak)
	}
	b.ReportMetric(float64(cpu.Microseconds())/1000/float64(len(all)), "cpu-ms/op")
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
}

// Ratio reports the CPU of all costs over that of others, which were taken in
// turns with them.
func Ratio(b *testing.B, all, others []Cost, unit string) {
	var a, o time.Duration
	for _, c := range all {
		a += c.CPU
	}
	for _, c := range others {
		o += c.CPU
	}
	b.ReportMetric(a.Seconds()/o.Seconds(), unit)
}

// Call takes what a function of this process costs. The peak counts what was
// resident before, without what is garbage by then.
func Call(t testing.TB, do func()) Cost {
	t.Helper()
	forget(t)
	began, cpu := time.Now(), used(t)
	do()
	return Cost{Wall: time.Since(began), CPU: used(t) - cpu, Peak: peak(t)}
}

// Program runs a program to its end, from a folder, and takes what it costs
// with the programs that it runs. Of its output only an error is shown.
func Program(t testing.TB, dir, name string, args ...string) Cost {
	t.Helper()
	forget(t) // the kernel counts the peak of the process that starts a program as the program's
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	began := time.Now()
	out, err := cmd.Output()
	wall := time.Since(began)
	if err != nil {
		t.Fatal(fmt.Errorf("%s %q: %w\n%.2000s", name, args, err, out))
	}
	s := cmd.ProcessState
	return Cost{Wall: wall, CPU: s.UserTime() + s.SystemTime(), Peak: s.SysUsage().(*syscall.Rusage).Maxrss << 10}
}

// used is the processor time of this process.
func used(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// forget gives garbage back and lets the kernel count the peak from here on
// (proc_pid_clear_refs(5)).
func forget(t testing.TB) {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

var high = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

func peak(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	m := high.FindSubmatch(status)
	if m == nil {
		t.Fatal("no VmHWM in /proc/self/status")
	}
	kb, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}
