package verifierlog

// condition reads "if r1 s> 0x7 goto pc+3", "if w1 == w2 goto pc-3".
func (i *Insn) condition(c *cursor) {
	if !c.lit("if ") {
		return
	}
	c.narrow()
	if i.Dst, i.Wide = c.reg(); i.Dst < 0 || !c.byte(' ') {
		return
	}
	i.Wide = i.Opcode&7 != 6 // BPF_JMP32
	i.Operator = operator(c.until(' '))
	c.spaces()
	if i.Operator != "" && i.operand(c) && c.lit(" goto ") && i.target(c) {
		i.Op = OpJump
		i.Imm = int64(int32(i.Imm)) // it is printed without its sign
	}
}

// jump reads "goto pc+3", "gotol pc-70000", "gotox r3", "may_goto pc+3".
func (i *Insn) jump(c *cursor) {
	switch {
	case (c.lit("goto ") || c.lit("gotol ")) && i.target(c):
		i.Op = OpGoto
	case c.lit("may_goto ") && i.target(c):
		i.Op = OpMayGoto
	case c.lit("gotox "):
		if i.Src, _ = c.reg(); i.Src >= 0 {
			i.Op = OpGotoX
		}
	}
}

// target reads "pc+3": relative to the next instruction.
func (i *Insn) target(c *cursor) bool {
	if !c.lit("pc") {
		return false
	}
	off, ok := c.signed()
	i.Target = i.Index + 1 + off
	return ok
}

// lastHelper is the highest number of a helper; their list is closed (Linux
// 6.x). Kfuncs have the number of their type instead, which is far above.
const lastHelper = 211

// call reads "call bpf_loop#181", "call bpf_iter_num_new#61234", "call pc+12".
func (i *Insn) call(c *cursor) {
	if !c.lit("call ") {
		return
	}
	i.Op = OpCall
	if c.lit("pc") {
		c.i -= len("pc")
		if i.Call = CallSubprog; !i.target(c) {
			i.Target = -1
			c.byte('+')
			i.Func = c.until(' ')
		}
		return
	}
	name := c.until('#')
	i.Call = CallHelper
	if c.byte('#') {
		if id, ok := c.signed(); ok {
			i.FuncID = id
		}
	} else if (len(name) > 0) && isDigit(name[0]) { // "call 1"
		i.FuncID, _ = (&cursor{b: name}).digits()
		return
	}
	i.Func = name
	if i.FuncID > lastHelper && string(name) != "unknown" || string(name) == "kernel-function" {
		i.Call = CallKfunc
	}
}

// operators are all of bpf_alu_string, its signed forms and bpf_jmp_string.
var operators = [...]string{
	"+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "%=", "^=", "s>>=", "s/=", "s%=",
	"==", ">", "<", ">=", "<=", "&", "!=", "s>", "s<", "s>=", "s<=",
}

func operator(b []byte) string {
	for _, o := range operators {
		if string(b) == o {
			return o
		}
	}
	return ""
}

func atomicOperator(name []byte) string {
	for _, prefix := range [...]string{"atomic64_", "atomic_"} {
		if !hasPrefix(name, prefix) {
			continue
		}
		for _, o := range [...]string{"fetch_add", "fetch_and", "fetch_or", "fetch_xor", "xchg", "cmpxchg"} {
			if string(name[len(prefix):]) == o {
				return o
			}
		}
	}
	return ""
}
