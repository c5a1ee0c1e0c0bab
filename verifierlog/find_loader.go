package verifierlog

import "bytes"

// findLoader is one program or library that prints logs: how it opens one, how
// it closes it, and where it says of which program it is and what the error
// was. To teach the Finder another one, add it here.
type findLoader struct {
	name string
	// mark is what the line has that opens a log.
	mark string
	// own is how the loader's own words on that line begin, if before mark:
	// what stands before them is not the loader's.
	own string
	// end is what the line has that closes it, if one does. blank: an empty
	// line before that is the loader's.
	end   string
	blank bool
	// frame says how the log is delimited otherwise, having seen what follows the mark
	// on the line and what follows the line. A nil frame means framed as the
	// zero findFrame is; false, that it is no log.
	frame func(l *Found, rest, ahead []byte) (findFrame, bool)
	// facts reads one of the loader's lines around the log, after it or before.
	facts func(l *Found, line []byte, after bool)
}

// findFrame is how one log is delimited that has no end. The zero value is a
// log that follows the mark and ends where it ends by itself.
type findFrame struct {
	indented bool // its lines are those that are indented as the first
	alone    bool // what follows the mark on its line is the loader's
	summary  bool // the rest of the line is all there is, with lines joined by ": "
}

// findLoaders are asked in this order; bcc's mark has cilium/ebpf's in it.
var findLoaders = []findLoader{
	{
		// bpf_object_load_prog in libbpf.c, since 0.6; libscap has the same
		// frame without the name.
		name: "libbpf", mark: "-- BEGIN PROG LOAD LOG --", own: "libbpf: ", end: "-- END PROG LOAD LOG --",
		facts: findLibbpfFacts,
	},
	{
		// load_program in libbpf.c, until 0.5
		name: "libbpf", mark: "-- BEGIN DUMP LOG ---", own: "libbpf: ", end: "-- END LOG --", blank: true,
		facts: findLibbpfFacts,
	},
	{
		// bpf_print_hints and libbpf_bpf_prog_load in bcc's libbpf.c
		name: "bcc", mark: "bpf: Failed to load program: ",
		frame: func(l *Found, rest, ahead []byte) (findFrame, bool) {
			l.learn("", rest, "")
			return findFrame{alone: true}, true
		},
		facts: func(l *Found, line []byte, after bool) {
			l.learn(findBetween(line, "Failed to load BPF program b'", "'"), line, "bpf: Failed to load program: ")
		},
	},
	{
		// VerifierError.Format and Error in cilium/ebpf's internal/errors.go
		name: "cilium/ebpf", mark: "load program: ", frame: findGoFrame, facts: findGoFacts,
	},
	// The same where the caller printed the VerifierError without what it is
	// wrapped in, and before 0.5.
	{name: "cilium/ebpf", mark: "permission denied:", frame: findGoBare, facts: findGoFacts},
	{name: "cilium/ebpf", mark: "invalid argument:", frame: findGoBare, facts: findGoFacts},
	{
		// ProgramError::LoadError in aya's programs/mod.rs
		name: "aya", mark: "Verifier output: ", own: "the BPF_PROG_LOAD syscall ",
		facts: func(l *Found, line []byte, after bool) {
			l.learn(findBetween(line, "oad program '", "'"), line, "(os error ", "syscall returned ")
			l.learn(findBetween(line, "oad program `", "`"), nil)
		},
	},
	{
		// the same printed with {:?}
		name: "aya", mark: "verifier_log: ", own: "LoadError",
		facts: func(l *Found, line []byte, after bool) { l.learn("", line, "message: \"") },
	},
	{
		// bpf_prog_report and bpf_dump_error in iproute2's lib/bpf_legacy.c
		name: "iproute2", mark: "Verifier analysis:",
		facts: func(l *Found, line []byte, after bool) {
			l.learn(findBetween(line, "Prog section '", "' "), line, "' rejected: ")
		},
	},
	{
		// BpfBytecode::load_progs in bpftrace's bpfbytecode.cpp
		name: "bpftrace", mark: "Kernel error log:",
		facts: func(l *Found, line []byte, after bool) {
			l.learn(findBetween(line, "Error loading BPF program for ", "."), nil)
		},
	},
	{name: "bpftrace", mark: "Error log:"}, // AttachedProbe::load_prog, until 0.20
	{
		// process_prog in the kernel's veristat.c
		name: "veristat", mark: "VERIFIER LOG:", own: "PROCESSING ",
		facts: func(l *Found, line []byte, after bool) {
			if path := findBetween(line, "PROCESSING ", ", DURATION"); path != "" {
				l.learn(path[bytes.LastIndexByte([]byte(path), '/')+1:], nil)
			}
		},
	},
	{
		// load_and_attach in the kernel's old samples/bpf/bpf_load.c
		name: "bpf_load.c", mark: "bpf_load_program() err=",
		frame: func(l *Found, rest, ahead []byte) (findFrame, bool) {
			return findFrame{alone: true}, true
		},
		facts: func(l *Found, line []byte, after bool) { l.learn("", line, "bpf_load_program() err=") },
	},
	{mark: "erifier log:"}, // what people write themselves
}

// findLibbpfFacts reads libbpf's lines, and those of what is built on it.
func findLibbpfFacts(l *Found, line []byte, after bool) {
	if !bytes.Contains(line, []byte("libbpf: ")) {
		return
	}
	name, before := findBetween(line, "prog '", "': "), []string{"BPF program load failed: ", "load bpf program failed: "}
	if after {
		before = []string{"': failed to load: "}
		if name == "" {
			name = findBetween(line, "failed to load program '", "'")
		}
	}
	if name == "" || l.Program == "" || name == l.Program {
		l.learn(name, line, before...)
	}
}

// learn keeps the program's name and the error, if nothing is known of them
// yet: the error is what follows one of the texts in the line.
func (l *Found) learn(program string, line []byte, before ...string) {
	if l.Program == "" {
		l.Program = program
	}
	for _, s := range before {
		if l.Errno != 0 {
			return
		}
		if i := bytes.Index(line, []byte(s)); i >= 0 {
			l.Errno, _ = findErrno(line[i+len(s):])
			if n, d := line[i+len(s):], 0; l.Errno == 0 && len(n) > 0 {
				for d < len(n) && d < 4 && n[d] >= '0' && n[d] <= '9' {
					l.Errno, d = l.Errno*10+int(n[d]-'0'), d+1
				}
			}
		}
	}
}

// findMark returns the loader that opens a log on a line, and where.
func findMark(line []byte) (ld *findLoader, at int) {
	for i := range findLoaders {
		if at := bytes.Index(line, []byte(findLoaders[i].mark)); at >= 0 {
			return &findLoaders[i], at
		}
	}
	return nil, 0
}

// findForeign: lines that the verifier does not print, and that end a log.
func findForeign(l []byte) bool {
	if string(l) == "$" || string(l) == "#" || len(l) > 0 && l[0] == '<' && findTag(l) > 0 {
		return true
	}
	for _, s := range []string{"$ ", "# ", "```", "~~~", "libbpf: ", "Error", "error:", "ERROR", "HINT:", "Traceback ",
		"Failed to load", "failed to load", "root@", "[root@", "-- ", "Caused by:", "PROCESSING "} {
		if len(l) >= len(s) && string(l[:len(s)]) == s {
			return true
		}
	}
	if i := bytes.IndexByte(l, '@'); i > 0 && i < 40 && findDigits(l) == 0 {
		return bytes.Contains(l, []byte("$ ")) || bytes.Contains(l, []byte("# ")) // user@host:~$
	}
	return false
}
