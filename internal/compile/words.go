package compile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Bounds of response files: they may name each other.
const (
	maxResponseDepth = 8
	maxResponseBytes = 8 << 20
	maxWords         = 100_000
)

// SplitWords splits a command line as a POSIX shell does, without expanding
// anything. An open quote ends with the text.
func SplitWords(s string) []string { return splitWords(s, false) }

// splitWords splits at white space outside quotes. A backslash takes the
// special meaning off what follows; inside single quotes only in response
// files, whose syntax is that of libiberty's buildargv.
func splitWords(s string, response bool) []string {
	var words []string
	var b strings.Builder
	in, quote := false, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && (quote != '\'' || response):
			i++
			// In double quotes a shell leaves other backslashes as they are.
			if quote == '"' && !response && !strings.ContainsRune("\"\\$`\n", rune(s[i])) {
				b.WriteByte('\\')
			}
			if s[i] != '\n' || response {
				b.WriteByte(s[i])
				in = true
			}
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(c)
		case c == '"' || c == '\'':
			quote, in = c, true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f':
			if in {
				words = append(words, b.String())
				b.Reset()
				in = false
			}
		default:
			b.WriteByte(c)
			in = true
		}
	}
	if in {
		words = append(words, b.String())
	}
	return words
}

// expandResponses replaces @file by the words in the file.
func expandResponses(args []string, dir string) ([]string, error) {
	e := expansion{dir: dir}
	if err := e.add(args, 0); err != nil {
		return nil, err
	}
	return e.words, nil
}

type expansion struct {
	dir   string
	words []string
	bytes int
}

func (e *expansion) add(args []string, depth int) error {
	for _, a := range args {
		name, ok := strings.CutPrefix(a, "@")
		var text []byte
		if ok && name != "" {
			if !filepath.IsAbs(name) {
				name = filepath.Join(e.dir, name)
			}
			var err error
			if text, err = readBounded(name, maxResponseBytes-e.bytes); err != nil {
				if !os.IsNotExist(err) {
					return fmt.Errorf("response file: %w", err)
				}
				ok = false
			}
		}
		if !ok || name == "" {
			if e.words = append(e.words, a); len(e.words) > maxWords {
				return fmt.Errorf("the command line has more than %d words", maxWords)
			}
			continue
		}
		if depth == maxResponseDepth {
			return fmt.Errorf("response file %s: more than %d of them name each other", name, maxResponseDepth)
		}
		e.bytes += len(text)
		if err := e.add(splitWords(string(text), true), depth+1); err != nil {
			return err
		}
	}
	return nil
}
