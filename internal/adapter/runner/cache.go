package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of actions/cache.
const (
	maxCacheKeys = 10
	maxCacheKey  = 512 // characters
)

// cacheForm is a part of a cache's version: caches of another form are not found.
const cacheForm = "tar-1"

// Names of what the restoring part of actions/cache hands on to the saving one.
const (
	cachePrimary = "CACHE_KEY"
	cacheMatched = "CACHE_RESULT"
	cacheAlways  = "SAVE_ALWAYS"
)

// restoreCache is actions/cache and actions/cache/restore. As on GitHub a cache
// that cannot be had is a warning: what it holds can be made again.
func (j *job) restoreCache(ctx context.Context, s *step) error {
	keys := append([]string{strings.TrimSpace(s.with["key"])}, inputLines(s.with["restore-keys"])...)
	s.saveState(cachePrimary, keys[0])
	if s.is("save-always", false) {
		s.saveState(cacheAlways, "true")
	}
	if err := j.checkCacheKeys(keys); err != nil {
		return err
	}
	patterns, err := j.parsePatterns(s.with["path"])
	if err != nil {
		return fmt.Errorf("restore cache: %w", err)
	}
	look := s.is("lookup-only", false)
	key, err := j.findCache(ctx, CacheQuery{Keys: keys, Version: cacheVersion(s.with["path"])}, patterns, look)
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		s.commands.warn("the cache is not restored: " + err.Error())
	}
	restoreOnly := s.use.native.post == nil
	if restoreOnly {
		s.commands.setOutputValue("cache-primary-key", keys[0])
	}
	if err != nil || key == "" {
		if s.is("fail-on-cache-miss", false) {
			return fmt.Errorf("no cache of key %s, and fail-on-cache-miss is set", keys[0])
		}
		j.say(s.number, "no cache for the keys "+strings.Join(keys, ", "))
		return nil
	}
	s.saveState(cacheMatched, key)
	if restoreOnly {
		s.commands.setOutputValue("cache-matched-key", key)
	}
	s.commands.setOutputValue("cache-hit", fmt.Sprint(strings.EqualFold(key, keys[0])))
	if look {
		j.say(s.number, "there is a cache of key "+key)
	} else {
		j.say(s.number, "restored the cache of key "+key)
	}
	return nil
}

// findCache looks for a cache and, unless that is all, puts its files where they
// were.
func (j *job) findCache(ctx context.Context, q CacheQuery, patterns []pattern, look bool) (string, error) {
	if look {
		return j.h.RestoreCache(ctx, q, "")
	}
	dir, err := j.area.staged()
	if err != nil {
		return "", err
	}
	key, err := j.h.RestoreCache(ctx, q, dir)
	if err != nil || key == "" {
		return "", err
	}
	if err := j.checkCached(dir, patterns); err != nil {
		return "", err
	}
	return key, j.deliver(dir, ".", false)
}

// checkCached makes sure that a cache holds nothing but what its paths can
// select: whoever could write it must not reach anything else.
func (j *job) checkCached(dir string, patterns []pattern) error {
	staged := tree{path: dir}
	if err := staged.open(); err != nil {
		return err
	}
	defer staged.close()
	bases := searchPaths(patterns)
	return fs.WalkDir(staged.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := filepath.Join(j.area.top.path, name)
		for _, b := range bases {
			if isBelow(at, b) || d.IsDir() && isBelow(b, at) {
				return nil
			}
		}
		return fmt.Errorf("it holds %q, which is none of its paths", name)
	})
}

// saveCacheIf is post-if of actions/cache.
func saveCacheIf(u *use) string {
	if u.state[cacheAlways] != "" {
		return "always()"
	}
	return "success()"
}

// saveCacheAfterwards saves at the end of the job what the key did not hit.
func (j *job) saveCacheAfterwards(ctx context.Context, s *step) error {
	primary := s.use.state[cachePrimary]
	switch matched := s.use.state[cacheMatched]; {
	case primary == "":
		return nil // it did not come so far
	case strings.EqualFold(primary, matched):
		j.say(s.number, fmt.Sprintf("key %s was found: nothing to save", primary))
		return nil
	}
	_, err := j.saveCache(ctx, s, primary)
	return err
}

// saveCacheNow is actions/cache/save.
func (j *job) saveCacheNow(ctx context.Context, s *step) error {
	saved, err := j.saveCache(ctx, s, strings.TrimSpace(s.with["key"]))
	if err == nil && !saved {
		s.commands.warn("no cache was saved")
	}
	return err
}

// saveCache keeps what the paths select. Whatever goes wrong is a warning, but
// for a key that would give a secret away.
func (j *job) saveCache(ctx context.Context, s *step, key string) (bool, error) {
	if j.mask.Holds(key) {
		return false, j.checkCacheKeys([]string{key})
	}
	saved, err := j.trySaveCache(ctx, s, key)
	switch {
	case ctx.Err() != nil:
		return false, err
	case err != nil:
		s.commands.warn("the cache is not saved: " + err.Error())
	case !saved:
		j.say(s.number, fmt.Sprintf("the cache is not saved: there is one of key %s already", key))
	default:
		j.say(s.number, "saved the cache of key "+key)
	}
	return saved, nil
}

func (j *job) trySaveCache(ctx context.Context, s *step, key string) (bool, error) {
	if err := j.checkCacheKeys([]string{key}); err != nil {
		return false, err
	}
	patterns, err := j.parsePatterns(s.with["path"])
	if err != nil {
		return false, err
	}
	files, err := j.area.cacheFiles(patterns)
	if err != nil {
		return false, err
	}
	if len(files) == 0 {
		return false, errors.New("nothing is at the paths, hence no cache is being saved")
	}
	return j.h.SaveCache(ctx, Cache{Key: key, Version: cacheVersion(s.with["path"]), Files: files})
}

// checkCacheKeys refuses what actions/cache refuses.
func (j *job) checkCacheKeys(keys []string) error {
	if len(keys) > maxCacheKeys {
		return fmt.Errorf("%d cache keys: want at most %d", len(keys), maxCacheKeys)
	}
	for _, k := range keys {
		switch {
		case j.mask.Holds(k):
			return errors.New("cache key: it contains a secret")
		case len([]rune(k)) > maxCacheKey:
			return fmt.Errorf("cache key %q: want at most %d characters", k, maxCacheKey)
		case strings.Contains(k, ","):
			return fmt.Errorf("cache key %q: want one without a comma", k)
		}
	}
	return nil
}

// inputLines are the lines of an input, without blanks around them.
func inputLines(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// cacheVersion tells caches of different paths apart, as they are written.
func cacheVersion(paths string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(inputLines(paths), cacheForm), "|")))
	return hex.EncodeToString(sum[:])
}

// cacheFiles gives what patterns select, directories with all in them, as the
// tar of actions/cache would hold it: links as links.
func (a *area) cacheFiles(patterns []pattern) ([]CacheFile, error) {
	s := search{area: a, patterns: patterns, hidden: true, follow: true}
	if err := s.run(); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var list []CacheFile
	add := func(name string) error {
		if seen[name] {
			return nil
		}
		seen[name] = true
		f, ok, err := a.cacheFile(name)
		if ok {
			list = append(list, f)
		}
		return err
	}
	for _, name := range s.leading {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	for _, f := range s.found {
		err := add(f.name)
		if err == nil && f.mode.IsDir() && !f.link {
			err = fs.WalkDir(a.top.root.FS(), filepath.ToSlash(f.name), func(name string, _ fs.DirEntry, err error) error {
				return errors.Join(err, add(name))
			})
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b CacheFile) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

// cacheFile describes one name; ok is false for what no archive holds.
func (a *area) cacheFile(name string) (f CacheFile, ok bool, err error) {
	info, err := a.top.root.Lstat(name)
	if err != nil {
		return f, false, err
	}
	f = CacheFile{Mode: info.Mode().Perm(), ChangedUS: info.ModTime().UnixMicro(), File: File{Path: path.Clean(name)}}
	switch mode := info.Mode(); {
	case mode.IsDir():
		f.Folder = true
	case mode&fs.ModeSymlink != 0:
		f.Link, err = a.top.root.Readlink(name)
	case mode.IsRegular():
		f.File, err = readable(&a.top, name, name)
	default:
		return f, false, nil
	}
	return f, err == nil, err
}
