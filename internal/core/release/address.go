package release

import (
	"regexp"
	"strings"
)

// remote is an address of a repository as git takes it: https://host/org/repo,
// ssh://git@host/org/repo, git@host:org/repo.
var remote = regexp.MustCompile(`^(?:(?:https?|ssh|git)://(?:[^/@\s]*@)?([A-Za-z0-9.-]+)(?::[0-9]+)?/|[A-Za-z0-9._-]+@([A-Za-z0-9.-]+):/?)([A-Za-z0-9._~/-]+?)(?:\.git)?/?$`)

// WebAddress is where readers find the repository of a remote, without what
// proves who asks: "https://github.com/org/repo"; "" for a path and for what is
// no address.
func WebAddress(address string) string {
	m := remote.FindStringSubmatch(strings.TrimSpace(address))
	if m == nil || strings.Contains(m[3], "..") {
		return ""
	}
	host := m[1] + m[2]
	if !strings.Contains(host, ".") {
		return ""
	}
	return "https://" + host + "/" + m[3]
}
