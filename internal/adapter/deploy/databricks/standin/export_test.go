package standin

// Compare gives the paths in which three values differ.
func Compare(old, want, remote any) []string {
	var out []string
	for path := range compare(old, want, remote) {
		out = append(out, path)
	}
	return out
}
