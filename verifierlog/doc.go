// Package verifierlog reads the log of the Linux eBPF verifier: text in, typed
// nodes out. It knows the text and nothing else: no ELF, no source files, no
// kernel. A log is never an error: what no rule knows is a message or, if it
// is damaged, an Unknown node, and all nodes' text joined is the input again.
//
//	sc := verifierlog.NewScanner(r)
//	var state verifierlog.State
//	for sc.Scan() {
//		switch n := sc.Node(); n.Kind {
//		case verifierlog.KindInsn:
//			insn := n.Decode()
//			…
//		case verifierlog.KindState:
//			n.State(&state)
//			…
//		}
//	}
//
// Nothing else describes the format, which is no interface of the kernel and
// changes with every release. The rest of this text is a description: of what
// the kernel prints, where in its source, and since when. Functions named here
// are in the kernel's kernel/bpf, mostly in verifier.c and log.c.
//
// # What the verifier does, and what it writes
//
// Before a program may run, the verifier walks through it: from the first
// instruction along every path that a jump may take, up to every exit. It
// does not compute with numbers; it keeps what it knows of each register and
// of each eight bytes of stack, which is called a state: "r1 points to the
// context", "r2 is a number from 0 to 255", "nothing was ever written here".
// An instruction that is wrong for some state it is reached with ends the
// walk, and the program is rejected.
//
// The loader asks for the log with a level:
//
//   - level 1: the path that led to the failure. When the verifier has finished
//     a path without finding fault it takes back what it had written of it,
//     down to the fork (pop_stack, bpf_vlog_reset). What is left is one
//     straight story. A program that is accepted leaves next to nothing.
//     Before Linux 5.8 nothing is taken back.
//   - level 2: everything, all paths, and how values were traced back.
//   - level 4, a flag of its own: the complaint, numbers, and nothing of the way.
//
// A small log of level 1, of a program that forgot that a lookup may find
// nothing (Linux 6.12):
//
//	0: R1=ctx() R10=fp0
//	; long *n = bpf_map_lookup_elem(&counts, &key); @ count.bpf.c:17
//	0: (b7) r1 = 0                        ; R1_w=0
//	1: (63) *(u32 *)(r10 -4) = r1         ; R1_w=0 R10=fp0 fp-8=0000????
//	2: (bf) r2 = r10                      ; R2_w=fp0 R10=fp0
//	3: (07) r2 += -4                      ; R2_w=fp-4
//	4: (18) r1 = 0xffff9d2ac2cf3a00       ; R1_w=map_ptr(map=counts,ks=4,vs=8)
//	6: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=counts,ks=4,vs=8)
//	; *n += 1; @ count.bpf.c:18
//	7: (79) r1 = *(u64 *)(r0 +0)
//	R0 invalid mem access 'map_value_or_null'
//	processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
//
// The last line but one is the complaint. It says where the verifier gave up;
// why is further up: R0 is what the call at 6 returned, and "_or_null" was
// never taken away by a comparison.
//
// # Instructions
//
//	12: (61) r1 = *(u32 *)(r6 +8)
//
// The number is the index in the program, subprograms included, in slots of
// eight bytes: a 64-bit constant (18) takes two, so that 4 is followed by 6.
// In parentheses is the opcode byte. Then comes the disassembly of
// print_bpf_insn (disasm.c), the same in all versions but for additions. "r1"
// is all 64 bits of a register, "w1" its lower 32; writing w1 clears the upper
// half. Jumps are relative to the next instruction: "goto pc+3" at 12 goes to
// 16. A call is "call bpf_map_lookup_elem#1" for a helper, with its number,
// "call bpf_rcu_read_lock#61234" for a kernel function (kfunc), with the number
// of its type, or "call pc+12" for a function of the program. [Node.Decode]
// takes an instruction apart.
//
// Before Linux 5.1 arithmetic on the lower half is "(u32) r1 += (u32) r2".
//
// # Source lines
//
//	; return v->x; @ prog.bpf.c:31
//
// If the object has line information (clang -g), a line of source stands in
// front of the first instruction made from it (verbose_linfo, Linux 5.0).
// Since Linux 6.9 with file and line. It is printed when the line changes, not
// for each instruction, and optimized code goes back and forth between lines.
//
// # States
//
// A state is printed in these places:
//
//	12: R0=1 R10=fp0                      before instruction 12, on a line of its own
//	12: (b7) r0 = 0        ; R0_w=0       behind it: what it changed (Linux 5.17)
//	from 3 to 12: R0=1 R10=fp0            where another path begins
//	 R0=1 R10=fp0                         behind "caller:" and the like
//
// The state in front of a function's first instruction is complete, and so are
// those where a path begins or a call is made. Those behind an instruction have
// only the registers and slots that it wrote or learned something of; what a
// state does not have is as it was. Before Linux 5.17 all states are complete
// and on their own lines: with level 2 one in front of each instruction, with
// level 1 only where a path begins, and one below each conditional jump, which
// is that behind it. [Node.After] and [Node.Insn] tell these apart.
//
// A state is a list of words (print_verifier_state):
//
//		frame1: R0=1 R1_w=ctx() R10=fp0 fp-8=mmmm???? refs=2,5 cb
//
//	  - "frame1:" is the call depth; the outermost function, 0, has none.
//	  - "R1_w=…" is a register, "fp-8=…" eight bytes of stack, those from r10-8
//	    to r10-1. Registers that were never written are left out.
//	  - "_r", "_w", "_D" are marks of liveness: read, written, done with (Linux
//	    4.16 to 6.17). They serve pruning and say nothing of the value.
//	  - "refs=2,5" are the ids of what must be released before the program ends:
//	    references, and since Linux 6.14 locks and saved interrupt flags.
//	  - "cb": this is a callback's frame; "async_cb": called at another time.
//
// # Values
//
// What is behind "=" is a type and, in parentheses, what is known of it
// (print_reg_state). Numbers:
//
//	R1=5                                   the number 5
//	R1=scalar()                            any number
//	R1=scalar(smin=0,smax=umax=255,var_off=(0x0; 0xff))
//	R1=Pscalar(id=3)                       P: its exact value matters for pruning ("precise")
//
// Ranges are inclusive. smin and smax are of the register as a signed number,
// umin and umax unsigned, smin32 and so on of its lower 32 bits. A bound that
// excludes nothing is left out. Equal ones are joined: "smin=umin=1". Numbers
// beyond 16 bits are hexadecimal, negative ones then as two's complement.
// var_off=(value; mask) is knowledge of single bits: those set in the mask are
// unknown, the others are as in the value; (0x0; 0xfc) is a multiple of 4 up to
// 252. [Value.Bounds] has them all, also those left out.
//
// Registers with the same id have the same value; if a branch narrows one, all
// are narrowed. "id=3+8" (Linux 6.11) is the value of id 3 plus 8. A check on a
// copy without the id narrows nothing: a common reason for a rejection that
// looks wrong.
//
// Pointers:
//
//	ctx                    the program's argument
//	fp-16                  the stack, 16 below the frame pointer; fp[1]-16 that of frame 1
//	map_ptr                a map; map=name (6.8), ks and vs: size of its keys and values
//	map_value              a value in a map
//	pkt, pkt_meta, pkt_end the packet, what is in front of it, its end; r=14: fourteen
//	                       bytes from off were proved to be there
//	sock, sock_common, tcp_sock, xdp_sock
//	ptr_task_struct        a kernel structure, of which there is BTF
//	mem, buf               memory of a known size, sz=64
//	func, map_key, flow_keys, tp_buffer, arena, dynptr_ptr, insn
//
// A type has prefixes: rcu_ (valid until the RCU section ends), trusted_
// (certainly alive), untrusted_ (may be read, not passed on), rdonly_,
// percpu_, user_, ringbuf_, alloc_; and "_or_null" (for ptr_ "ptr_or_null_")
// until it was compared with NULL. What is in parentheses, beside ranges, which
// are those of the variable part of a pointer's offset:
//
//	id=1          of pointers that may be NULL: all with this id are checked at once;
//	              of packet pointers: they have the same variable part
//	ref_obj_id=2  it must be released, or borrows from what must be: refs= has the id.
//	              Linux 7.2 and later have no such attribute: what must be released is
//	              known by its id=, what borrows from it by parent_id=
//	off=8         fixed part of the offset
//	imm=16        variable part, if it is only one number
//	non_own_ref   points to a node that a tree or list owns
//
// Stack slots: eight letters, one for each byte, the one at the highest
// address first (slot_type_char):
//
//	m  some data        0  zero             ?  never written, or no longer used
//	d  of a dynptr      i  of an iterator   f  saved interrupt flags   p  poisoned
//
// Of a register that was spilled there is its value instead, behind the
// letters of the bytes above it if the spill was of less than eight: "fp-8=ctx()",
// "fp-16=mmmmscalar(id=1)". Before Linux 6.8 there is its type alone, and of a
// spilled number nothing at all: "fp-8=". Objects on the stack:
//
//	fp-8=iter_num(ref_id=1,state=active,depth=3)     an iterator, in its third round
//	fp-16=dynptr_ringbuf(id=1,ref_id=2)              a dynptr, at fp-16 and fp-8
//
// where Linux 7.2 and later again have the reference as id= and parent_id=.
//
// The kernel's words changed three times. Numbers are "inv" before Linux 5.18,
// "invP" if precise, "inv5" if known; bounds have the suffix "_value", and
// pointers all of their attributes: "ctx(id=0,off=0,imm=0)". Up to 6.6 a bound
// is also left out when it follows from the others, so that
// "scalar(umax=255,var_off=(0x0; 0xff))" cannot be negative, and 32-bit bounds
// are "s32_min". Up to 6.7 numbers are decimal, but imm= is hexadecimal without
// 0x.
//
// # Branches
//
//	from 12 to 20: R0=0 R10=fp0
//	from 12 to 20 (speculative execution): safe
//	20: safe
//
// At a conditional jump that may go both ways the verifier goes on with one
// and keeps the other for later. When a path ends, at an exit or because the
// same was seen already ("safe": an explored state covers this one), it takes
// up the latest of those kept; with level 2 the first form says so, behind an
// empty line. With level 1 the path that ended is taken back instead, and then
// it may be that two things are on one line: the line end behind the jump had
// been overwritten by the state that is taken back.
//
//	12: (15) if r0 == 0x0 goto pc+7 20: R0=0 R10=fp0
//	12: (15) if r0 == 0x0 goto pc+7 ; return 0; @ prog.bpf.c:40
//
// # Calls and functions
//
//	func#1 @12                                               function 1 begins at 12 (level 2)
//	caller:                                                  a call: the state of both frames
//	 R6=ctx() R10=fp0
//	callee:
//	 frame1: R1=ctx() R10=fp0
//	returning from callee:                                   a return: likewise
//	to caller at 4:
//	Func#1 ('parse') is global and assumed valid.            a call that is not followed
//	Validating parse() func#1...                             that function's own walk
//	Func#1 ('parse') is safe for any args that match its prototype
//
// A static function is walked through at each call, a global one once, with
// nothing known of its arguments but their types. So a log may have several
// walks. Callbacks are walked through like calls.
//
// # Precision
//
//	mark_precise: frame0: last_idx 23 first_idx 20 subseq_idx -1
//	mark_precise: frame0: regs=r2 stack=-8 before 22: (bf) r2 = r6
//	mark_precise: frame0: parent state regs=r6 stack=:  R6=Pscalar() R10=fp0
//	frame 0: propagating r1,fp-8
//
// Two states are taken for the same although their numbers differ, unless the
// number matters later. That is found out when it does matter, by going back
// (mark_chain_precision, level 2): through the instructions of this stretch,
// then to the state before it, until nothing is left to be traced. regs and
// stack are what is being traced. These lines are not steps of the path. They
// are most of many logs of level 2. From Linux 5.3 to 6.4 they are "regs=4
// stack=0 before 22: …" with hexadecimal masks, "last_idx 23 first_idx 20" and
// "parent didn't have regs=4 stack=0 marks:"; before 5.17 also at level 1, and
// the parent's state stands on the line above.
//
// # Tables and notes
//
// Since Linux 6.15 analyses before the walk print tables at level 2: which
// registers are alive before each instruction ("Live regs before insn:", rows
// "  0: .1........ (bf) r6 = r1"), and later ones which stack slots a function
// uses and where pointers to the stack go ("subprog#0 main:", "stack use/def
// subprog#0 …", "arg JOIN insn …"). Their rows look like instructions and are
// none of the path; [KindTable] keeps them out of it.
//
// Notes are remarks that are no complaint: "SCC enter (1)" where a loop is
// entered (strongly connected component), "frame0 bpf_loop iteration limit
// reached", "func 'f' arg0 has btf_id 11 type STRUCT 'sock'". Where the
// verifier widens a value in a loop it prints nothing; the state shows it.
//
// # Messages
//
// All else is a sentence to the programmer: there are some seven hundred in
// Linux 7.3, few with a line that could be mistaken for anything above. One
// complaint may have several lines, and states in them ("cur state: R0=1" of an
// infinite loop). A warning that is not fatal looks the same and stands in
// front of the walk. [Summarize] takes for the complaint what follows the last
// line of the path.
//
// Since Linux 7.3 a report follows (diagnostics.c): "Verification failed: …",
// then sections, "Reason:", "At:", "Causal path:", "Suggestion:", whose lines
// are indented.
//
// # Statistics
//
//	verification time 85 usec
//	stack depth 64+32
//	processed 13 insns (limit 1000000) max_states_per_insn 1 total_states 4 peak_states 3 mark_read 2
//
// (print_verification_stats.) "processed" counts every visit of an instruction
// on all paths: the limit is a limit of that. The first two lines are of level
// 4. Linux 7.2 says "stack depth 64+32 max 96" and "insns processed 9+4", Linux
// 7.3 has "stack depth max 96" and a line per function. Before Linux 5.2 there
// is one line, "processed 13 insns (limit 131072), stack depth 64+32".
//
// # Damage
//
// The kernel's buffer is limited by the loader. Since Linux 6.4 a log that is
// too long loses its head, before it lost its tail, in both cases in the
// middle of a line. Such a first or last line is Unknown when it is no whole
// line of some kind.
//
// # Memory
//
// A [Scanner] holds 256 KiB, whatever the length of the log; a [State] what its
// largest state needs. A line longer than [MaxLine], which no kernel prints,
// comes in pieces.
package verifierlog
