package compile

import "strings"

const maxDependencies = 8 << 20

// readDependencies reads the files that a dependency file (-MD) says its object
// is made from, absolute.
func readDependencies(path, dir string) ([]string, error) {
	text, err := readBounded(path, maxDependencies)
	if err != nil {
		return nil, err
	}
	var files []string
	seen := map[string]bool{}
	for _, f := range parseDependencies(string(text)) {
		if f = abs(dir, f); !seen[f] {
			seen[f] = true
			files = append(files, f)
		}
	}
	return files, nil
}

// parseDependencies lists the prerequisites of the first rule of a makefile as
// compilers write them: spaces and # after a backslash, $$ for $, lines continued
// by a backslash.
func parseDependencies(text string) []string {
	var files []string
	var b strings.Builder
	colon := false
	end := func() {
		if w := b.String(); w != "" && colon {
			files = append(files, w)
		}
		b.Reset()
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch {
		case c == '\\' && (next == '\n' || next == '\r'):
			end()
			for i+1 < len(text) && text[i] != '\n' {
				i++
			}
		case c == '\\' && (next == ' ' || next == '#' || next == '\t'), c == '$' && next == '$':
			b.WriteByte(next)
			i++
		case c == ':' && !colon && (next == ' ' || next == '\n' || next == '\t' || next == 0 || next == '\\'):
			b.Reset()
			colon = true
		case c == '\n':
			if end(); colon {
				return files
			}
		case c == ' ' || c == '\t' || c == '\r':
			end()
		default:
			b.WriteByte(c)
		}
	}
	end()
	return files
}
