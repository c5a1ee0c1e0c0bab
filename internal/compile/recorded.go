package compile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpfdiag/bpfdiag/internal/debuginfo"
	"github.com/bpfdiag/bpfdiag/internal/lazyregexp"
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
	if harmful(words[1:]) != "" || !onPath(words[0]) {
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

// OnlyCompiles returns an error if a command (as for Template) runs anything but a clang
// of this machine, or has it do anything but compile.
func OnlyCompiles(text string) error {
	words := SplitWords(text)
	if len(words) == 0 {
		return errNoCompiler
	}
	compiler, err := exec.LookPath(words[0])
	if err != nil || !onPath(compiler) {
		return fmt.Errorf("%s is no clang that is found in PATH", words[0])
	}
	if w := harmful(words[1:]); w != "" {
		return fmt.Errorf("%s is not known to do nothing but compile", w)
	}
	return nil
}

// The options of recorded commands: of the language and of files that are read, of
// diagnostics, of what is recorded, and of code for BPF. Others may load plug-ins, run
// programs or write files.
var harmlessOptions = []*lazyregexp.Regexp{
	lazyregexp.New(`^(?:-[cvwx]|-o|-O\w*|-pipe|-undef|-nostdinc|-nostdlibinc|-std=.*|-ansi|-M[DGMP]*|-M[FTQ].*)$`),
	lazyregexp.New(`^(?:-[IDU].*|-isystem.*|-iquote.*|-idirafter.*|-include|-imacros|-isysroot|--sysroot.*)$`),
	lazyregexp.New(`^(?:-W[\w-]*(?:=[\w-]*)?|-pedantic(?:-errors)?|-f(?:no-)?color-diagnostics)$`),
	lazyregexp.New(`^(?:-g[\w-]*|-f(?:debug|file|macro)-prefix-map=.*|-fdebug-compilation-dir=.*|-frecord-command-line)$`),
	lazyregexp.New(`^(?:--?target.*|-mcpu=.*|-m\w+-endian|-f(?:no-)?(?:PIC|pic|(?:data|function)-sections|(?:asynchronous-)?unwind-tables|exceptions|stack-protector))$`),
	lazyregexp.New(`^-f(?:no-)?(?:builtin|freestanding|common|short-enums|(?:un)?signed-char|strict-aliasing|wrapv|ms-extensions)$`),
	lazyregexp.New(`^-f(?:no-)?(?:unroll-loops|inline|inline-functions|jump-tables|omit-frame-pointer|(?:slp-)?vectorize|merge-all-constants)$`),
}

var harmlessXclang = lazyregexp.New(`^(?:-target-feature|[+-][\w.-]*alu32|[+-]dwarfris|-target-cpu|v[1-9]|-disable-O0-optnone)$`)

// harmful is the first argument that may have a compiler do more than compile, empty if
// there is none.
func harmful(args []string) string {
	for _, w := range args {
		if strings.HasPrefix(w, "@") { // more of them, in a file
			return w
		}
	}
	found := ""
	scan(args, func(o option) {
		ok := o.input
		switch {
		case o.is("-Xclang"):
			ok = harmlessXclang.MatchString(o.value)
		case !o.input:
			ok = slices.ContainsFunc(harmlessOptions, func(r *lazyregexp.Regexp) bool { return r.MatchString(o.words[0]) })
		}
		if !ok && found == "" {
			found = strings.Join(o.words, " ")
		}
	})
	return found
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
