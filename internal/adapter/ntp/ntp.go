// Package ntp reads how good the machine's clock is: the state of the kernel's
// clock discipline, and the offset to a time source by SNTP (RFC 4330). The
// client is our own because one exchange of 48 bytes is all that is needed.
package ntp

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/dc-release/dc-release/internal/app/clock"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// patience with one answer of the time source.
const patience = 2 * time.Second

// Reader reads the clock's state.
type Reader struct {
	Source string // host or host:port, "" for none
}

var _ clock.Reader = Reader{}

// Read implements clock.Reader.
func (r Reader) Read(ctx context.Context) clock.Reading {
	out := kernel()
	if r.Source == "" {
		return out
	}
	out.Source, out.Problem = r.Source, ""
	offset, err := Offset(ctx, r.Source)
	if err != nil {
		out.Problem = err.Error()
		return out
	}
	out.Measured, out.Offset = true, offset
	return out
}

// The words of adjtimex(2).
const (
	timeError    = 5    // TIME_ERROR: the clock is not synchronised
	staUnsync    = 0x40 // STA_UNSYNC
	staNanosec   = 0x2000
	nanosecondsU = 1000
)

// kernel asks adjtimex(2), which changes nothing with no mode set.
func kernel() clock.Reading {
	var t syscall.Timex
	state, err := syscall.Adjtimex(&t)
	if err != nil {
		return clock.Reading{State: ledger.ClockUnknown, Problem: fmt.Sprintf("adjtimex: %v", err)}
	}
	offset := time.Duration(t.Offset) * time.Microsecond
	if t.Status&staNanosec != 0 {
		offset /= nanosecondsU
	}
	if state == timeError || t.Status&staUnsync != 0 {
		return clock.Reading{State: ledger.ClockUnsynchronised, Offset: offset, Problem: fmt.Sprintf("adjtimex: state %d, status %#x", state, t.Status)}
	}
	return clock.Reading{State: ledger.ClockSynchronised, Offset: offset}
}

// Offset asks a source once: source minus this machine.
func Offset(ctx context.Context, source string) (time.Duration, error) {
	if _, _, err := net.SplitHostPort(source); err != nil {
		source = net.JoinHostPort(source, "123")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "udp", source)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if until, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(until); err != nil {
			return 0, err
		}
	}
	request := make([]byte, packetSize)
	request[0] = 4<<3 | 3 // version 4, client
	// The transmit timestamp comes back as it was sent: random bits tell our
	// answer from a forged one and say nothing of this machine's clock.
	if _, err := rand.Read(request[40:48]); err != nil {
		return 0, err
	}
	sent := time.Now()
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	answer := make([]byte, packetSize+1024) // extensions are left aside
	n, err := c.Read(answer)
	if err != nil {
		return 0, err
	}
	received := time.Now()
	serverReceived, serverSent, err := parse(answer[:n], [8]byte(request[40:48]))
	if err != nil {
		return 0, fmt.Errorf("answer of %s: %w", source, err)
	}
	return (serverReceived.Sub(sent) + serverSent.Sub(received)) / 2, nil
}

const packetSize = 48

// parse reads an answer and refuses what RFC 4330 section 5 tells to refuse.
func parse(p []byte, nonce [8]byte) (received, sent time.Time, err error) {
	if len(p) < packetSize {
		return received, sent, fmt.Errorf("%d bytes, want %d", len(p), packetSize)
	}
	leap, version, mode, stratum := p[0]>>6, p[0]>>3&7, p[0]&7, p[1]
	switch {
	case [8]byte(p[24:32]) != nonce:
		err = errors.New("is not to our request")
	case mode != 4 || version < 1 || version > 4:
		err = fmt.Errorf("mode %d of version %d, want a server's", mode, version)
	case leap == 3:
		err = errors.New("the source is not synchronised")
	case stratum == 0:
		err = fmt.Errorf("the source refuses to answer (%q)", p[12:16])
	case stratum > 15:
		err = fmt.Errorf("stratum %d", stratum)
	case binary.BigEndian.Uint64(p[40:48]) == 0 || binary.BigEndian.Uint64(p[32:40]) == 0:
		err = errors.New("it holds no time")
	}
	return moment(p[32:40]), moment(p[40:48]), err
}

// epoch of NTP timestamps.
var epoch = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// moment reads a timestamp. Those without the highest bit are of the era that
// begins in 2036 (RFC 4330 section 3).
func moment(b []byte) time.Time {
	seconds, fraction := int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	if seconds < 1<<31 {
		seconds += 1 << 32
	}
	return time.Unix(epoch.Unix()+seconds, fraction*int64(time.Second)>>32)
}
