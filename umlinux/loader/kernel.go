package loader

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/cilium/ebpf/btf"
)

// Kernel is what the loader has to know of the kernel that objects are loaded
// into. All of it is in the kernel's executable and the .config beside it; it
// is read when first asked for. Safe for concurrent use.
type Kernel struct {
	Path    string
	Release string // "6.12.95"

	mu      sync.Mutex // cilium/ebpf decodes types when they are looked at
	once    sync.Once
	spec    *btf.Spec
	specErr error
	symOnce sync.Once
	syms    map[string]uint64
	cfgOnce sync.Once
	config  map[string]string
	cfgErr  error
}

// AtLeast compares with a kernel version.
func (k *Kernel) AtLeast(major, minor int) bool {
	a, b := k.version()
	return a > major || a == major && b >= minor
}

func (k *Kernel) version() (major, minor int) {
	f := strings.FieldsFunc(k.Release, func(r rune) bool { return r < '0' || r > '9' })
	if len(f) > 1 {
		major, _ = strconv.Atoi(f[0])
		minor, _ = strconv.Atoi(f[1])
	}
	return major, minor
}

// versionCode is LINUX_VERSION_CODE: what __kconfig LINUX_KERNEL_VERSION reads.
func (k *Kernel) versionCode() uint64 {
	f := strings.FieldsFunc(k.Release, func(r rune) bool { return r < '0' || r > '9' })
	var v [3]uint64
	for i := range min(3, len(f)) {
		v[i], _ = strconv.ParseUint(f[i], 10, 32)
	}
	return v[0]<<16 | v[1]<<8 | min(v[2], 255)
}

// load reads the kernel's BTF. The caller holds mu.
func (k *Kernel) load() (*btf.Spec, error) {
	k.once.Do(func() {
		f, err := elf.Open(k.Path)
		if err != nil {
			k.specErr = fmt.Errorf("read the kernel's BTF: %w", err)
			return
		}
		defer f.Close()
		s := f.Section(".BTF")
		if s == nil {
			k.specErr = fmt.Errorf("the kernel %s has no .BTF section", k.Path)
			return
		}
		raw, err := s.Data()
		if err != nil {
			k.specErr = fmt.Errorf("read the kernel's BTF: %w", err)
			return
		}
		k.spec, k.specErr = btf.LoadSpecFromReader(bytes.NewReader(raw))
	})
	return k.spec, k.specErr
}

var errNotFound = errors.New("not found")

// find returns the ID of the kernel's type of that name for which match holds.
func (k *Kernel) find(name string, match func(btf.Type) bool) (uint32, btf.Type, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	spec, err := k.load()
	if err != nil {
		return 0, nil, err
	}
	types, err := spec.AnyTypesByName(name)
	if err != nil {
		if errors.Is(err, btf.ErrNotFound) {
			err = errNotFound
		}
		return 0, nil, err
	}
	best := uint32(0)
	var bestType btf.Type
	for _, t := range types {
		if !match(t) {
			continue
		}
		id, err := spec.TypeID(t)
		if err == nil && (best == 0 || uint32(id) < best) {
			best, bestType = uint32(id), t
		}
	}
	if best == 0 {
		return 0, nil, errNotFound
	}
	return best, bestType, nil
}

func isA[T btf.Type](t btf.Type) bool { _, ok := t.(T); return ok }

// symbol returns the address of a kernel symbol, 0 if there is none.
func (k *Kernel) symbol(name string) uint64 {
	k.symOnce.Do(func() {
		k.syms = map[string]uint64{}
		f, err := elf.Open(k.Path)
		if err != nil {
			return
		}
		defer f.Close()
		syms, _ := f.Symbols()
		for _, s := range syms {
			if t := elf.ST_TYPE(s.Info); s.Section != elf.SHN_UNDEF && t != elf.STT_FILE && t != elf.STT_SECTION {
				k.syms[s.Name] = s.Value
			}
		}
	})
	return k.syms[name]
}

// option returns a configuration option's value as .config writes it, empty
// for one that is not set.
func (k *Kernel) option(name string) (string, error) {
	k.cfgOnce.Do(func() {
		k.config = map[string]string{}
		text, err := os.ReadFile(filepath.Join(filepath.Dir(k.Path), "config"))
		if err != nil {
			k.cfgErr = fmt.Errorf("read the kernel's configuration: %w", err)
			return
		}
		for _, line := range strings.Split(string(text), "\n") {
			if name, v, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
				k.config[name] = v
			}
		}
	})
	return k.config[name], k.cfgErr
}
