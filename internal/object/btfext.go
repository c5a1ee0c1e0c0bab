package object

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// records is one kind of .BTF.ext information of one section: equally long
// records, each beginning with the instruction's offset in the section, in bytes.
type records struct {
	size int
	data []byte
}

func (r records) len() int {
	if r.size == 0 {
		return 0
	}
	return len(r.data) / r.size
}

func (r records) at(i int) []byte { return r.data[i*r.size : (i+1)*r.size] }

// insn returns the index in the section of the instruction that record i is about.
func (r records) insn(i int) int { return int(binary.LittleEndian.Uint32(r.at(i)) / insnSize) }

// extInfo is the contents of .BTF.ext, by section name.
type extInfo struct {
	funcs, lines, relos map[string]records
}

// Least record sizes: struct bpf_func_info, bpf_line_info, bpf_core_relo.
const (
	funcInfoSize = 8
	lineInfoSize = 16
	coreReloSize = 16
)

func parseExtInfo(raw []byte, b *BTF) (*extInfo, error) {
	if len(raw) < 24 {
		return nil, errors.New("BTF.ext: header is truncated")
	}
	if binary.LittleEndian.Uint16(raw) != btfMagic {
		return nil, errors.New("BTF.ext: wrong magic number")
	}
	word := func(off int) uint64 { return uint64(binary.LittleEndian.Uint32(raw[off:])) }
	base := word(4)
	part := func(at int, least int) (map[string]records, error) {
		// The CO-RE part was added to the header later (struct btf_ext_header).
		if base < uint64(at+8) || len(raw) < at+8 {
			return nil, nil
		}
		off, n := base+word(at), word(at+4)
		if n == 0 {
			return nil, nil
		}
		if off+n > uint64(len(raw)) {
			return nil, errors.New("BTF.ext: part lies outside the data")
		}
		return parseExtPart(raw[off:off+n], least, b)
	}
	var e extInfo
	var err error
	if e.funcs, err = part(8, funcInfoSize); err != nil {
		return nil, fmt.Errorf("function info: %w", err)
	}
	if e.lines, err = part(16, lineInfoSize); err != nil {
		return nil, fmt.Errorf("line info: %w", err)
	}
	if e.relos, err = part(24, coreReloSize); err != nil {
		return nil, fmt.Errorf("CO-RE relocations: %w", err)
	}
	return &e, nil
}

func parseExtPart(p []byte, least int, b *BTF) (map[string]records, error) {
	if len(p) < 4 {
		return nil, errors.New("BTF.ext: truncated")
	}
	size := binary.LittleEndian.Uint32(p)
	if size < uint32(least) || size%4 != 0 || size > 1024 {
		return nil, fmt.Errorf("BTF.ext: record size %d", size)
	}
	out := map[string]records{}
	for p = p[4:]; len(p) > 0; {
		if len(p) < 8 {
			return nil, errors.New("BTF.ext: truncated")
		}
		name := b.String(binary.LittleEndian.Uint32(p))
		n := uint64(binary.LittleEndian.Uint32(p[4:])) * uint64(size)
		p = p[8:]
		if n > uint64(len(p)) {
			return nil, errors.New("BTF.ext: truncated")
		}
		r := out[name]
		out[name] = records{size: int(size), data: append(r.data, p[:n]...)}
		p = p[n:]
	}
	return out, nil
}
