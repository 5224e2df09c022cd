package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/webauthn"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/api"
	"github.com/dc-release/dc-release/internal/face/web"
)

// publicURL is the origin at which browsers reach this process: as configured,
// else that of the issuer, else this machine's own where only it can connect.
func (c Config) publicURL() (*url.URL, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fault.New(fault.Invalid, "--listen %q: %v", c.Listen, err)
	}
	text := c.URL
	ip := net.ParseIP(host)
	switch {
	case text != "":
	case host == "localhost", ip != nil && ip.IsLoopback():
		text = "http://localhost:" + port
	case c.Issuer != "":
		text = c.Issuer
	default:
		return nil, fault.New(fault.Invalid, "nobody knows under which address browsers reach %s", c.Listen).WithHint("add --url URL")
	}
	u, err := url.Parse(text)
	if err == nil && u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost") {
		err = errors.New("want https, or http on localhost")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "address %q of the pages: %v", text, err)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// openPages makes what binds people to the pages of this process.
func (o *Owner) openPages(ctx context.Context) error {
	if o.Config.Listen == "" || o.Config.Rehearsal {
		return nil
	}
	u, err := o.Config.publicURL()
	if err != nil {
		return err
	}
	if o.passkeys, err = webauthn.New(o.Store, u.Hostname(), u.String(), time.Now); err != nil {
		return err
	}
	o.App.Signer.Provers[policy.Passkey] = o.passkeys
	o.App.People.Passkeys = o.passkeys
	o.pages = web.Config{
		App: o.App, State: o.state, Sessions: o.Store, Passkeys: o.passkeys, Secure: u.Scheme == "https", Logger: o.Config.Logger,
	}
	return o.openProvider(ctx, u.String())
}

// listenPublic serves the pages and what others may read: the issuer's
// documents. An installation on hold serves none.
func (o *Owner) listenPublic() error {
	if o.Config.Listen == "" || o.Config.Rehearsal || o.pages.App == nil {
		return nil
	}
	l, err := net.Listen("tcp", o.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", o.Config.Listen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", web.Handler(o.pages))
	mux.Handle("POST /api/v1/operations/{name}", api.Bearer(o.App))
	if o.issuer != nil {
		u, err := url.Parse(o.Config.Issuer)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		mux.Handle(u.Path+"/.well-known/", o.issuer.Handler(identityClaims()))
	}
	o.public = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = o.public.Serve(l) }() // ends with Close
	return nil
}
