package compile

import (
	"errors"
	"path/filepath"
	"strings"
)

// errNoCompiler is a command line that names no compiler.
var errNoCompiler = errors.New("the command line names no compiler")

// skipLaunchers returns where the compiler stands in a command line that may
// begin with something that starts it: ccache, env A=B, nice -n 5, our own `cc`.
func skipLaunchers(args []string) (int, error) {
	i := 0
	for i < len(args) {
		switch strings.TrimSuffix(filepath.Base(args[i]), ".exe") {
		case "ccache", "sccache", "distcc", "icecc", "gomacc":
			i++
			// ccache's own settings may follow: ccache max_size=5G clang …
			for i < len(args) && strings.Contains(args[i], "=") && !strings.HasPrefix(args[i], "-") {
				i++
			}
		case "env":
			i++
			for i < len(args) && (strings.Contains(args[i], "=") || strings.HasPrefix(args[i], "-")) {
				i++
			}
		case "nice", "ionice", "time":
			i++
			for i < len(args) && strings.HasPrefix(args[i], "-") {
				// -n 5, -c 3
				if len(args[i]) == 2 && i+1 < len(args) && isNumber(args[i+1]) {
					i++
				}
				i++
			}
		case "bpfdiag":
			for i < len(args) && args[i] != "--" {
				i++
			}
			i++
		default:
			return i, nil
		}
	}
	return 0, errNoCompiler
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
