package verifierlog

import "bytes"

// worded reads the lines that begin with a word of their own. It returns 0 if
// the text is none of them, which leaves a message.
func (s *Scanner) worded(raw, t []byte) int {
	n := &s.node
	switch t[0] {
	case 'f':
		if k := s.branch(raw, t); k > 0 {
			return k
		}
		if n.funcStart(t) || n.frameNote(t) || n.funcArgNote(t) {
			return len(raw)
		}
		if isState(t) {
			n.state(t, s.at)
			return len(raw)
		}
	case 'V':
		if hasPrefix(t, "Verification failed: ") {
			n.Kind, n.Form, n.Text = KindReport, ReportTitle, t[len("Verification failed: "):]
			s.report, s.section = true, s.section[:0]
			return len(raw)
		}
		if n.validating(t) {
			return len(raw)
		}
	case 'F':
		if n.funcVerdict(t) {
			return len(raw)
		}
	case 'c':
		switch string(t) {
		case "caller:":
			n.Kind, n.Form = KindCall, CallCaller
			return len(raw)
		case "callee:":
			n.Kind, n.Form = KindCall, CallCallee
			return len(raw)
		}
		if hasPrefix(t, "cur state:") {
			return s.stateIn(raw, t, len("cur state:"))
		}
	case 'o':
		if hasPrefix(t, "old state:") {
			return s.stateIn(raw, t, len("old state:"))
		}
	case 'S':
		if hasPrefix(t, "SCC enter ") || hasPrefix(t, "SCC exit ") || hasPrefix(t, "SCC backedge ") {
			n.Kind = KindNote
			return len(raw)
		}
	}
	switch t[0] {
	case 'm', 'f', 'r', 'l', 'p':
		if k := s.precision(raw, t); k > 0 {
			return k
		}
	}
	switch {
	case string(t) == "returning from callee:":
		n.Kind, n.Form = KindCall, CallReturning
		return len(raw)
	case n.resume(t), s.tableHead(t):
		return len(raw)
	case string(t) == "propagate_backedges: too many iterations":
		n.Kind = KindNote
		return len(raw)
	case isStats(t):
		n.Kind = KindStats
		s.report, s.table = false, noTable
		return len(raw)
	}
	return 0
}

// branch reads "from 12 to 20: R0=…", "from 12 to 20 (speculative execution):
// safe" (do_check).
func (s *Scanner) branch(raw, t []byte) int {
	n := &s.node
	c := cursor{b: t}
	if !c.lit("from ") {
		return 0
	}
	from, ok := c.signed()
	if !ok || !c.lit(" to ") {
		return 0
	}
	to, ok := c.digits()
	if !ok {
		return 0
	}
	speculative := c.lit(" (speculative execution)")
	if !c.byte(':') {
		return 0
	}
	n.Kind, n.From, n.Insn, n.Speculative = KindBranch, from, to, speculative
	n.Text = t[:c.i]
	s.at = to
	rest := trimSpaces(c.rest())
	switch {
	case string(rest) == "safe":
		n.Safe, n.Text = true, t
		return len(raw)
	case len(rest) == 0:
		return len(raw)
	}
	return c.i
}

// stateIn reads "cur state: R0=…", part of the complaint on an infinite loop
// (is_state_visited): the state is a node of its own.
func (s *Scanner) stateIn(raw, t []byte, head int) int {
	s.node.Kind = KindMessage
	if !isState(trimSpaces(t[head:])) {
		return len(raw)
	}
	s.node.Text = t[:head]
	return head
}

func (n *Node) resume(t []byte) bool {
	c := cursor{b: t}
	if !c.lit("to caller at ") {
		return false
	}
	to, ok := c.digits()
	if !ok || string(c.rest()) != ":" {
		return false
	}
	n.Kind, n.Form, n.Insn = KindCall, CallResume, to
	return true
}

// funcStart reads "func#1 @12" (add_subprog_and_kfunc).
func (n *Node) funcStart(t []byte) bool {
	c := cursor{b: t}
	if !c.lit("func#") {
		return false
	}
	f, ok := c.digits()
	if !ok || !c.lit(" @") {
		return false
	}
	at, ok := c.digits()
	if !ok || !c.done() {
		return false
	}
	n.Kind, n.Form, n.Func, n.Insn = KindFunc, FuncStart, f, at
	return true
}

// validating reads "Validating f() func#1..." (do_check_common).
func (n *Node) validating(t []byte) bool {
	c := cursor{b: t}
	if !c.lit("Validating ") {
		return false
	}
	i := bytes.LastIndex(t, []byte("() func#"))
	if i < c.i {
		return false
	}
	name := t[c.i:i]
	c.i = i + len("() func#")
	f, ok := c.digits()
	if !ok || string(c.rest()) != "..." {
		return false
	}
	n.Kind, n.Form, n.Func, n.Name = KindFunc, FuncValidating, f, name
	return true
}

// funcVerdict reads "Func#1 ('f') is global and assumed valid." and "… is safe
// for any args that match its prototype"; before Linux 6.8 without the name,
// and "is global and valid. Skipping.".
func (n *Node) funcVerdict(t []byte) bool {
	c := cursor{b: t}
	if !c.lit("Func#") {
		return false
	}
	f, ok := c.digits()
	if !ok {
		return false
	}
	var name []byte
	if c.lit(" ('") {
		if name = c.until('\''); !c.lit("')") {
			return false
		}
	}
	form := FuncAssumed
	switch {
	case c.lit(" is global and "):
	case c.lit(" is safe for any args"):
		form = FuncSafe
	default:
		return false
	}
	n.Kind, n.Form, n.Func, n.Name = KindFunc, form, f, name
	return true
}

// frameNote reads "frame1 bpf_loop iteration limit reached".
func (n *Node) frameNote(t []byte) bool {
	c := cursor{b: t}
	if !c.lit("frame") {
		return false
	}
	frame, ok := c.digits()
	if !ok || !c.lit(" bpf_loop iteration limit reached") {
		return false
	}
	n.Kind, n.Frame = KindNote, frame
	return true
}

// funcArgNote reads "func 'f' arg0 has btf_id 11 type STRUCT 'sock'", which
// btf_ctx_access prints for what it allows.
func (n *Node) funcArgNote(t []byte) bool {
	if !hasPrefix(t, "func '") || !bytes.Contains(t, []byte(" has btf_id ")) {
		return false
	}
	n.Kind = KindNote
	return true
}
