package verifierlog

// interner gives the same string for the same bytes. A log has few names
// (types, maps), each ten thousand times.
type interner map[string]string

// maxNames bounds an interner: logs have dozens of names, fuzzers millions.
const maxNames = 4096

func (t *interner) get(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := (*t)[string(b)]; ok {
		return s
	}
	if *t == nil || len(*t) >= maxNames {
		*t = interner{}
	}
	s := string(b)
	(*t)[s] = s
	return s
}
