package compile

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
)

// recorded is the command line that clang has put behind its name into
// DW_AT_producer. Only white space and backslashes are escaped there. Whoever makes an
// object can write anything there, so it counts only where it runs nothing
// but a compiler of this machine, with options that have that do nothing else.
func recorded(u debuginfo.Unit, path string) (Command, bool) {
	words := unescape(u.Producer)
	start := slices.IndexFunc(words, func(w string) bool {
		return strings.HasPrefix(w, "/") && strings.Contains(filepath.Base(w), "clang")
	})
	if start < 0 || start+1 >= len(words) {
		return Command{}, false
	}
	words = words[start:]
	if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "@") }) || !harmless(words[1:]) || !onPath(words[0]) {
		return Command{}, false
	}
	line, err := ParseLine(words, u.Dir)
	if err != nil {
		return Command{}, false
	}
	source := abs(u.Dir, u.Name)
	for _, c := range line.Commands(u.Dir, path) {
		if c.Source == source {
			return c, true
		}
	}
	return Command{}, false
}

// harmlessOptions are those of recorded commands: of the language, of diagnostics and of
// code for BPF. Others may load plug-ins, run programs or write files.
var harmlessOptions = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`-[cvwx]`, `-o`, `-O\w*`, `-g[\w-]*`, `-pipe`, `-undef`, `-nostdinc`, `-nostdlibinc`, `-M[DGMP]*`, `-M[FTQ].*`,
	`-[IDU].*`, `-isystem.*`, `-iquote.*`, `-idirafter.*`, `-include`, `-imacros`, `-isysroot`, `--sysroot.*`,
	`--?target.*`, `-std=.*`, `-W[\w-]*(?:=[\w-]*)?`, `-pedantic(?:-errors)?`, `-ansi`, `-mcpu=.*`, `-m(?:no-)?\w+-endian`, `-malu32`,
	`-f(?:no-)?(?:builtin|unroll-loops|inline|inline-functions|jump-tables|strict-aliasing|common|short-enums|signed-char|unsigned-char|` +
		`stack-protector|PIC|pic|asynchronous-unwind-tables|unwind-tables|exceptions|omit-frame-pointer|data-sections|function-sections|` +
		`vectorize|slp-vectorize|wrapv|ms-extensions|freestanding|color-diagnostics|merge-all-constants|debug-types-section)`,
	`-f(?:debug|file|macro)-prefix-map=.*`, `-fdebug-compilation-dir=.*`, `-grecord-command-line`, `-frecord-command-line`,
}, "|") + `)$`)

var harmlessXclang = regexp.MustCompile(`^(?:-target-feature|[+-][\w.-]*alu32|[+-]dwarfris|-target-cpu|v[1-9]|-disable-O0-optnone)$`)

// harmless says whether arguments have a compiler compile and do nothing else.
func harmless(args []string) bool {
	ok := true
	scan(args, func(o option) {
		switch {
		case o.input:
		case o.is("-Xclang"):
			ok = ok && harmlessXclang.MatchString(o.value)
		default:
			ok = ok && harmlessOptions.MatchString(o.words[0])
		}
	})
	return ok
}

// onPath says whether a compiler is one that the user would call by its name.
func onPath(compiler string) bool {
	it, err := os.Stat(compiler)
	if err != nil {
		return false
	}
	is := func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && os.SameFile(it, info)
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		all, _ := filepath.Glob(filepath.Join(dir, "*clang*"))
		if slices.ContainsFunc(all, is) {
			return true
		}
	}
	return is(Clang())
}

// unescape splits text at spaces that no backslash precedes.
func unescape(s string) []string {
	var words []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == ' ':
			words = append(words, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(words, b.String())
}
