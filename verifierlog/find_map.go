package verifierlog

import "sort"

// findMaxRuns bounds the index of a found log: 48 bytes each, 6 MiB in all.
const findMaxRuns = 1 << 17

// Origin is a place in the text that a log was found in.
type Origin struct {
	Line   int   // from 1
	Offset int64 // in bytes, from 0
}

// findMap leads from lines of the clean log to places in the input. Lines that
// follow each other regularly (nothing taken away, or the same number of bytes
// from each) are one run: a plain log needs one in all, a log behind
// timestamps of one width too, one with colours up to one for each line.
type findMap struct {
	runs  []findRun
	lines int   // so far
	bytes int64 // so far, which is where the next line begins
	full  bool
	known int // lines before this have a place
}

// findRun is a row of lines: its first line's place on both sides, and what
// each further line adds.
type findRun struct {
	line   int // from 1
	offset int64
	origin Origin
	step   int   // lines of the input for each clean line: 1, or 0 in a quoted string
	skip   int64 // bytes of the input for each clean line that are not in it
}

// add appends a line of n bytes, line feed included.
func (m *findMap) add(n int, o Origin) {
	line, offset := m.lines+1, m.bytes
	m.lines, m.bytes = line, offset+int64(n)
	if m.full {
		return
	}
	if k := len(m.runs); k > 0 {
		r := &m.runs[k-1]
		if line == r.line+1 { // the second line says how the run goes on
			r.step = o.Line - r.origin.Line
			r.skip = o.Offset - r.origin.Offset - (offset - r.offset)
		}
		if r.at(line, offset) == o {
			m.known = line
			return
		}
		if m.full = k == findMaxRuns; m.full {
			return
		}
	}
	m.runs = append(m.runs, findRun{line: line, offset: offset, origin: o, step: 1})
	m.known = line
}

func (r *findRun) at(line int, offset int64) Origin {
	n := line - r.line
	return Origin{r.origin.Line + n*r.step, r.origin.Offset + offset - r.offset + int64(n)*r.skip}
}

// find returns the place of the line that begins at offset of the clean log.
func (m *findMap) find(line int, offset int64) (Origin, bool) {
	if line < 1 || line > m.known {
		return Origin{}, false
	}
	i := sort.Search(len(m.runs), func(i int) bool { return m.runs[i].line > line })
	return m.runs[i-1].at(line, offset), true
}
