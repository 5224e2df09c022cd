package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Answer is what a read gave, and the exchanges that it was read from: they are
// evidence.
type Answer[T any] struct {
	Value T
	Seen  []Exchange
}

// Exchange is one GET and the body of its answer, as it came.
type Exchange struct {
	Request string // GET /api/...?...
	Raw     json.RawMessage
}

// read makes one GET whose answer is an object.
func (c *Client) read(ctx context.Context, path string, query url.Values) (fields, Exchange, http.Header, error) {
	shown := asked(path, query)
	raw, header, err := c.get.Get(ctx, path, query)
	if err != nil {
		if asError(err) == nil {
			err = fmt.Errorf("GET %s: %w", shown, err)
		}
		return fields{}, Exchange{}, nil, err
	}
	f, err := root(raw)
	if err != nil {
		return fields{}, Exchange{}, nil, unread(shown, err)
	}
	return f, Exchange{"GET " + shown, raw}, header, nil
}

// unread is the error of an answer that does not say what it must.
func unread(shown string, err error) error {
	return &Error{Kind: Malformed, Method: http.MethodGet, Path: shown, Status: http.StatusOK, Err: err}
}

// one makes a read of one answer. Take reads its members.
func one[T any](ctx context.Context, c *Client, path string, query url.Values, take func(fields, http.Header) (T, error)) (Answer[T], error) {
	f, x, header, err := c.read(ctx, path, query)
	if err != nil {
		return Answer[T]{}, err
	}
	v, err := take(f, header)
	if *f.bad != nil {
		err = *f.bad
	}
	if err != nil {
		return Answer[T]{}, unread(asked(path, query), err)
	}
	return Answer[T]{v, []Exchange{x}}, nil
}

// pages makes a read of as many answers as there are. Take reads the members of
// each.
func pages(ctx context.Context, c *Client, path string, query url.Values, take func(fields) error) ([]Exchange, error) {
	var seen []Exchange
	tokens := map[string]bool{}
	for {
		f, x, _, err := c.read(ctx, path, query)
		if err != nil {
			return nil, err
		}
		seen = append(seen, x)
		next, more := f.text("next_page_token"), f.flag("has_more")
		if err = take(f); *f.bad != nil {
			err = *f.bad
		}
		switch {
		case err != nil:
		case next == "" && !more:
			return seen, nil
		case next == "":
			err = errors.New("says that there is more, without a token for the next page")
		case tokens[next]:
			err = errors.New("goes back to a page that was read already")
		case len(seen) == maxPages:
			err = fmt.Errorf("has more than %d pages", maxPages)
		}
		if err != nil {
			return nil, unread(asked(path, query), err)
		}
		tokens[next] = true
		query.Set("page_token", next)
	}
}

// Principal is who asks.
type Principal struct {
	ID       string
	UserName string // a service principal's application id
	Name     string // to be shown
	OrgID    string // of the workspace; "" where headers are not known
}

// Me reads who the workspace takes this client for (SCIM, RFC 7644 section 3.11).
func (c *Client) Me(ctx context.Context) (Answer[Principal], error) {
	return one(ctx, c, "/api/2.0/preview/scim/v2/Me", nil, func(f fields, h http.Header) (Principal, error) {
		p := Principal{ID: f.text("id"), UserName: f.text("userName"), Name: f.text("displayName"), OrgID: h.Get("X-Databricks-Org-Id")}
		if p.ID == "" || p.UserName == "" {
			return p, errors.New("names nobody: want id and userName")
		}
		return p, nil
	})
}
