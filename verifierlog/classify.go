package verifierlog

import "bytes"

// classify finds out what raw, a line or what is left of one, begins with. It
// fills the node, all but Raw, and returns how many bytes belong to it.
func (s *Scanner) classify(raw []byte) int {
	n := &s.node
	t := trimEnd(raw)
	n.Text = t
	if len(trimSpaces(t)) == 0 {
		n.Kind = KindBlank
		return len(raw)
	}
	if s.report && s.inReport(t) {
		return len(raw)
	}
	if s.table != noTable && s.inTable(t) {
		return len(raw)
	}
	switch c := t[0]; {
	case isDigit(c):
		if k := s.numbered(raw, t); k > 0 {
			return k
		}
		if _, rest, ok := bytes.Cut(t, []byte(":")); ok && isNumber(t[:len(t)-len(rest)-1]) {
			// No complaint begins like that: a line of the path, damaged.
			n.Kind = KindUnknown
			return len(raw)
		}
	case c == ';':
		if s.behind == KindInsn && s.stateBehind(t) {
			return len(raw)
		}
		n.source(t)
		return len(raw)
	case c == ' ' || c == 'R':
		if w := trimSpaces(t); isState(w) {
			n.state(w, s.at)
			if s.behind == KindBlank && s.above >= 0 {
				// Before Linux 5.17, check_cond_jmp_op prints the state behind
				// a conditional jump on a line of its own.
				n.Insn, n.After = s.above, true
			}
			return len(raw)
		}
	}
	if k := s.worded(raw, t); k > 0 {
		return k
	}
	n.Kind = KindMessage
	if k := statsGlued(t); k > 0 {
		n.Text = t[:k]
		return k
	}
	whole := s.behind == KindBlank
	if !isText(t) || whole && (s.line == 1 && isTorn(t) || len(t) == len(raw) && isCut(t)) {
		n.Kind = KindUnknown
	}
	return len(raw)
}

func isNumber(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}

// stateBehind reads "; R0_w=0" behind an instruction (print_insn_state). What
// else begins with a semicolon there is a source line: the kernel took back
// the state when it took up another path, and with it the line end.
func (s *Scanner) stateBehind(t []byte) bool {
	w := trimSpaces(t[1:])
	if len(w) > 0 && !isState(w) {
		return false
	}
	s.node.state(w, s.at)
	s.node.After = true
	return true
}

func (n *Node) state(text []byte, insn int) {
	n.Kind, n.Text, n.Insn = KindState, text, insn
	c := cursor{b: text}
	if c.lit("frame") {
		n.Frame, _ = c.digits()
	}
}

// numbered reads what begins with a number and a colon: an instruction, a
// state before it, or its end as "safe". It returns 0 for anything else.
func (s *Scanner) numbered(raw, t []byte) int {
	n := &s.node
	c := cursor{b: t}
	insn, ok := c.digits()
	if !ok || !c.byte(':') {
		return 0
	}
	if hasPrefix(c.rest(), " (") {
		if op, ok := opcode(c.rest()[1:]); ok {
			s.at = insn
			n.Kind, n.Insn, n.Opcode = KindInsn, insn, op
			c.i += len(" (bf) ")
			return s.instruction(raw, t, min(c.i, len(t)))
		}
		return 0
	}
	rest := trimSpaces(c.rest())
	switch {
	case len(rest) == 0 || isState(rest):
		n.state(rest, insn)
	case string(rest) == "safe":
		n.Kind, n.Insn, n.Safe, n.Text = KindBranch, insn, true, t
	case hasPrefix(rest, "BUG_"):
		n.Kind, n.Insn, n.Text = KindInsn, insn, rest
	default:
		return 0
	}
	return len(raw)
}

// opcode reads "(bf)".
func opcode(b []byte) (uint8, bool) {
	if len(b) < 4 || b[0] != '(' || b[3] != ')' {
		return 0, false
	}
	hi, ok := hexDigit(b[1])
	lo, ok2 := hexDigit(b[2])
	return hi<<4 | lo, ok && ok2
}

// instruction finds the end of the disassembly that begins at from.
func (s *Scanner) instruction(raw, t []byte, from int) int {
	n := &s.node
	body := t[from:]
	semicolon := bytes.IndexByte(body, ';')
	if semicolon >= 0 {
		body = body[:semicolon]
	}
	end := disasmEnd(n.Opcode, body)
	n.Text = trimSpaces(body[:end])
	for end < len(body) && body[end] == ' ' {
		end++
	}
	if end < len(body) || semicolon >= 0 {
		return from + end
	}
	return len(raw)
}

// disasmEnd gives the length of the instruction that body begins with. Mostly
// that is all of it. But when the kernel takes up another path it resets the
// log to where the path forked (bpf_vlog_reset in pop_stack), which is behind
// the instruction's line end; and if that was overwritten by the padding
// before a state, whatever comes next is on the same line:
//
//	5: (55) if r6 != 0x0 goto pc+10 16: R0=…
//	5: (55) if r6 != 0x0 goto pc+10 ; return 0; @ prog.c:12
func disasmEnd(opcode uint8, body []byte) int {
	if class := opcode & 7; class == 5 || class == 6 { // BPF_JMP, BPF_JMP32
		i := 0
		if opcode == 0x95 && hasPrefix(body, "exit") {
			return len("exit")
		}
		if hasPrefix(body, "call ") {
			i = len("call ")
		} else if i = bytes.Index(body, []byte("goto")); i >= 0 {
			i += len("goto")
			if i < len(body) && body[i] != ' ' { // gotol, gotox
				i++
			}
			if i < len(body) && body[i] == ' ' {
				i++
			}
		} else {
			return len(body)
		}
		for i < len(body) && body[i] != ' ' {
			i++
		}
		return i
	}
	if colon := bytes.IndexByte(body, ':'); colon > 0 {
		i := colon
		for i > 0 && isDigit(body[i-1]) {
			i--
		}
		if i < colon && i > 0 && body[i-1] == ' ' {
			return i - 1
		}
	}
	return len(body)
}

// source reads "; return v->x; @ prog.c:31" (verbose_linfo).
func (n *Node) source(t []byte) {
	n.Kind = KindSource
	n.Text = trimSpaces(t[1:])
	at := bytes.LastIndex(t, []byte(" @ "))
	if at < 0 {
		return
	}
	file := t[at+3:]
	colon := bytes.LastIndexByte(file, ':')
	if colon < 0 {
		return
	}
	c := cursor{b: file, i: colon + 1}
	line, ok := c.digits()
	if !ok || !c.done() {
		return
	}
	n.File, n.SourceLine = file[:colon], line
	n.Text = trimSpaces(t[min(1, at):at])
}

// isState says whether text begins as a state does: with a frame, a register,
// a stack slot, or what follows them.
func isState(t []byte) bool {
	c := cursor{b: t}
	switch {
	case c.byte('R'), c.lit("fp-"):
		if _, ok := c.digits(); !ok {
			return false
		}
		if c.byte('_') {
			for b := c.peek(); b == 'r' || b == 'w' || b == 'D'; b = c.peek() {
				c.i++
			}
		}
		return c.peek() == '='
	case c.lit("frame"):
		_, ok := c.digits()
		return ok && c.byte(':') && (c.done() || c.byte(' ') && (c.done() || isState(c.rest())))
	case c.lit("refs="):
		return isDigit(c.peek())
	case c.lit("cb"), c.lit("async_cb"):
		return c.done() || c.peek() == ' '
	}
	return false
}
