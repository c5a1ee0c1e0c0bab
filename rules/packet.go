package rules

import (
	"fmt"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
	"github.com/bpfdiag/bpfdiag/internal/sourcetext"
	"github.com/bpfdiag/bpfdiag/verifierlog"
)

var _ = rule("BPF0112", packetBounds)

// packetBounds: the packet is accessed where no comparison with its end on the
// path proves that it has so many bytes (check_packet_access and
// find_good_pkt_pointers in kernel/bpf/verifier.c).
func packetBounds(c *Case, d *diag.Diagnostic) {
	r, ok := c.reach()
	what := "this access"
	switch {
	case r.calls && r.e.node != nil && r.size > 0:
		what = fmt.Sprintf("%s at %s", inBytes(r.size), quote(r.e.text()))
	case r.calls:
		what = "what " + r.function() + " accesses"
	case r.e.node != nil:
		what = quote(r.e.text())
	}
	verb := "is"
	if r.calls && r.size > 1 && r.e.node != nil {
		verb = "are"
	}
	d.Message = fmt.Sprintf("nothing proves that %s %s inside the packet", what, verb)
	if !ok || !r.known {
		primary(d, "this may be behind the packet's end")
		return
	}
	markExpression(d, r.e)
	a := packetAccess{reach: r, x: c.index(c.last, r.loc, r.insn, expression{})}
	a.variable = a.x.found
	if n := c.name(c.last, r.loc); n.Expr != "" && !n.From && !n.Likely {
		a.from = n.Expr
	}
	if r.ptr.Base != verifierlog.Packet {
		c.metadata(d, &a)
		return
	}
	c.tellData(d, &a)
	if a.variable {
		says := ""
		if v, ok := c.Path.Before(a.x.step, a.x.loc); ok {
			says = strings.TrimPrefix(rangeOf(v), "anything from ")
		}
		if says == "" {
			says = "a number"
		}
		if at, ok := c.label(c.Path.Insn(a.x.added), ""); ok && !c.besidePrimary(d, at) {
			c.tell(d, a.x.added, a.x.loc, says+" is added to the address here")
		}
	}
	primary(d, a.needs())
	checks := c.packetChecks()
	c.tellPacketChecks(d, &a, checks)
	if len(d.Helps) == 0 {
		d.Helps = append(d.Helps, c.proveHelp(d, &a, checks))
	}
}

// packetAccess is an access to the packet.
type packetAccess struct {
	reach
	x        index
	variable bool   // the address has a variable part
	from     string // what the source calls the pointer, "" when unknown
}

// needs says which bytes are accessed.
func (a *packetAccess) needs() string {
	if a.size <= 0 || !a.hasOff {
		return "this may be behind the packet's end"
	}
	if a.variable || a.ptr.ID != 0 {
		if !a.calls && a.from != "" && a.insn >= 0 {
			return fmt.Sprintf("%s, at offset %d of what %s points to", inBytes(a.size), a.insn, quote(a.from))
		}
		return "needs " + inBytes(a.size)
	}
	if a.off < 0 {
		return fmt.Sprintf("begins %s in front of the packet", inBytes(-a.off))
	}
	bytes := byteRange(a.off, a.size)
	if a.ptr.Base == verifierlog.PacketMeta {
		return bytes + " of the metadata"
	}
	if p := a.ptr.Range; p > 0 {
		return fmt.Sprintf("%s of the packet, and only the first %d are proven", bytes, p)
	}
	return bytes + " of the packet"
}

// tellData labels where the packet's address was read.
func (c *Case) tellData(d *diag.Diagnostic, a *packetAccess) {
	if k := c.made(c.last, a.loc); k.Kind == verifierlog.LinkLoad {
		c.tellPacket(d, k, "the packet's address, of which nothing is proven yet")
	}
}

// tellPacket labels where an address of the packet was read. The compiler may have
// moved the load to where it is needed first: then the only member in the
// function that it can be.
func (c *Case) tellPacket(d *diag.Diagnostic, k verifierlog.Link, text string) {
	insn := c.Path.Insn(k.Step)
	at, file, ok := c.source(insn)
	if !ok || at.Expr == nil || c.reads(k.Step) {
		c.tell(d, k.Step, k.Loc, text)
		return
	}
	member := "data"
	if v, known := c.Path.After(k.Step, k.Loc); known && v.Base == verifierlog.PacketMeta {
		member = "data_meta"
	}
	var found *sourcetext.Node
	for _, s := range file.Statements(at.Function) {
		for _, e := range s.Exprs {
			walk(e, func(n *sourcetext.Node) {
				if n.Kind == sourcetext.Member && n.Operator == member && found == nil {
					found = n
				}
			})
		}
	}
	if found != nil {
		c.tellAt(d, k.Step, k.Loc, expression{node: found, file: file, insn: insn}, text)
	}
}

// tellPacketChecks labels the check that should have been the proof, with what it
// proves, and adds what is to be known of the others.
func (c *Case) tellPacketChecks(d *diag.Diagnostic, a *packetAccess, checks []packetCheck) {
	made := c.made(c.last, a.loc)
	var last, other, old *packetCheck
	for i := range checks {
		switch k := &checks[i]; {
		case k.step < made.Step && made.Kind == verifierlog.LinkLoad:
			old = k
		case k.before.ID == a.ptr.ID:
			last = k
		default:
			other = k
		}
	}
	end := c.endName(checks)
	tell := func(k *packetCheck, text string) {
		if e := c.comparisonWithEnd(k, checks, end); e.node != nil {
			c.tellAt(d, k.step, k.loc, e, text)
		} else if c.Locate == nil && c.orders(k.step) {
			c.tell(d, k.step, k.loc, text)
		}
	}
	switch {
	case last != nil:
		tell(last, last.says(a))
		if !last.inside {
			c.turnRound(d, c.comparisonWithEnd(last, checks, end))
		}
		if last.tooFar() {
			c.tooFar(d, a, last)
			break
		}
		c.coverMore(d, a, last, c.comparisonWithEnd(last, checks, end), end)
	case other != nil:
		if c.sameNumber(a, other) {
			d.Class = diag.ClassCompiler
			tell(other, "this check is of the address as it was computed before")
			d.Notes = append(d.Notes, "the compiler computes the address a second time for the access; the verifier does not know that it is the one that was checked")
			d.Helps = append(d.Helps, diag.Help{Text: "keep the address in one pointer: check and use the same variable, with `barrier_var()` on it in front of the check", Applicability: diag.Placeholder})
			return
		}
		text := other.says(nil)
		if a.variable && other.before.ID == 0 {
			text += ", not those behind a variable offset"
		}
		tell(other, text)
	case old != nil:
		tell(old, "this check is of a pointer that was read before")
		d.Notes = append(d.Notes, "each time that the packet's address is read from the context, its bytes have to be proven anew")
	case c.numbersCompared(d, end):
	case !c.Path.Truncated:
		d.Notes = append(d.Notes, "on the path to this line no pointer into the packet is compared with "+quote(end))
	}
}

// tooFar: find_good_pkt_pointers takes nothing from a check of an address whose offset
// may be over MAX_PACKET_OFF, 65535.
func (c *Case) tooFar(d *diag.Diagnostic, a *packetAccess, k *packetCheck) {
	d.Notes = append(d.Notes, "the verifier takes nothing from a check of an address that may be more than 65535 bytes behind the packet's begin")
	x := c.index(c.last, a.loc, a.insn, expression{})
	h := diag.Help{Text: "bound what is added to the address before it is added", Applicability: diag.Placeholder}
	most := 0xffff - k.before.Offset
	if isName(x.name) && most > 0 {
		h = atMost(c.guard(c.Path.Insn(x.added), "bound "+quote(x.name)+" before it is added to the address", fmt.Sprintf("%s > %d", x.name, most)), diag.Likely)
	} else if x.name != "" {
		h.Text = "bound " + quote(x.name) + " before it is added to the address"
	}
	d.Helps = append(d.Helps, h)
}

// sameNumber says that the address that was checked and the one that is accessed were
// computed from the same number.
func (c *Case) sameNumber(a *packetAccess, k *packetCheck) bool {
	if !a.x.found || k.before.ID == 0 {
		return false
	}
	y := c.index(k.step, k.loc, 0, expression{})
	if !y.found || y.added == a.x.added {
		return false
	}
	m, n := c.made(a.x.step, a.x.loc), c.made(y.step, y.loc)
	return m.Step >= 0 && m.Step == n.Step && m.Loc == n.Loc
}

// metadata is about what stands in front of the packet, which ends where the
// packet begins.
func (c *Case) metadata(d *diag.Diagnostic, a *packetAccess) {
	d.Message = strings.Replace(d.Message, "inside the packet", "inside the packet's metadata", 1)
	primary(d, a.needs())
	if k := c.made(c.last, a.loc); k.Kind == verifierlog.LinkLoad {
		c.tellPacket(d, k, "the metadata's address, of which nothing is proven yet")
	}
	insn := c.Path.Insn(c.last)
	if need, begin := c.needed(a), c.packetInScope(insn, "data"); need != "" && begin != "" && !a.variable {
		d.Helps = append(d.Helps, c.guard(insn, "prove that the metadata has these bytes", need+" > "+begin))
		return
	}
	suggest(d, "compare the end of what is accessed with the packet's begin (`ctx->data`), and leave if it is behind it")
}

// turnRound is the help for a check that leaves the function for the packets that are
// long enough.
func (c *Case) turnRound(d *diag.Diagnostic, e expression) {
	at, _, ok := c.source(e.insn)
	if e.node == nil || !ok || at.Stmt == nil || at.Stmt.Kind != sourcetext.IfStmt || len(at.Stmt.Body) != 1 || !at.InHead {
		return
	}
	body := at.Stmt.Body[0]
	if body.Kind == sourcetext.BlockStmt && len(body.Body) == 1 {
		body = body.Body[0]
	}
	operator := map[string]string{"<": ">", "<=": ">", ">": "<", ">=": "<"}[e.node.Operator]
	if body.Kind != sourcetext.ReturnStmt || operator == "" {
		return
	}
	edit, ok := c.rewrite(e, e.operand(0).text()+" "+operator+" "+e.operand(1).text())
	if ok {
		d.Helps = append(d.Helps, diag.Help{Text: "leave for packets that are too short, not for the others", Applicability: diag.Likely, Edits: []diag.Edit{edit}})
	}
}
