package lsp

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/bpfdiag/bpfdiag/diag"
)

// codeLens is the verdict above each program.
func (s *Server) codeLens(_ context.Context, p TextDocumentParams) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lenses := []CodeLens{}
	in := s.openFile(p.TextDocument.URI)
	if in == nil || !s.settingsOf(in.path).CodeLens {
		return lenses, nil
	}
	seen := map[string]bool{}
	for _, u := range s.sortedUnits() {
		if u.result == nil {
			continue
		}
		for _, prog := range u.result.programs {
			if !shown(prog.at) || prog.at.file != in {
				continue
			}
			at := prog.at.rangeOf(s.encoding)
			for _, v := range prog.verdicts {
				l := CodeLens{at, u.lens(v, len(prog.verdicts) > 1)}
				if key := at.String() + l.Command.Title; !seen[key] {
					seen[key] = true
					lenses = append(lenses, l)
				}
			}
		}
	}
	return lenses, nil
}

// lens is the verdict of one kernel, which is named when there are several.
// What can be done with it is to read the log.
func (u *unit) lens(v programVerdict, several bool) *Command {
	t := verdictText(v.program)
	if several {
		t = v.kernel.Release + ": " + t
	}
	if u.trouble != "" {
		t += " (now: " + u.trouble + ")"
	}
	return &Command{t, commandShowLog, []any{DiagnosticData{Object: u.Name, Program: v.program.Name, Kernel: v.kernel.Release}}}
}

// verdictText is a verdict in one line: accepted · 1,204 insns · 38 states ·
// stack 112.
func verdictText(p diag.Program) string {
	parts := []string{string(p.Verdict)}
	switch {
	case p.Verdict == diag.Accepted && p.Stats != nil:
		parts = append(parts, count(p.Stats.Insns, "insn"), count(p.Stats.TotalStates, "state"))
		if p.Stats.StackDepth != "" {
			parts = append(parts, "stack "+p.Stats.StackDepth)
		}
	case len(p.Diagnostics) > 0:
		d := &p.Diagnostics[0]
		parts = append(parts, strings.TrimSpace(d.Message))
		if d.Code != "" {
			parts[0] += fmt.Sprintf(" [%s]", d.Code)
		}
	case p.Error != "":
		parts = append(parts, firstLine(p.Error))
	}
	return strings.Join(parts, " · ")
}

// count writes 1204 things as 1,204 things.
func count(n int, thing string) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if n != 1 {
		thing += "s"
	}
	return s + " " + thing
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
