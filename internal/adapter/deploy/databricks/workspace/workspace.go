// Package workspace reads back over the REST API of a Databricks workspace what
// is really deployed there, and knows how this client and the Databricks CLI prove
// who they are. It shares no code with what deploys, so that a deployer does not
// confirm itself, and it changes nothing in a workspace.
//
// What is read is the public REST API: Jobs 2.2, Permissions 2.0, Workspace 2.0,
// SCIM 2.0 and Unity Catalog 2.1.
package workspace

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/mask"
)

// Limits of one client. What goes beyond is an error, never cut in silence.
const (
	maxJSON  = 32 << 20  // bytes of one answer, and of a file that Content reads
	maxFile  = 512 << 20 // bytes of a file that Export hashes, unless Config says otherwise
	maxPages = 1000      // of one paged read
	parallel = 8         // folders that List reads at once, unless Config says otherwise
)

// Config says which workspace a client reads, and as whom: either Host and Auth,
// or Via.
type Config struct {
	// Host is https://HOST; http is taken for this machine only.
	Host string
	// Auth is who asks: PAT, M2M, Federated or Entra; see AuthOf.
	Auth Auth
	// HTTP carries the requests; nil takes a client with the proxies that the
	// environment names. Its policy for redirects and its cookies are not used.
	HTTP *http.Client
	// UserAgent is "dc-release" when it is empty.
	UserAgent string
	// Clock may be left empty.
	Clock Clock
	// Via makes the requests instead, for those kinds of identity that this package
	// does not speak: for example `databricks api get PATH`. Then Host, Auth and
	// HTTP stay empty, the organisation of Me is unknown, Export reads the base64
	// form (10 MB at most, a limit of the service), and whether large integers
	// stay exact is up to it.
	Via Getter
	// Parallel bounds how many folders List reads at once; 0 is 8.
	Parallel int
	// Silence bounds how long nothing may come of an answer; 0 is two minutes.
	Silence time.Duration
	// MaxFile bounds the files that Export hashes, in bytes; 0 is 512 MiB.
	MaxFile int64
}

// Clock is the time and how to wait; what is nil is the real one.
type Clock struct {
	Now func() time.Time
	// Wait returns after a duration, or with the context's error when it ends before.
	Wait func(ctx context.Context, d time.Duration) error
}

func (c Clock) orReal() Clock {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == nil {
		c.Wait = func(ctx context.Context, d time.Duration) error {
			t := time.NewTimer(d)
			defer t.Stop()
			select {
			case <-t.C:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return c
}

// Getter makes one GET of the REST API. The path begins with "/api/" and is
// escaped. Raw is the body of an answer with status 200, anything else an error,
// an *Error where its kind is known. The header is nil where it is not known.
type Getter interface {
	Get(ctx context.Context, path string, query url.Values) (raw []byte, header http.Header, err error)
}

// GetterFunc is a function that is a Getter.
type GetterFunc func(ctx context.Context, path string, query url.Values) ([]byte, http.Header, error)

// Get implements Getter.
func (f GetterFunc) Get(ctx context.Context, path string, query url.Values) ([]byte, http.Header, error) {
	return f(ctx, path, query)
}

// Client reads one workspace. It may be used by several goroutines.
type Client struct {
	get        Getter
	parallel   int
	maxFile    int64
	maxObjects int
}

// Open makes a client and gets its first access token, so that a wrong identity
// is said at once and not in the middle of a verification. PAT and Via ask nothing.
func Open(ctx context.Context, c Config) (*Client, error) {
	out := &Client{get: c.Via, parallel: c.Parallel, maxFile: c.MaxFile, maxObjects: maxObjects}
	if out.parallel <= 0 {
		out.parallel = parallel
	}
	if out.maxFile <= 0 {
		out.maxFile = maxFile
	}
	switch {
	case c.Via != nil && (c.Host != "" || c.Auth != nil || c.HTTP != nil):
		return nil, fault.New(fault.Invalid, "open workspace: want either Host and Auth or Via, not both")
	case c.Via != nil:
		return out, nil
	case c.Auth == nil:
		return nil, fault.New(fault.Invalid, "open workspace %q: no Auth says who asks", c.Host).WithHint("set DATABRICKS_AUTH_TYPE in the configuration of the environment")
	}
	host, err := checkHost(c.Host)
	if err != nil {
		return nil, err
	}
	d := newDoor(c)
	a := &api{door: d, host: host, auth: c.Auth, tokens: newTokens(d.clock, func(ctx context.Context) (Access, error) {
		access, err := c.Auth.access(ctx, d, host)
		d.mask.Add(string(access.Token))
		return access, err
	})}
	if _, err := a.tokens.get(ctx); err != nil {
		return nil, err
	}
	out.get = a
	return out, nil
}

// newDoor makes what sends requests.
func newDoor(of Config) *door {
	c := http.Client{}
	if of.HTTP != nil {
		c = *of.HTTP
	}
	if c.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 4 * parallel
		c.Transport = t
	}
	c.CheckRedirect, c.Jar = sameHost, nil
	return &door{http: &c, agent: cmp.Or(of.UserAgent, "dc-release"), clock: of.Clock.orReal(), mask: mask.New(), patience: cmp.Or(of.Silence, silence)}
}

// checkHost gives scheme and host of a workspace without a slash at the end.
func checkHost(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || !secure(u) {
		shown := raw
		if err != nil || u.User != nil {
			shown = mask.Text
		}
		return "", fault.New(fault.Invalid, "workspace host %q: want https://HOST and nothing else; http is taken for this machine only", shown).
			WithHint("copy the address of the workspace up to the first slash, for example https://adb-1234567890123456.7.azuredatabricks.net")
	}
	return u.Scheme + "://" + u.Host, nil
}

// secure says whether what is sent to an address stays unread on its way.
func secure(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
