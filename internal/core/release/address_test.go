package release_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/release"
)

func TestTheWebAddressOfARemote(t *testing.T) {
	for in, want := range map[string]string{
		"https://github.com/org/repo":                     "https://github.com/org/repo",
		"https://github.com/org/repo.git":                 "https://github.com/org/repo",
		"https://user:secret@github.com/org/repo.git/":    "https://github.com/org/repo",
		"git@github.com:org/repo.git":                     "https://github.com/org/repo",
		"ssh://git@github.example.org:2222/org/sub/r.git": "https://github.example.org/org/sub/r",
		"https://dev.azure.com/org/project/_git/repo":     "https://dev.azure.com/org/project/_git/repo",
		"/srv/git/repo.git":                               "",
		"../repo":                                         "",
		"https://github.com/org/../x":                     "",
		"https://github.com/org/repo?x=<script>":          "",
		"file:///srv/git/repo":                            "",
		"org/repo":                                        "",
		"":                                                "",
	} {
		if got := release.WebAddress(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
