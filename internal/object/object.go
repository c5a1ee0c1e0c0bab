package object

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// MaxSize is the size in bytes of the largest object that is read. Real ones
// with full DWARF stay below a tenth of it.
const MaxSize = 128 << 20

const insnSize = 8

// Object is a parsed object.
type Object struct {
	Path      string
	Name      string // the file's name without its endings: libbpf's object name
	License   string // contents of the license section, empty if there is none
	Version   uint32 // contents of the version section
	Functions []*Function
	Maps      []*Map
	Externs   []*Extern
	BTF       *BTF // nil when the object has none
	// ExtErr says why line and function information could not be read.
	ExtErr error

	file   *elf.File
	syms   []elf.Symbol // syms[i] is symbol i of the table; 0 is the null symbol
	text   int          // index of .text, -1 if there is none
	ext    *extInfo
	raw    []byte // the file
	core   map[string]btf.CORERelocationOffsets
	spec   *btf.Spec
	jumps  []byte // contents of .jumptables
	kernel *BTF   // what is handed to the kernel, made when first asked for
}

// Open reads an object file.
func Open(path string) (*Object, error) {
	data, err := Read(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Read reads a file that may be an object: what is too large for one is an error.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch {
	case st.IsDir():
		return nil, errors.New("is a folder, not an object file")
	case st.Mode().IsRegular() && st.Size() > MaxSize:
		return nil, fmt.Errorf("is larger than %d MiB; an eBPF object is not", MaxSize>>20)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("is larger than %d MiB; an eBPF object is not", MaxSize>>20)
	}
	return data, nil
}

// Parse reads an object from memory; path only names it.
func Parse(path string, data []byte) (o *Object, err error) {
	// debug/elf and cilium/ebpf are hardened, but not proven, against
	// malformed input; one bad object must not take the others with it.
	defer func() {
		if r := recover(); r != nil {
			o, err = nil, fmt.Errorf("malformed object: %v", r)
		}
	}()
	if err := checkHeader(data); err != nil {
		return nil, err
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("malformed ELF file: %w", err)
	}
	name := filepath.Base(path)
	if i := strings.IndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	o = &Object{Path: path, Name: name, file: f, raw: data, text: -1}
	if err := o.collect(); err != nil {
		return nil, err
	}
	return o, nil
}

// checkHeader tells what is not a little-endian eBPF object, in words that say what it is.
func checkHeader(data []byte) error {
	switch {
	case len(data) == 0:
		return errors.New("is empty")
	case !bytes.HasPrefix(data, []byte(elf.ELFMAG)):
		return errors.New("is not an ELF file; compile it with `clang -g -O2 --target=bpf -c`")
	case len(data) < 64:
		return errors.New("is truncated: its ELF header is incomplete")
	case elf.Class(data[elf.EI_CLASS]) != elf.ELFCLASS64:
		return errors.New("is not a 64-bit ELF file, so not an eBPF object")
	}
	order := binary.ByteOrder(binary.LittleEndian)
	big := elf.Data(data[elf.EI_DATA]) == elf.ELFDATA2MSB
	if big {
		order = binary.BigEndian
	}
	// Old clang and some assemblers leave the machine unset (libbpf allows it).
	if m := elf.Machine(order.Uint16(data[18:])); m != elf.EM_BPF && m != elf.EM_NONE {
		return fmt.Errorf("is an ELF file for %s, not for eBPF; compile it with `clang --target=bpf`", m)
	}
	if big {
		return errors.New("is a big-endian eBPF object; the kernels here are little-endian: compile it with `--target=bpfel`")
	}
	return nil
}

// collect does what bpf_object__elf_collect and the init functions after it do.
func (o *Object) collect() error {
	syms, err := o.file.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return fmt.Errorf("malformed symbol table: %w", err)
	}
	if len(syms) == 0 {
		return errors.New("has no symbol table (a stripped object?), so no programs can be found")
	}
	o.syms = append([]elf.Symbol{{}}, syms...)

	var btfRaw, extRaw []byte
	for i, s := range o.file.Sections {
		switch {
		case s.Name == "license":
			if d, err := o.contents(s); err == nil {
				o.License, _, _ = strings.Cut(string(d), "\x00")
			}
		case s.Name == "version":
			if d, err := o.contents(s); err == nil && len(d) == 4 {
				o.Version = binary.LittleEndian.Uint32(d)
			}
		case s.Name == "maps":
			if err := o.addAyaMaps(i, s); err != nil {
				return err
			}
		case s.Name == ".BTF":
			if btfRaw, err = o.contents(s); err != nil {
				return err
			}
		case s.Name == ".BTF.ext":
			if extRaw, err = o.contents(s); err != nil {
				return err
			}
		case s.Name == ".jumptables":
			if o.jumps, err = o.contents(s); err != nil {
				return err
			}
		case s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_EXECINSTR != 0 && s.Size > 0:
			if s.Name == ".text" {
				o.text = i
			}
			if err := o.addFunctions(i, s); err != nil {
				return err
			}
		}
	}
	sort.SliceStable(o.Functions, func(i, j int) bool {
		a, b := o.Functions[i], o.Functions[j]
		if a.section != b.section {
			return a.section < b.section
		}
		return a.offset < b.offset
	})
	if len(o.Functions) == 0 {
		return errors.New("contains no eBPF program: no function symbol in an executable section")
	}
	if btfRaw != nil {
		if o.BTF, err = ParseBTF(btfRaw); err != nil {
			return err
		}
		if extRaw != nil {
			o.ext, o.ExtErr = parseExtInfo(extRaw, o.BTF)
		}
		if o.ext != nil && len(o.ext.relos) > 0 {
			// cilium/ebpf resolves the relocations, so it has to read them itself.
			spec, infos, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(o.raw))
			if err != nil {
				o.ExtErr = fmt.Errorf("CO-RE relocations: %w", err)
			} else {
				o.spec, o.core = spec, infos.CORERelos
			}
		}
		if err := o.collectMaps(); err != nil {
			return err
		}
		o.fixupDatasecs()
		o.collectExterns()
	}
	o.collectRelocations()
	return nil
}

// Spec returns the object's types as cilium/ebpf has them, with the same IDs
// as BTF. It is not safe for concurrent use.
func (o *Object) Spec() (*btf.Spec, error) {
	if o.spec == nil {
		spec, err := btf.LoadSpecFromReader(bytes.NewReader(o.raw))
		if err != nil {
			return nil, err
		}
		o.spec = spec
	}
	return o.spec, nil
}

// contents returns a section's bytes. Sections without any are an error, so
// that no size is believed that the file does not hold.
func (o *Object) contents(s *elf.Section) ([]byte, error) {
	d, err := s.Data()
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", s.Name, err)
	}
	return d, nil
}

// Programs lists the entry points: what a loader would load, in libbpf's order.
func (o *Object) Programs() []*Function {
	var out []*Function
	for _, f := range o.Functions {
		if !o.isSubprogram(f) {
			out = append(out, f)
		}
	}
	return out
}

// isSubprogram mirrors prog_is_subprog: functions in .text are subprograms,
// unless .text holds a single function and nothing else is there to call it.
func (o *Object) isSubprogram(f *Function) bool {
	return f.section == o.text && len(o.Functions) > 1
}

// Program returns the entry point of that name, nil if there is none.
func (o *Object) Program(name string) *Function {
	for _, f := range o.Functions {
		if f.Name == name && !o.isSubprogram(f) {
			return f
		}
	}
	return nil
}

// JumpTable returns n bytes at off of the jump table section, nil if it has them not.
func (o *Object) JumpTable(off, n uint64) []byte {
	if off > uint64(len(o.jumps)) || n > uint64(len(o.jumps))-off {
		return nil
	}
	return o.jumps[off : off+n]
}
