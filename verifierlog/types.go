package verifierlog

import (
	"bytes"
	"strings"
)

// valueType is what a type's word says. A State remembers the words it met.
type valueType struct {
	base    Base
	flags   TypeFlags
	precise bool
	word    string
	name    string
}

// typePrefixes in the order that reg_type_str prints them; older kernels print
// at most one. "trusted_" is tried behind "untrusted_".
var typePrefixes = [...]struct {
	text string
	flag TypeFlags
}{
	{"rdonly_", ReadOnly}, {"rdwr_", 0}, {"ringbuf_", Ringbuf}, {"user_", User}, {"percpu_", Percpu},
	{"rcu_", RCU}, {"untrusted_", Untrusted}, {"trusted_", Trusted}, {"alloc_", Alloc},
}

var baseNames = map[string]Base{
	"?": NotInit, "scalar": Scalar, "inv": Scalar, "invP": Scalar, "ctx": Ctx, "map_ptr": MapPtr,
	"map_value": MapValue, "map_key": MapKey, "fp": FramePtr, "pkt": Packet, "pkt_meta": PacketMeta,
	"pkt_end": PacketEnd, "flow_keys": FlowKeys, "sock": Socket, "sock_common": SockCommon,
	"tcp_sock": TCPSock, "xdp_sock": XDPSock, "tp_buffer": TPBuffer, "mem": Mem, "buf": Buf,
	"func": FuncPtr, "insn": InsnPtr, "dynptr_ptr": DynptrPtr, "arena": Arena,
}

var baseStrings = [numBases]string{
	"?", "scalar", "ctx", "map_ptr", "map_value", "map_key", "fp", "pkt", "pkt_meta", "pkt_end",
	"flow_keys", "sock", "sock_common", "tcp_sock", "xdp_sock", "tp_buffer", "ptr", "mem", "buf",
	"func", "insn", "dynptr_ptr", "arena", "slot", "dynptr", "iter", "other",
}

func (b Base) String() string {
	if b < numBases {
		return baseStrings[b]
	}
	return "invalid"
}

// String joins the flags' words with "|".
func (f TypeFlags) String() string {
	var words []string
	if f&MaybeNull != 0 {
		words = append(words, "or_null")
	}
	for _, p := range typePrefixes {
		if f&p.flag != 0 {
			words = append(words, p.text[:len(p.text)-1])
		}
	}
	if f&NonOwning != 0 {
		words = append(words, "non_own_ref")
	}
	return strings.Join(words, "|")
}

func (s *State) setType(v *Value, word []byte) {
	t, ok := s.types[string(word)]
	if !ok {
		if s.types == nil || len(s.types) >= maxNames {
			s.types = make(map[string]valueType)
		}
		t = parseType(word)
		s.types[t.word] = t
	}
	v.Base, v.Flags, v.Type, v.TypeName = t.base, t.flags, t.word, t.name
	v.Precise = v.Precise || t.precise
}

// parseType takes "rcu_ptr_or_null_task_struct" apart (reg_type_str).
func parseType(word []byte) valueType {
	t := valueType{word: string(word), base: OtherType, precise: string(word) == "invP"}
	b := word
prefixes:
	for {
		for _, p := range typePrefixes {
			if hasPrefix(b, p.text) {
				b, t.flags = b[len(p.text):], t.flags|p.flag
				continue prefixes
			}
		}
		break
	}
	switch {
	case hasPrefix(b, "ptr_"):
		t.base, b = BTFPtr, b[len("ptr_"):]
		if hasPrefix(b, "or_null_") {
			t.flags, b = t.flags|MaybeNull, b[len("or_null_"):]
		}
		t.name = string(b)
		return t
	case hasPrefix(b, "iter_"):
		t.base, t.name = Iter, string(b[len("iter_"):])
		return t
	case hasPrefix(b, "dynptr_") && string(b) != "dynptr_ptr":
		t.base, t.name = Dynptr, string(b[len("dynptr_"):])
		return t
	}
	if cut, ok := bytes.CutSuffix(b, []byte("_or_null")); ok {
		b, t.flags = cut, t.flags|MaybeNull
	}
	if base, ok := baseNames[string(b)]; ok {
		t.base = base
	}
	return t
}
