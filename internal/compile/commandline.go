package compile

import (
	"path/filepath"
	"slices"
	"strings"
)

// Mode is how far a compiler goes.
type Mode int

// The modes.
const (
	Link       Mode = iota // neither of the others: all the way to a program
	Object                 // -c
	Assembly               // -S
	Preprocess             // -E, -M, -MM
	Nothing                // -fsyntax-only, --version, -### and the like: no file is made
)

// Line is the command line of a clang or gcc, taken apart.
type Line struct {
	Launcher []string // what stands before the compiler: ccache, `bpfdiag cc … --`
	Compiler string   // as it was given
	Args     []string // what follows it, response files replaced by what they hold
	Mode     Mode
	Inputs   []Input
	Output   string // of -o, as it was given; empty without one
	Target   string // of --target or -target; empty without one
	Bitcode  bool   // -emit-llvm or -flto: what is made is no machine code yet
	Debug    bool   // some -g that is not -g0
}

// Input is a file that a compiler is given.
type Input struct {
	Path     string // as it was given; "-" is the standard input
	Language string // of -x; empty means that the name tells
}

// ParseLine takes a command line apart, the compiler or a launcher of it first.
// Response files are read relative to dir; one that cannot be read is an input, as
// it is for gcc. It fails on a line without a compiler, and where response files
// hold too much.
func ParseLine(args []string, dir string) (*Line, error) {
	n, err := skipLaunchers(args)
	if err != nil {
		return nil, err
	}
	l := &Line{Launcher: args[:n], Compiler: args[n]}
	if l.Args, err = expandResponses(args[n+1:], dir); err != nil {
		return nil, err
	}
	l.parse()
	return l, nil
}

// IsGCC says whether the compiler is GCC, which lacks some of clang's options.
func (l *Line) IsGCC() bool {
	name := filepath.Base(l.Compiler)
	return strings.Contains(name, "gcc") || strings.Contains(name, "g++")
}

// BPF says whether the line compiles for BPF.
func (l *Line) BPF() bool {
	if l.Target != "" {
		return isBPFArch(l.Target)
	}
	// Both compilers go by their own name: bpf-unknown-none-gcc, bpf-gcc, bpf-clang.
	return strings.Contains(filepath.Base(l.Compiler), "-") && isBPFArch(filepath.Base(l.Compiler))
}

func isBPFArch(triple string) bool {
	arch, _, _ := strings.Cut(triple, "-")
	return slices.Contains([]string{"bpf", "bpfel", "bpfeb", "bpf_le", "bpf_be"}, arch)
}

// Commands are the compilations of C sources to BPF objects that the line
// consists of, which run in dir; none where it makes something else.
func (l *Line) Commands(dir, from string) []Command {
	if !l.BPF() || l.Mode != Object || l.Bitcode {
		return nil
	}
	var all []Command
	for _, in := range l.Inputs {
		if in.Path == "-" || !in.isSource() {
			continue
		}
		c := Command{Dir: dir, Source: abs(dir, in.Path), Output: l.Output, From: from}
		if c.Output == "" {
			c.Output = strings.TrimSuffix(filepath.Base(in.Path), filepath.Ext(in.Path)) + ".o"
		}
		if c.Output != "-" {
			c.Output = abs(dir, c.Output)
		}
		c.Args = append([]string{l.Compiler}, l.without(in)...)
		all = append(all, c)
	}
	return all
}

// without is the line's arguments less the other inputs.
func (l *Line) without(keep Input) []string {
	if len(l.Inputs) == 1 {
		return l.Args
	}
	var args []string
	scan(l.Args, func(o option) {
		if o.input && o.value != keep.Path {
			return
		}
		args = append(args, o.words...)
	})
	return args
}

// isSource says whether an input is C, or something like it.
func (in Input) isSource() bool {
	switch in.Language {
	case "", "none":
		switch filepath.Ext(in.Path) {
		case ".c", ".i", ".cc", ".cpp", ".cxx", ".C", ".c++", ".m":
			return true
		}
		return false
	case "c", "c++", "cpp-output", "objective-c":
		return true
	}
	return false
}

func abs(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// Abs makes a path that the command has, in its arguments or in what its
// compiler says, absolute.
func (c *Command) Abs(path string) string { return abs(c.Dir, path) }

func (l *Line) parse() {
	language, set := "", func(m Mode) { l.Mode = max(l.Mode, m) }
	scan(l.Args, func(o option) {
		switch {
		case o.input:
			l.Inputs = append(l.Inputs, Input{o.value, language})
		case o.is("-x", "--language"):
			language = o.value
		case o.is("-o", "--output"):
			l.Output = o.value
		case o.is("-target", "--target"):
			l.Target = o.value
		case o.is("-c", "--compile"):
			set(Object)
		case o.is("-S", "--assemble"):
			set(Assembly)
		case o.is("-E", "--preprocess", "-M", "-MM", "--dependencies", "--user-dependencies"):
			set(Preprocess)
		case o.is("-fsyntax-only", "--analyze", "-###", "--version", "--help"), strings.HasPrefix(o.name, "-print-"),
			strings.HasPrefix(o.name, "--print-"), o.is("-dumpmachine", "-dumpversion", "-dumpfullversion", "-dumpspecs", "-v") && len(l.Args) == 1,
			strings.HasPrefix(o.name, "--help"):
			set(Nothing)
		case o.is("-emit-llvm"):
			l.Bitcode = true
		case o.is("-flto"):
			l.Bitcode = true
		case o.is("-fno-lto"):
			l.Bitcode = false
		case strings.HasPrefix(o.name, "-g") && len(o.words) == 1:
			if debug, known := isDebug(o.words[0]); known {
				l.Debug = debug
			}
		}
	})
}

// isDebug says whether an option that begins with -g turns debug information
// on (or off); known is false for those that say only what it should be like.
func isDebug(option string) (on, known bool) {
	switch level := strings.TrimPrefix(option, "-g"); {
	case level == "0", level == "gdb0":
		return false, true
	case level == "", level == "1", level == "2", level == "3", strings.HasPrefix(level, "gdb"), strings.HasPrefix(level, "line-"),
		strings.HasPrefix(level, "dwarf"), level == "btf", strings.HasPrefix(level, "ctf"), level == "full", level == "mlt":
		return true, true
	}
	return false, false
}
