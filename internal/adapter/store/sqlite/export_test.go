package sqlite

// Waiting is how many writes nobody has begun.
func (e *Engine) Waiting() int {
	e.queue.mu.Lock()
	defer e.queue.mu.Unlock()
	return len(e.queue.list)
}
