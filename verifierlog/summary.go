package verifierlog

import (
	"strconv"
	"strings"
)

// Summary is what the end of a log says.
type Summary struct {
	// Message is the kernel's complaint: every line of it, joined by
	// newlines. Empty for an accepted program.
	Message string
	// First and Last are the numbers of the complaint's lines, from 1.
	First, Last int
	// Insn is the instruction that the verifier gave up at, -1 when the log
	// does not say.
	Insn  int
	Stats Stats
}

// Stats are the numbers that the verifier prints at the end
// (print_verification_stats in kernel/bpf/verifier.c).
type Stats struct {
	Known            bool
	Insns            int // processed, over all paths
	TotalStates      int
	PeakStates       int
	MaxStatesPerInsn int
	MarkRead         int
	StackDepth       string // bytes of each function, as "64+32"
	TimeMicros       int    // verification time
}

// Summarize reads a log of any level.
func Summarize(log string) Summary {
	s := Summary{Insn: -1}
	lines := strings.Split(strings.TrimRight(log, "\n"), "\n")
	end := len(lines)
	for end > 0 && s.Stats.line(lines[end-1]) {
		end--
	}
	// The complaint is what follows the last line of the path. Its sections
	// (Linux 7.3) are separated by empty lines.
	first := end
	for first > 0 && !pathLine(lines[first-1]) {
		first--
	}
	for first < end && strings.TrimSpace(lines[first]) == "" {
		first++
	}
	for end > first && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	if first < end {
		s.Message = strings.Join(lines[first:end], "\n")
		s.First, s.Last = first+1, end
	}
	s.Insn = insnOf(lines[:first], s.Message)
	return s
}

// line reads one line of statistics and says whether it was one.
func (s *Stats) line(l string) bool {
	l = strings.TrimSpace(l)
	switch {
	case strings.HasPrefix(l, "processed ") && strings.Contains(l, " insns"):
		s.Known = true
		f := strings.Fields(l)
		number := func(key string) int {
			for i := range len(f) - 1 {
				if f[i] == key {
					n, _ := strconv.Atoi(f[i+1])
					return n
				}
			}
			return 0
		}
		s.Insns = number("processed")
		s.MaxStatesPerInsn = number("max_states_per_insn")
		s.TotalStates = number("total_states")
		s.PeakStates = number("peak_states")
		s.MarkRead = number("mark_read")
	case strings.HasPrefix(l, "stack depth max "): // Linux 7.3: per function below it
	case strings.HasPrefix(l, "stack depth "):
		s.StackDepth, _, _ = strings.Cut(strings.TrimPrefix(l, "stack depth "), " ")
	case strings.HasPrefix(l, "insns processed "): // Linux 7.2: per function
	case strings.HasPrefix(l, "subprog ") && strings.Contains(l, " insns_self "):
		// Linux 7.3, a line per function; lines are read from the last.
		f := strings.Fields(l)
		if s.StackDepth = f[len(f)-1] + "+" + s.StackDepth; strings.HasSuffix(s.StackDepth, "+") {
			s.StackDepth = f[len(f)-1]
		}
	case strings.HasPrefix(l, "verification time "):
		s.TimeMicros, _ = strconv.Atoi(strings.Fields(l)[2])
	default:
		return l == ""
	}
	return true
}

// pathLine says whether a line tells the way and not the complaint:
// instructions, states, source lines, branches, backtracking.
func pathLine(l string) bool {
	if n, rest := instructionNumber(l); n >= 0 {
		return strings.HasPrefix(rest, " (") || strings.HasPrefix(rest, " R") || strings.HasPrefix(rest, " frame") || strings.TrimSpace(rest) == ""
	}
	for _, p := range []string{";", "mark_precise:", "last_idx ", "regs=", "parent ", "caller:", "callee:",
		"returning from callee", "to caller at ", "propagating ", " R0", " frame"} {
		if strings.HasPrefix(l, p) {
			return true
		}
	}
	switch {
	case strings.HasPrefix(l, "from "):
		return strings.Contains(l, " to ") && strings.Contains(l, ":")
	case strings.HasPrefix(l, "Func#"):
		return strings.Contains(l, "assumed valid") || strings.Contains(l, "is safe for any args")
	case strings.HasPrefix(l, "Validating "):
		return strings.HasSuffix(l, "...")
	}
	return strings.HasSuffix(l, ": safe") || isState(l)
}

// isState recognises a line of register states without instruction number
// (kernels before 5.17 after calls and branches).
func isState(l string) bool {
	rest, ok := strings.CutPrefix(l, "R")
	if !ok {
		return false
	}
	i := 0
	for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
		i++
	}
	if i == 0 || i == len(rest) {
		return false
	}
	if j := strings.IndexByte(rest, '='); j > 0 && (j == i || rest[i] == '_' && j <= i+3) {
		return true
	}
	return false
}

// instructionNumber returns the number that a line begins with before a colon,
// -1 if it does not.
func instructionNumber(l string) (int, string) {
	i := 0
	for i < len(l) && l[i] >= '0' && l[i] <= '9' {
		i++
	}
	if i == 0 || i > 7 || i >= len(l) || l[i] != ':' {
		return -1, ""
	}
	n, _ := strconv.Atoi(l[:i])
	return n, l[i+1:]
}

// insnOf finds the instruction at fault: the last on the path, or the one that
// a complaint without a path names ("unreachable insn 5").
func insnOf(path []string, message string) int {
	for i := len(path) - 1; i >= 0; i-- {
		if n, rest := instructionNumber(path[i]); n >= 0 && strings.HasPrefix(rest, " (") {
			return n
		}
	}
	first, _, _ := strings.Cut(message, "\n")
	for _, key := range []string{"insn ", "insn#", "at insn ", "insn_idx "} {
		if _, after, ok := strings.Cut(first, key); ok {
			i := 0
			for i < len(after) && after[i] >= '0' && after[i] <= '9' {
				i++
			}
			if n, err := strconv.Atoi(after[:i]); err == nil {
				return n
			}
		}
	}
	if n, rest := instructionNumber(first); n >= 0 && strings.HasPrefix(rest, " (") {
		return n
	}
	return -1
}
