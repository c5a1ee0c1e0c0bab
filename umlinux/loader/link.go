package loader

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/object"
)

// program is a linked program: all that BPF_PROG_LOAD wants but descriptors.
type program struct {
	fn       *object.Function
	typ      ProgramType
	attach   AttachType
	hasAtt   bool
	flags    uint32
	expected uint32 // expected_attach_type: attach, or a struct_ops member's index
	attachID uint32
	license  string
	version  uint32
	insns    []object.Insn
	maps     []mapRef
	tables   []jumpTable
	funcInfo object.Info
	lineInfo object.Info
	ownBTF   *object.BTF // where the program needs BTF of its own
	placed   Layout
	guessed  string // what the type was guessed from, for a note
}

// mapKey names a map of an object or a jump table of one program.
type mapKey struct {
	m     *object.Map
	table string
}

type mapRef struct {
	insn int
	key  mapKey
}

// jumpTable is a table of instruction indices, which becomes a map.
type jumpTable struct {
	key     mapKey
	entries []uint32
}

// Prog flags (include/uapi/linux/bpf.h).
const (
	flagSleepable = 1 << 4 // BPF_F_SLEEPABLE
	flagXDPFrags  = 1 << 5 // BPF_F_XDP_HAS_FRAGS
)

// Imm values by which libbpf marks calls that must not be reached
// (POISON_CALL_KFUNC_BASE); the lower part is the extern's index.
const poisonKfunc = 2002000000

// link mirrors bpf_object__relocate for one program.
func (l *load) link(fn *object.Function) (*program, error) {
	if fn.Err != nil {
		return nil, functionError(fn)
	}
	p := &program{fn: fn, license: l.obj.License, version: l.obj.Version}
	if err := l.setType(p); err != nil {
		return p, err
	}
	at := map[*object.Function]int{}
	if err := l.place(p, fn, at); err != nil {
		return p, err
	}
	if cb, err := exceptionCallback(l.obj, fn); err != nil {
		return p, err
	} else if cb != nil {
		if _, done := at[cb]; !done {
			if err := l.place(p, cb, at); err != nil {
				return p, err
			}
		}
	}
	for _, pl := range p.placed {
		for _, r := range pl.Function.Relocs {
			if err := l.relocate(p, pl, r); err != nil {
				return p, placed(err, pl.Function, r.Insn)
			}
		}
	}
	l.contextTags(p)
	return p, nil
}

// place appends a function to a program, and what it calls after it
// (bpf_object__append_subprog_code, bpf_object__reloc_code).
func (l *load) place(p *program, fn *object.Function, at map[*object.Function]int) error {
	code, err := l.coreCode(fn)
	if err != nil {
		return err
	}
	base := len(p.insns)
	at[fn] = base
	p.insns = append(p.insns, code...)
	p.placed = append(p.placed, Placement{fn, base})
	l.obj.AppendFuncInfo(&p.funcInfo, fn, base)
	l.obj.AppendLineInfo(&p.lineInfo, fn, base)

	relocs := relocsByInsn(fn)
	for i, in := range code {
		sub, err := callee(l.obj, fn, i, in, relocs)
		switch {
		case sub != nil && sub.Err != nil:
			return functionError(sub)
		case err != nil:
			return err
		}
		if sub == nil {
			continue
		}
		if r, has := relocs[i]; has && r.Kind == object.RelocFuncAddr {
			p.insns[base+i].SetSrc(object.PseudoFunc)
		}
		if _, done := at[sub]; !done {
			if len(p.insns) > maxInsns {
				return fmt.Errorf("%s: is larger than any program that a kernel loads", p.fn.Name)
			}
			if err := l.place(p, sub, at); err != nil {
				return err
			}
		}
		p.insns[base+i].Imm = int32(at[sub] - (base + i) - 1)
	}
	return nil
}

// maxInsns is BPF_COMPLEXITY_LIMIT_INSNS: no kernel takes a longer program.
const maxInsns = 1000000

// exceptionCallback mirrors bpf_prog_assign_exc_cb: a declaration tag names
// the function that handles exceptions thrown in the program.
func exceptionCallback(o *object.Object, fn *object.Function) (*object.Function, error) {
	b := o.BTF
	if b == nil {
		return nil, nil
	}
	var names []string
	for _, tag := range b.Tags(b.Find(fn.Name, object.KindFunc), -1) {
		if name, ok := strings.CutPrefix(tag, "exception_callback:"); ok {
			names = append(names, name)
		}
	}
	if len(names) != 1 { // the verifier itself refuses several
		return nil, nil
	}
	for _, f := range o.Functions {
		if f.Name != names[0] || o.Program(f.Name) == f {
			continue
		}
		if !f.Global || f.Hidden {
			return nil, fmt.Errorf("exception callback `%s` must be a global function that is not hidden", f.Name)
		}
		return f, nil
	}
	return nil, fmt.Errorf("exception callback `%s` does not exist", names[0])
}

// relocate mirrors bpf_object__relocate_data for one reference.
func (l *load) relocate(p *program, pl Placement, r object.Reloc) error {
	i := pl.At + r.Insn
	in := p.insns[i:]
	if in[0].Code != object.CodeLdImm && in[0].Code != object.CodeCall {
		return nil // a failed CO-RE relocation took its place
	}
	ref := func(k mapKey) { p.maps = append(p.maps, mapRef{i, k}); in[0].Imm = 0 }
	switch r.Kind {
	case object.RelocMap:
		in[0].SetSrc(object.PseudoMap)
		ref(mapKey{m: r.Map})
		return mapDefinitionError(r.Map)
	case object.RelocData:
		off := uint64(uint32(in[0].Imm)) + r.Offset
		if r.Map == l.obj.Arena() {
			off += l.arenaDataOffset(r.Map)
		}
		in[0].SetSrc(object.PseudoVal)
		in[1].Imm = int32(off)
		ref(mapKey{m: r.Map})
		return mapDefinitionError(r.Map)
	case object.RelocJumpTable:
		t, err := l.jumpTable(p, pl, r)
		if err != nil {
			return err
		}
		in[0].SetSrc(object.PseudoVal)
		in[0].Off = 0
		ref(t.key)
	case object.RelocExternAddr:
		e := l.extern(r.Extern)
		if e.err != nil {
			return e.err
		}
		switch {
		case r.Extern.Kind == object.ExternKconfig:
			in[0].SetSrc(object.PseudoVal)
			in[1].Imm = int32(r.Extern.Offset)
			ref(mapKey{m: l.obj.Kconfig()})
		case e.id != 0:
			in[0].SetSrc(object.PseudoBTF)
			in[0].Imm, in[1].Imm = int32(e.id), 0
		default:
			in[0].Imm, in[1].Imm = int32(e.addr), int32(e.addr>>32)
		}
	case object.RelocExternCall:
		e := l.extern(r.Extern)
		if e.err != nil {
			return e.err
		}
		in[0].SetSrc(object.PseudoKfun)
		in[0].Imm = int32(e.id)
		if e.id == 0 { // weak and absent: fine unless it is reached
			in[0] = object.Insn{Code: object.CodeCall, Imm: poisonKfunc + int32(e.index)}
		}
	}
	return nil
}

// arenaDataOffset is where the __arena variables stand in the arena: at its
// end where kernels allow such offsets (FEAT_LDIMM64_FULL_RANGE_OFF), else at
// its beginning.
func (l *load) arenaDataOffset(arena *object.Map) uint64 {
	if !l.kernel.AtLeast(7, 0) {
		return 0
	}
	size := uint64(l.entries(arena)) * pageSize
	return size - roundUp(l.obj.ArenaDataSize(), pageSize)
}

const pageSize = 4096

func roundUp(v, to uint64) uint64 { return (v + to - 1) / to * to }

// jumpTable mirrors create_jt_map: offsets in the section become offsets in
// the program.
func (l *load) jumpTable(p *program, pl Placement, r object.Reloc) (jumpTable, error) {
	key := mapKey{table: fmt.Sprintf("%s/%d", p.fn.Name, r.Offset)}
	for _, t := range p.tables {
		if t.key == key {
			return t, nil
		}
	}
	data := l.obj.JumpTable(r.Offset, r.Size)
	if data == nil || len(data)%8 != 0 || len(data) == 0 {
		return jumpTable{}, errors.New("a jump table lies outside its section")
	}
	t := jumpTable{key: key}
	for ; len(data) > 0; data = data[8:] {
		t.entries = append(t.entries, uint32(int64(le.Uint64(data)/8)-int64(pl.Function.Offset())+int64(pl.At)))
	}
	p.tables = append(p.tables, t)
	return t, nil
}

// contextTags gives kernels before 6.8, which do not know __arg_ctx, BTF in
// which such arguments have the context's type.
func (l *load) contextTags(p *program) {
	name, ok := contextStruct[p.typ]
	if l.kernel.AtLeast(6, 8) || !ok || l.obj.BTF == nil || !l.obj.UsesContextTags() {
		return
	}
	p.ownBTF, p.funcInfo = l.obj.WithContextTags(p.funcInfo, name)
}
