// Escape tries, as root of a guest, to reach something of the host, and prints
// what it reached.
package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	host := os.Args[1] // a file of the host that the starter can read and write
	escaped := func(format string, args ...any) { fmt.Printf("escaped: "+format+"\n", args...) }

	if _, err := os.ReadFile(host); err == nil {
		escaped("read %s", host)
	}
	// Below the guest's own root, writing changes the guest's memory only.
	os.MkdirAll(filepath.Dir(host), 0o755)
	os.WriteFile(host, []byte("written by the guest"), 0o666)
	os.Remove(host)

	os.Mkdir("/mnt", 0o755)
	for _, fs := range []string{"hostfs", "hppfs", "9p", "virtiofs", "fuse", "nfs"} {
		for _, data := range []string{"", "/", "../../..", filepath.Dir(host)} {
			if err := unix.Mount("none", "/mnt", fs, 0, data); err == nil {
				if _, err := os.Stat(filepath.Join("/mnt", host)); err == nil {
					escaped("%s of %q", fs, data)
				}
				unix.Unmount("/mnt", 0)
			}
		}
	}
	// Block devices that UML makes of files (ubd), loop devices, memory.
	for major, name := range map[uint32]string{98: "ubd", 7: "loop", 43: "nbd", 253: "virtio"} {
		node := "/dev/try-" + name
		unix.Mknod(node, unix.S_IFBLK|0o600, int(unix.Mkdev(major, 0)))
		if f, err := os.Open(node); err == nil {
			escaped("block device %s", name)
			f.Close()
		}
	}
	for minor, name := range map[uint32]string{1: "mem", 2: "kmem", 4: "port"} {
		node := "/dev/try-" + name
		unix.Mknod(node, unix.S_IFCHR|0o600, int(unix.Mkdev(1, minor)))
		if f, err := os.Open(node); err == nil {
			escaped("character device %s", name)
			f.Close()
		}
	}
	for _, path := range []string{"/proc/mconsole", "/proc/exitcode"} {
		if _, err := os.Stat(path); err == nil && path == "/proc/mconsole" {
			escaped("%s", path)
		}
	}
	if ifs, err := net.Interfaces(); err == nil {
		for _, i := range ifs {
			if len(i.HardwareAddr) > 0 && i.Flags&net.FlagUp != 0 {
				escaped("network interface %s", i.Name)
			}
		}
	}
	if c, err := net.DialTimeout("tcp", os.Args[2], time.Second); err == nil {
		escaped("connection to the host's %s", os.Args[2])
		c.Close()
	}
	fmt.Println("tried everything")
}
