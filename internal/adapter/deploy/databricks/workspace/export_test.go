package workspace

// SetMaxObjects makes a walk end earlier.
func (c *Client) SetMaxObjects(n int) { c.maxObjects = n }
