package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/dc-release/dc-release/internal/core/fault"
)

// errOwned says that another process owns the data directory.
var errOwned = errors.New("the data directory has an owner")

// lockOwner takes the data directory for this process, until it ends.
func lockOwner(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	if err := refuseNetwork(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "owner.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errOwned, f.Close())
	}
	return f, nil
}

// The magic numbers of file systems whose locks and fsync cannot be relied on
// (statfs(2)): NFS, SMB, CIFS, SMB2, AFS, 9P, Ceph.
var networkFS = map[int64]string{
	0x6969: "nfs", 0x517B: "smb", 0xFF534D42: "cifs", 0xFE534D42: "smb2", 0x5346414F: "afs", 0x01021997: "9p", 0x00C36400: "ceph",
}

func refuseNetwork(dir string) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return fmt.Errorf("look at data directory: %w", err)
	}
	if name, ok := networkFS[int64(s.Type)]; ok {
		return fault.New(fault.Invalid, "data directory %s is on %s: locks and fsync of network file systems cannot be relied on", dir, name).WithHint("give a local disk with --data")
	}
	return nil
}

// maxSocket is the longest path of a Unix socket (sun_path, unix(7)).
const maxSocket = 100

// socketPath is where the owner of a data directory listens: in it, or in a
// directory of the user's own when that path is too long.
func socketPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if p := filepath.Join(abs, "socket"); len(p) <= maxSocket {
		return p, nil
	}
	sum := sha256.Sum256([]byte(abs))
	own := filepath.Join(os.TempDir(), "dc-release-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(own, 0o700); err != nil {
		return "", err
	}
	var s syscall.Stat_t
	if err := syscall.Lstat(own, &s); err != nil {
		return "", err
	}
	if int(s.Uid) != os.Getuid() || s.Mode&0o077 != 0 || s.Mode&syscall.S_IFMT != syscall.S_IFDIR {
		return "", fault.New(fault.Forbidden, "%s is not this user's own private directory", own)
	}
	return filepath.Join(own, hex.EncodeToString(sum[:8])+".sock"), nil
}
