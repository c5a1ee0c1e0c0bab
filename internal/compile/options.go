package compile

import "strings"

// option is one option or input of a command line.
type option struct {
	words []string // as they stand in the line, one or two
	name  string   // -o, --target; empty for an input
	value string   // what belongs to the name, or the input
	input bool
}

func (o *option) is(names ...string) bool {
	for _, n := range names {
		if o.name == n {
			return true
		}
	}
	return false
}

// separate are the options whose value is the next word. Those with true may
// also have it in the same word.
var separate = map[string]bool{
	"-o": true, "-x": true, "-I": true, "-D": true, "-U": true, "-L": true, "-l": true, "-F": true, "-A": true, "-B": true,
	"-T": true, "-u": true, "-z": true, "-e": true, "-G": true, "-MF": true, "-MT": true, "-MQ": true, "-MJ": true,
	"-isystem": true, "-iquote": true, "-idirafter": true, "-include": true, "-imacros": true, "-iprefix": true,
	"-iwithprefix": true, "-iwithprefixbefore": true, "-isysroot": true, "-isystem-after": true, "-ivfsoverlay": false,
	"-iframework": true, "-include-pch": false, "-target": false, "-arch": false, "-Xclang": false, "-Xlinker": false,
	"-Xassembler": false, "-Xpreprocessor": false, "-Xanalyzer": false, "-mllvm": false, "-aux-info": false, "-dumpbase": false,
	"-dumpdir": false, "-dumpbase-ext": false, "--param": false, "-wrapper": false, "--sysroot": false, "-rpath": false,
	"-working-directory": false, "--serialize-diagnostics": false, "-serialize-diagnostics": false, "--config": false,
	"-mthread-model": false, "--output": false, "--language": false, "--include-directory": false, "--define-macro": false,
	"--undefine-macro": false, "--include": false, "--imacros": false, "--library-directory": false, "-ccc-install-dir": false,
	"--prefix": false, "--entry": false, "--for-linker": false, "--for-assembler": false, "-gcc-toolchain": false,
	"-ivfsstatcache": false, "-fplugin-arg": false, "-resource-dir": false, "-main-file-name": false, "-dependency-file": false,
}

// joined are options of two or more letters whose value may follow in the same
// word, longest first where one begins with another.
var joined = []string{"-MF", "-MT", "-MQ", "-MJ", "-isystem-after", "-isystem", "-iquote", "-idirafter", "-include", "-imacros",
	"-iprefix", "-iwithprefixbefore", "-iwithprefix", "-isysroot", "-iframework"}

// notJoined are options that begin like one of a single letter with a value
// and are none: -TARGET would be -T ARGET, but -emit-llvm is not -e mit-llvm.
var notJoined = []string{"-emit-", "-undef", "-end", "-exp"}

// scan calls f for each option and input of a line, in order.
func scan(args []string, f func(option)) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			// Inputs alone follow.
			for _, in := range args[i+1:] {
				f(option{words: []string{in}, value: in, input: true})
			}
			return
		case !strings.HasPrefix(a, "-") || a == "-":
			f(option{words: args[i : i+1], value: a, input: true})
			continue
		}
		o := option{words: args[i : i+1], name: a}
		_, takes := separate[a]
		switch {
		case takes && i+1 < len(args):
			i++
			o.value = args[i]
			o.words = args[i-1 : i+1]
		case !takes:
			o.name, o.value = splitJoined(a)
		}
		f(o)
	}
}

// splitJoined takes an option of one word apart: -Idir, -isystemdir,
// --target=bpf. An option that has no value is its own name.
func splitJoined(a string) (name, value string) {
	if name, value, ok := strings.Cut(a, "="); ok && !strings.HasPrefix(a, "-D") && !strings.HasPrefix(a, "-W") && len(name) > 2 {
		return name, value
	}
	for _, n := range joined {
		if v, ok := strings.CutPrefix(a, n); ok && v != "" && !strings.HasPrefix(v, "-pch") {
			return n, v
		}
	}
	for _, n := range notJoined {
		if strings.HasPrefix(a, n) {
			return a, ""
		}
	}
	if len(a) > 2 && separate[a[:2]] {
		return a[:2], a[2:]
	}
	return a, ""
}
