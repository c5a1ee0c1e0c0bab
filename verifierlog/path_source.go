package verifierlog

// sourceTable knows the source line of each instruction met. An instruction
// has one line, however often it is visited, so a line that the kernel left
// out because it did not change is known from any other visit.
type sourceTable struct {
	lines []Source
	ids   map[string]uint32 // text of the line in the log → index in lines, plus 1
	insns []uint32          // instruction → index in lines, plus 1; 0 unknown
}

// maxInsns bounds tables that are indexed by instruction: the largest program
// has a million.
const maxInsns = 1 << 20

// maxSources bounds the memory that a hostile log can have.
const maxSources = 1 << 16

// add remembers the line of a KindSource node and gives its number, 0 when
// there are too many.
func (t *sourceTable) add(n *Node) uint32 {
	if id, ok := t.ids[string(n.Raw)]; ok {
		return id
	}
	if len(t.lines) >= maxSources || n.Partial {
		return 0
	}
	if t.ids == nil {
		t.ids = make(map[string]uint32)
	}
	t.lines = append(t.lines, Source{Text: string(n.Text), File: string(n.File), Line: n.SourceLine})
	id := uint32(len(t.lines))
	t.ids[string(n.Raw)] = id
	return id
}

// set says that insn belongs to line id.
func (t *sourceTable) set(insn int, id uint32) {
	if insn < 0 || insn >= maxInsns || id == 0 {
		return
	}
	for len(t.insns) <= insn {
		t.insns = append(t.insns, make([]uint32, max(64, len(t.insns)))...)
	}
	t.insns[insn] = id
}

func (t *sourceTable) id(insn uint32) uint32 {
	if int(insn) < len(t.insns) {
		return t.insns[insn]
	}
	return 0
}

func (t *sourceTable) of(insn uint32) Source {
	if id := t.id(insn); id > 0 {
		return t.lines[id-1]
	}
	return Source{}
}

// reset forgets the instructions: another program begins.
func (t *sourceTable) reset() { *t = sourceTable{} }
