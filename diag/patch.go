package diag

import "strings"

// patchLine is a line of a help's edits as they would be made.
type patchLine struct {
	op     byte // '+' new, '-' gone, '~' changed, ' ' stays, '.' lines left out
	number int  // in the file before for '-', after for all others
	text   string
	marks  []change
}

// change is a byte range of a changed line: inserted, or in place of something.
type change struct {
	from, to int
	inserted bool
}

// block are edits that touch the same lines.
type block struct {
	edits       []Edit
	first, last int // lines of the file
}

// patch applies the edits of one file and returns the lines that they change,
// with a line beside each insertion. It is false for edits that cannot be
// shown: out of the file, overlapping, or of lines whose text is not known.
func patch(v view, edits []Edit) ([]patchLine, bool) {
	edits, err := inOrder(edits)
	if err != nil {
		return nil, false
	}
	var blocks []block
	for _, e := range edits {
		if n := len(blocks); n > 0 && e.Start.Line <= blocks[n-1].last {
			blocks[n-1].edits = append(blocks[n-1].edits, e)
			blocks[n-1].last = max(blocks[n-1].last, e.End.Line)
			continue
		}
		blocks = append(blocks, block{[]Edit{e}, e.Start.Line, e.End.Line})
	}
	var out []patchLine
	shift := 0 // of line numbers, by the blocks before
	for i, b := range blocks {
		lines, grown, ok := b.apply(v, shift)
		if !ok {
			return nil, false
		}
		if i > 0 && b.first > blocks[i-1].last+1 {
			out = append(out, patchLine{op: '.'})
		}
		out = append(out, lines...)
		shift += grown
	}
	return out, true
}

// apply makes a block's edits and returns how many lines the file grows by.
func (b *block) apply(v view, shift int) (out []patchLine, grown int, ok bool) {
	if b.last-b.first > maxPatchLines {
		return nil, 0, false
	}
	var old []string
	for n := b.first; n <= b.last; n++ {
		text, ok := v.line(n)
		if !ok && (v.file == nil || n != len(v.file)+1) { // after the last line is a place, too
			return nil, 0, false
		}
		old = append(old, text)
	}
	at := func(p Position) int { // offset in the joined text
		off := 0
		for _, l := range old[:p.Line-b.first] {
			off += len(l) + 1
		}
		return off + min(p.Column-1, len(old[p.Line-b.first]))
	}
	joined := strings.Join(old, "\n")
	var text strings.Builder
	var marks []change
	done, shrunk := 0, false
	for _, e := range b.edits {
		from, to := at(e.Start), at(e.End)
		if from < done {
			return nil, 0, false
		}
		text.WriteString(joined[done:from])
		repl := strings.ReplaceAll(e.Replacement, "\r\n", "\n")
		if repl != "" {
			marks = append(marks, change{text.Len(), text.Len() + len(repl), from == to})
		}
		shrunk = shrunk || repl == "" && to > from
		text.WriteString(repl)
		done = to
	}
	text.WriteString(joined[done:])
	made := strings.Split(text.String(), "\n")
	grown = len(made) - len(old)

	if len(old) == 1 && len(made) == 1 && !shrunk {
		return []patchLine{{'~', b.first + shift, made[0], marks}}, 0, true
	}
	head, tail := 0, 0
	for head < min(len(old), len(made)) && old[head] == made[head] {
		head++
	}
	for tail < min(len(old), len(made))-head && old[len(old)-1-tail] == made[len(made)-1-tail] {
		tail++
	}
	context := func(n int, text string) {
		out = append(out, patchLine{' ', n + shift, text, nil})
	}
	gone, added := old[head:len(old)-tail], made[head:len(made)-tail]
	_, after := v.line(b.last)
	after = after && tail > 0
	if head > 0 && !after {
		context(b.first+head-1, old[head-1])
	} else if !after && b.first > 1 && len(gone) == 0 {
		if text, ok := v.line(b.first - 1); ok {
			context(b.first-1, text)
		}
	}
	for i, l := range gone {
		out = append(out, patchLine{'-', b.first + head + i, l, nil})
	}
	for i, l := range added {
		if i < len(added)-1 || l != "" || tail > 0 || len(gone) > 0 {
			out = append(out, patchLine{'+', b.first + shift + head + i, l, nil})
		}
	}
	if after {
		context(b.last+grown-tail+1, old[len(old)-tail])
	}
	return out, grown, true
}
