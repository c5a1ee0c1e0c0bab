package kernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// imageAt describes an image by its path, which may be one of the cache's own
// or any UML executable.
func imageAt(path string) (Image, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Image{}, err
	}
	folder := filepath.Dir(path)
	if cache, err := CacheDir(); err == nil && filepath.Dir(folder) == filepath.Join(cache, "kernels") {
		if img, err := readImage(cache, filepath.Base(folder)); err == nil && img.Path == path {
			return img, nil
		}
	}
	if err := checkImage(path); err != nil {
		return Image{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Image{}, err
	}
	img := Image{Name: path, Path: path, Source: path, Built: info.ModTime(), Size: info.Size()}
	if img.Release, err = bannerRelease(path); err != nil {
		return Image{}, err
	}
	// Nobody knows which patches it has: Series is the set that it would get.
	sets, err := patchSets()
	if err != nil {
		return Image{}, err
	}
	img.Series = nearestPatchSet(seriesOfRelease(img.Release), sets)
	return img, nil
}

// checkImage makes sure that a file can be a kernel of ours: an executable
// for x86-64 with type information.
func checkImage(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("kernel image %s: %w", path, err)
	}
	defer f.Close()
	if f.Machine != elf.EM_X86_64 || f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
		return fmt.Errorf("kernel image %s: a %s file for %s, not an executable for x86-64", path, f.Type, f.Machine)
	}
	section := f.Section(".BTF")
	if section == nil {
		return fmt.Errorf("kernel image %s has no .BTF section", path)
	}
	const btfMagic = 0xeb9f
	if head, err := section.Data(); err != nil || len(head) < 24 || binary.LittleEndian.Uint16(head) != btfMagic {
		return fmt.Errorf("kernel image %s: its .BTF section is damaged", path)
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&0o111 == 0 {
		return fmt.Errorf("kernel image %s is not executable", path)
	}
	return nil
}

// bannerRelease finds "Linux version RELEASE (user@host)", the kernel's
// linux_banner, in an image's read-only data.
func bannerRelease(path string) (string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for _, section := range f.Sections {
		if section.Type != elf.SHT_PROGBITS || section.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		data, err := section.Data()
		if err != nil {
			continue
		}
		banner := []byte("Linux version ")
		for at := bytes.Index(data, banner); at >= 0; {
			rest := data[at+len(banner):]
			if end := bytes.IndexByte(rest, ' '); end > 0 && rest[0] >= '0' && rest[0] <= '9' {
				return string(rest[:end]), nil
			}
			next := bytes.Index(rest, banner)
			if next < 0 {
				break
			}
			at += len(banner) + next
		}
	}
	return "", fmt.Errorf("%s is not a Linux kernel: it has no version banner", path)
}

// seriesOfRelease cuts "6.12.95-rc1+" down to "6.12".
func seriesOfRelease(release string) string {
	parts := strings.SplitN(release, ".", 3)
	if len(parts) < 2 {
		return release
	}
	digits := len(parts[1]) - len(strings.TrimLeft(parts[1], "0123456789"))
	return parts[0] + "." + parts[1][:digits]
}
