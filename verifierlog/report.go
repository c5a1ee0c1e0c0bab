package verifierlog

// inReport reads a line of the report that Linux 7.3 and later print behind a
// complaint (kernel/bpf/diagnostics.c). Section titles begin a line, all else
// is indented.
func (s *Scanner) inReport(t []byte) bool {
	n := &s.node
	switch {
	case t[0] == ' ':
		n.Form = ReportBody
	case isSection(t):
		n.Form = ReportSection
		s.section = append(s.section[:0], t[:len(t)-1]...)
		n.Text = t[:len(t)-1]
	default:
		s.report = false
		return false
	}
	n.Kind, n.Name = KindReport, s.section
	return true
}

// isSection: "Reason:", "Causal path:".
func isSection(t []byte) bool {
	last := len(t) - 1
	if last < 1 || last > 40 || t[last] != ':' || t[0] < 'A' || t[0] > 'Z' {
		return false
	}
	for _, b := range t[1:last] {
		if b != ' ' && b|0x20-'a' > 25 {
			return false
		}
	}
	return true
}
