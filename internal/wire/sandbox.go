package wire

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/standin"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/sandbox"
)

// StandinName is the name under which this program is the stand-in for the
// databricks program: only what a sandbox makes has it.
const StandinName = "databricks"

// Standin is this program when it is started under StandinName.
func Standin(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	return standin.Main(ctx, args, os.Environ(), in, out, errOut)
}

// ServeSandbox implements "dc-release sandbox".
func ServeSandbox(ctx context.Context, q sandbox.Request, ready func(sandbox.Ready) error) error {
	s := sandboxed{dir: q.Dir}
	if err := s.prepare(); err != nil {
		return err
	}
	at, err := s.addresses(q.Listen)
	if err != nil {
		return err
	}
	for i, place := range policy.Places {
		if err := s.workspace(ctx, place, at[i+1]); err != nil {
			return errors.Join(err, s.close())
		}
	}
	page, err := s.listen(ctx, at[0])
	if err != nil {
		return errors.Join(err, s.close())
	}
	s.serve(page, fakeworkspace.NewSandbox(s.workspaces...))
	s.ready.Page = "http://" + page.Addr().String() + "/"
	if err := errors.Join(s.remember(page), ready(s.ready)); err != nil {
		return errors.Join(err, s.close())
	}
	return s.wait(ctx)
}

// addresses are those of the page and of the workspaces in their order: what is
// asked for, else where they were the last time.
func (s *sandboxed) addresses(listen string) ([]string, error) {
	if listen == "" {
		var last []string
		raw, err := os.ReadFile(s.file(addressesFile))
		if err == nil && json.Unmarshal(raw, &last) == nil && len(last) == len(policy.Places)+1 {
			return last, nil
		}
		listen = sandbox.DefaultListen
	}
	host, port, err := net.SplitHostPort(listen)
	if err == nil {
		err = onThisMachine(host)
	}
	first, bad := strconv.Atoi(port)
	if err = errors.Join(err, bad); err != nil {
		return nil, fault.New(fault.Invalid, "--listen %q: want an address of this machine like %s: %v", listen, sandbox.DefaultListen, err)
	}
	out := []string{listen}
	for i := range policy.Places {
		at := 0
		if first != 0 {
			at = first + i + 1
		}
		out = append(out, net.JoinHostPort(host, strconv.Itoa(at)))
	}
	return out, nil
}

// addressesFile keeps where the page and the workspaces were the last time, which
// is where baselines look for them.
const addressesFile = "addresses.json"

func (s *sandboxed) remember(page net.Listener) error {
	at := []string{page.Addr().String()}
	for _, w := range s.ready.Workspaces {
		at = append(at, strings.TrimPrefix(w.Host, "http://"))
	}
	raw, err := json.Marshal(at)
	if err != nil {
		return err
	}
	return os.WriteFile(s.file(addressesFile), raw, 0o600)
}

func (s *sandboxed) file(name string) string { return filepath.Join(s.dir, name) }

// onThisMachine refuses addresses that others reach: the workspaces ask nobody
// who they are for what only a sandbox can do.
func onThisMachine(host string) error {
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("not of this machine")
}

// sandboxed is what is being served.
type sandboxed struct {
	dir        string
	token      string
	ready      sandbox.Ready
	workspaces []*fakeworkspace.Workspace
	servers    []*http.Server
	running    errgroup.Group
}

// prepare makes the folder, the token and the stand-in, which is this program.
func (s *sandboxed) prepare() error {
	bin := filepath.Join(s.dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	s.ready.Program = filepath.Join(bin, StandinName)
	if err := os.Remove(s.ready.Program); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := linkOrCopy(exe, s.ready.Program); err != nil {
		return err
	}
	file := s.file("token")
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		raw = []byte("dapi-sandbox-" + strings.ToLower(rand.Text()))
		err = os.WriteFile(file, raw, 0o600)
	}
	s.token = string(raw)
	return err
}

// linkOrCopy gives a file a second name, which is no symbolic link: in the sandbox
// of a deployment a link leads nowhere.
func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}

func (s *sandboxed) listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fault.New(fault.Invalid, "serve the sandbox: %v", err).WithHint("choose other ports with --listen 127.0.0.1:0")
	}
	return l, nil
}

// workspace serves that of one environment.
func (s *sandboxed) workspace(ctx context.Context, place, address string) error {
	l, err := s.listen(ctx, address)
	if err != nil {
		return err
	}
	host := "http://" + l.Addr().String()
	w, err := fakeworkspace.Open(fakeworkspace.Config{
		Name: place, Host: host, Org: int64(len(s.workspaces) + 1),
		Tokens: []fakeworkspace.Token{{Secret: s.token, Principal: fakeworkspace.Principal{UserName: "deployer@example.com"}}},
	}, s.file(place+".json"))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s.workspaces = append(s.workspaces, w)
	s.ready.Workspaces = append(s.ready.Workspaces, sandbox.Workspace{Environment: place, Host: host, Token: s.token})
	s.serve(l, w)
	return nil
}

func (s *sandboxed) serve(l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.servers = append(s.servers, server)
	s.running.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
}

func (s *sandboxed) wait(ctx context.Context) error {
	<-ctx.Done()
	return s.close()
}

func (s *sandboxed) close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	errs = append(errs, s.running.Wait())
	for _, w := range s.workspaces {
		errs = append(errs, w.Save())
	}
	return errors.Join(errs...)
}
