//go:build linux

package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/bpfdiag/bpfdiag/umlinux/kernel"
	"golang.org/x/sys/unix"
)

// Place is where a server and its clients meet: a folder, and the server's name there.
type Place struct {
	Dir string
	// ID identifies what a server and a client have to have in common: the executable,
	// the file system that they see, the folder of kernels.
	ID string

	uid   int    // whose folder it has to be, and whose processes may talk
	cache string // kernel.CacheDir
}

const (
	ending   = ".sock"
	lockFile = "lock"
	logFile  = "log"
)

// Here returns the place for this process.
func Here() (*Place, error) {
	cache, err := kernel.CacheDir()
	if err != nil {
		return nil, err
	}
	id, err := identity(cache)
	if err != nil {
		return nil, err
	}
	p := &Place{ID: id, uid: os.Geteuid(), cache: cache}
	// Root that has a user's environment (sudo -E) has no business in the user's folder.
	if run := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(run) && ownedBy(run, p.uid) {
		p.Dir = filepath.Join(run, "bpfdiag")
	} else {
		p.Dir = filepath.Join(cache, fmt.Sprintf("serve-%d", p.uid))
	}
	return p, nil
}

// identity is equal for processes that find out the same about the same object.
func identity(cache string) (string, error) {
	var exe, root, mounts unix.Stat_t
	for path, st := range map[string]*unix.Stat_t{"/proc/self/exe": &exe, "/": &root, "/proc/self/ns/mnt": &mounts} {
		if err := unix.Stat(path, st); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
	}
	var host unix.Utsname // a home folder may be in a network
	if err := unix.Uname(&host); err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d %d %d %q", protocol, exeID(&exe), root.Dev, root.Ino, mounts.Ino, append(host.Nodename[:], cache...)))
	return hex.EncodeToString(sum[:8]), nil
}

// exeID tells executables apart.
func exeID(st *unix.Stat_t) string {
	return fmt.Sprintf("%d %d %d %d.%09d", st.Dev, st.Ino, st.Size, st.Mtim.Sec, st.Mtim.Nsec)
}

func ownedBy(path string, uid int) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && int(st.Uid) == uid
}

// open opens the folder, and makes it if create is set. It is an error that the
// folder is not the user's alone.
func (p *Place) open(create bool) (*folder, error) {
	if create {
		if err := os.MkdirAll(filepath.Dir(p.Dir), 0o700); err != nil {
			return nil, err
		}
		if err := os.Mkdir(p.Dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	fd, err := unix.Open(p.Dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: p.Dir, Err: err}
	}
	f := &folder{fd, p.uid}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	switch {
	case err != nil:
	case int(st.Uid) != p.uid:
		err = fmt.Errorf("%s is user %d's, not user %d's", p.Dir, st.Uid, p.uid)
	case st.Mode&0o077 != 0:
		err = fmt.Errorf("%s can be used by others (mode %#o); `chmod 700` makes it private", p.Dir, st.Mode&0o777)
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// folder is an open Place. Names are looked up in it whatever becomes of its path,
// which may be longer than an address of a socket.
type folder struct{ fd, uid int }

func (f *folder) close() { unix.Close(f.fd) }

func (f *folder) path(name string) string { return fmt.Sprintf("/proc/self/fd/%d/%s", f.fd, name) }

// dial connects to a server. The error is fs.ErrNotExist or ECONNREFUSED if there is none.
func (f *folder) dial(name string) (*net.UnixConn, error) {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: f.path(name), Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := samePeer(c, f.uid); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// nobody says whether an error of dial means that no server is there.
func nobody(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED)
}

// samePeer makes sure that the other end is a process of the user.
func samePeer(c *net.UnixConn, uid int) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	var sockErr error
	if err := raw.Control(func(fd uintptr) {
		cred, sockErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if sockErr != nil {
		return sockErr
	}
	if int(cred.Uid) != uid {
		return fmt.Errorf("the other end is a process of user %d, not of user %d", cred.Uid, uid)
	}
	return nil
}

// lock returns when no server takes or leaves its place.
func (f *folder) lock() (unlock func(), err error) {
	l, err := os.OpenFile(f.path(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(l.Fd()), unix.LOCK_EX); err != nil {
		l.Close()
		return nil, err
	}
	return func() { l.Close() }, nil
}

// sockets lists the servers' names.
func (f *folder) sockets() (names []string) {
	entries, _ := os.ReadDir(f.path("."))
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ending) {
			names = append(names, e.Name())
		}
	}
	return names
}
