package umlinux

import "fmt"

// appendCPIO adds an entry to an archive in the format that the kernel unpacks
// as its first root file system (Documentation/driver-api/early-userspace/
// buffer-format.rst, "newc"); major and minor are those of a device.
func appendCPIO(b []byte, name string, mode, major, minor uint32, data []byte) []byte {
	b = append(b, "070701"...)
	for _, v := range []uint32{0, mode, 0, 0, 1, 0, uint32(len(data)), 0, 0, major, minor, uint32(len(name) + 1), 0} {
		b = fmt.Appendf(b, "%08X", v)
	}
	b = append(append(b, name...), 0)
	b = pad4(b)
	return pad4(append(b, data...))
}

func pad4(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// File is a file of a guest's root file system.
type File struct {
	Name string // without leading slash
	Data []byte
	Exec bool
}

// Archive returns a root file system with these files, and the folder and the
// console that every init needs.
func Archive(files ...File) []byte {
	size := 1024
	for _, f := range files {
		size += len(f.Data) + 256
	}
	b := make([]byte, 0, size)
	b = appendCPIO(b, "dev", 0o40755, 0, 0, nil)
	b = appendCPIO(b, "dev/console", 0o20600, 5, 1, nil)
	for _, f := range files {
		mode := uint32(0o100644)
		if f.Exec {
			mode = 0o100755
		}
		b = appendCPIO(b, f.Name, mode, 0, 0, f.Data)
	}
	return appendCPIO(b, "TRAILER!!!", 0, 0, 0, nil)
}
