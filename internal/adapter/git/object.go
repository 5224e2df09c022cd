package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// object is what a name leads to; kind is "" when there is nothing.
type object struct {
	id, kind string
	data     []byte
}

// objects reads what each name leads to. A name is any that git-cat-file(1)
// takes in a batch, which is a line.
func (r *Repository) objects(ctx context.Context, names ...string) ([]object, error) {
	for _, name := range names {
		if strings.Contains(name, "\n") {
			return nil, fmt.Errorf("read %q: want a name without line breaks", name)
		}
	}
	if r.batch != nil {
		return r.batch.read(names)
	}
	out, err := command(ctx, r.dir, []byte(strings.Join(names, "\n")+"\n"), nil, "--git-dir="+r.dir, "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	return readObjects(bufio.NewReader(bytes.NewReader(out)), len(names))
}

// readObjects reads the answer of git cat-file --batch to n names.
func readObjects(in *bufio.Reader, n int) ([]object, error) {
	list := make([]object, n)
	for i := range list {
		head, err := in.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("read objects: %w", err)
		}
		head = strings.TrimSuffix(head, "\n")
		f := strings.Split(head, " ")
		size, err := strconv.Atoi(f[len(f)-1])
		switch {
		case strings.HasSuffix(head, " missing"), strings.HasSuffix(head, " ambiguous"):
			continue
		case len(f) != 3 || err != nil || size < 0 || !isObject(f[0]):
			return nil, fmt.Errorf("read objects: git answers %q", head)
		}
		list[i] = object{id: f[0], kind: f[1], data: make([]byte, size)}
		if _, err := io.ReadFull(in, list[i].data); err != nil {
			return nil, fmt.Errorf("read object %s: %w", f[0], err)
		}
		if _, err := in.Discard(1); err != nil { // the line break after it
			return nil, fmt.Errorf("read object %s: %w", f[0], err)
		}
	}
	return list, nil
}

// batch is one git process that reads many objects, one caller after the other.
type batch struct {
	mu     sync.Mutex
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// Batched is the same repository, which reads references and objects through one
// git process until it is closed or ctx ends.
func (r *Repository) Batched(ctx context.Context) (*Repository, io.Closer, error) {
	b := &batch{cmd: prepare(ctx, r.dir, nil, "--git-dir="+r.dir, "cat-file", "--batch")}
	b.cmd.Stderr = &b.stderr
	in, err := b.cmd.StdinPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("read objects of %q: %w", r.dir, err)
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("read objects of %q: %w", r.dir, err)
	}
	if err := b.cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("read objects of %q: %w", r.dir, err)
	}
	b.in, b.out = in, bufio.NewReader(out)
	batched := *r
	batched.batch = b
	return &batched, b, nil
}

func (b *batch) read(names []string) ([]object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := io.WriteString(b.in, strings.Join(names, "\n")+"\n"); err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	return readObjects(b.out, len(names))
}

// Close ends the process and waits for it.
func (b *batch) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := errors.Join(b.in.Close(), b.cmd.Wait()); err != nil {
		return fmt.Errorf("read objects: %w: %s", err, strings.TrimSpace(b.stderr.String()))
	}
	return nil
}
