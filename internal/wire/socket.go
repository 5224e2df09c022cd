package wire

import (
	"errors"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/dc-release/dc-release/internal/face/api"
	"github.com/dc-release/dc-release/internal/face/workerapi"
)

// listen serves operations and workers on the owner's socket. Only processes
// of the owner's own user (or root) are answered.
func (o *Owner) listen(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/worker/", o.whileSound(workerapi.Handler(server{o}, o.Ring.WorkerToken)))
	mux.Handle("/operations/", api.Handler(o.App))
	o.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = o.http.Serve(peersOnly{l}) }() // ends with Close
	return nil
}

type peersOnly struct{ net.Listener }

// Accept closes connections of other users at once.
func (p peersOnly) Accept() (net.Conn, error) {
	for {
		c, err := p.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := peerUID(c); err == nil && (uid == uint32(os.Getuid()) || uid == 0) {
			return c, nil
		}
		c.Close()
	}
}

func peerUID(c net.Conn) (uid uint32, err error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return 0, errors.New("not a Unix socket")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *syscall.Ucred
	var sysErr error
	err = raw.Control(func(fd uintptr) {
		cred, sysErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, sysErr); err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
