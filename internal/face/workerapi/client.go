package workerapi

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Client speaks the protocol; it implements Server.
type Client struct {
	http  *http.Client
	base  string
	token string
}

var _ work.Server = (*Client)(nil)

// Dial makes a client of a Unix socket.
func Dial(socket, token string) *Client {
	return &Client{base: "http://server", token: token, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}}}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (c *Client) send(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", work.ErrUnreachable, err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, fault.ReadProblem(resp.Status, resp.Body)
	}
	return resp, nil
}

func call[R any](ctx context.Context, c *Client, verb string, q any) (R, error) {
	resp, err := c.open(ctx, verb, q)
	if err != nil {
		var none R
		return none, err
	}
	return decode[R](resp, verb)
}

// put sends bytes; the answer is JSON.
func put[R any](ctx context.Context, c *Client, verb string, body io.Reader) (R, error) {
	resp, err := c.send(ctx, http.MethodPut, "/worker/"+verb, body)
	if err != nil {
		var none R
		return none, err
	}
	return decode[R](resp.Body, verb)
}

func decode[R any](body io.ReadCloser, verb string) (R, error) {
	defer body.Close()
	var out R
	if err := json.NewDecoder(body).Decode(&out); err != nil {
		return out, fmt.Errorf("%w: answer of %s was cut: %w", work.ErrUnreachable, verb, err)
	}
	return out, nil
}

func (c *Client) open(ctx context.Context, verb string, q any) (io.ReadCloser, error) {
	raw, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	resp, err := c.send(ctx, http.MethodPost, "/worker/"+verb, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Claim implements Server.
func (c *Client) Claim(ctx context.Context, w claim.Worker) (*pipeline.Assignment, error) {
	return call[*pipeline.Assignment](ctx, c, "claim", w)
}

// Renew implements Server.
func (c *Client) Renew(ctx context.Context, e work.Execution) (work.Renewed, error) {
	return call[work.Renewed](ctx, c, "renew", e)
}

// Secret implements Server.
func (c *Client) Secret(ctx context.Context, r work.SecretRequest) (work.SecretValue, error) {
	return call[work.SecretValue](ctx, c, "secret", r)
}

// Finish implements Server.
func (c *Client) Finish(ctx context.Context, r claim.Result) error {
	_, err := call[struct{}](ctx, c, "finish", r)
	return err
}

// Deploy implements Server.
func (c *Client) Deploy(ctx context.Context, r deploy.Request) (deploy.Receipt, error) {
	return call[deploy.Receipt](ctx, c, "deploy", r)
}

// RunTasks implements Server.
func (c *Client) RunTasks(ctx context.Context, r deploy.TasksRequest) (deploy.TasksReceipt, error) {
	return call[deploy.TasksReceipt](ctx, c, "run-tasks", r)
}

// Describe implements Server.
func (c *Client) Describe(ctx context.Context, r deploy.DescribeRequest) (component.Described, error) {
	return call[component.Described](ctx, c, "describe", r)
}

// Publish implements Server.
func (c *Client) Publish(ctx context.Context, r work.PublishRequest) (work.Published, error) {
	return call[work.Published](ctx, c, "publish", r)
}

// TestDocuments implements Server.
func (c *Client) TestDocuments(ctx context.Context, e work.Execution) (work.TestedDocuments, error) {
	return call[work.TestedDocuments](ctx, c, "document-test", e)
}

// IdentityToken implements Server.
func (c *Client) IdentityToken(ctx context.Context, r work.IdentityTokenRequest) (work.IdentityToken, error) {
	return call[work.IdentityToken](ctx, c, "identity-token", r)
}

// NameArtifact implements Server.
func (c *Client) NameArtifact(ctx context.Context, r work.ArtifactName) error {
	_, err := call[struct{}](ctx, c, "artifact-name", r)
	return err
}

// Artifacts implements Server.
func (c *Client) Artifacts(ctx context.Context, e work.Execution) ([]pipeline.Artifact, error) {
	return call[[]pipeline.Artifact](ctx, c, "artifacts", e)
}

// PutBlob implements Server.
func (c *Client) PutBlob(ctx context.Context, r io.Reader) (string, int64, error) {
	out, err := put[blobPut](ctx, c, "blob", r)
	return out.Digest, out.Size, err
}

// AppendLog implements Server.
func (c *Client) AppendLog(ctx context.Context, l work.LogChunk, data []byte) (work.Logged, error) {
	q := url.Values{"execution": {l.Execution.Execution}, "fence": {strconv.FormatInt(l.Fence, 10)}, "offset": {strconv.FormatInt(l.Offset, 10)}}
	return put[work.Logged](ctx, c, "log?"+q.Encode(), bytes.NewReader(data))
}

// Blob implements Server.
func (c *Client) Blob(ctx context.Context, e work.Execution, digest string) (io.ReadCloser, error) {
	return c.open(ctx, "blob", blobGet{Execution: e, Digest: digest})
}

// Source implements Server.
func (c *Client) Source(ctx context.Context, e work.Execution) (io.ReadCloser, error) {
	return c.open(ctx, "source", e)
}

// Action implements Server.
func (c *Client) Action(ctx context.Context, r work.ActionRequest) (io.ReadCloser, error) {
	return c.open(ctx, "action", r)
}

// FindCache implements Server.
func (c *Client) FindCache(ctx context.Context, q work.CacheQuery) (work.CacheEntry, error) {
	return call[work.CacheEntry](ctx, c, "cache/find", q)
}

// ReadCache implements Server.
func (c *Client) ReadCache(ctx context.Context, r work.CacheRead) (io.ReadCloser, error) {
	return c.open(ctx, "cache/read", r)
}

// SaveCache implements Server.
func (c *Client) SaveCache(ctx context.Context, q work.CacheSave, r io.Reader) (work.CacheSaved, error) {
	raw, err := json.Marshal(q)
	if err != nil {
		return work.CacheSaved{}, err
	}
	return put[work.CacheSaved](ctx, c, "cache?request="+url.QueryEscape(string(raw)), r)
}
