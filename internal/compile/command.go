package compile

// Command is one compilation of one source to one BPF object.
type Command struct {
	Dir    string   // where it runs, absolute
	Args   []string // the compiler first, without launchers and response files
	Source string   // absolute
	Output string   // the object, absolute; "-" is the standard output
	From   string   // where it was found: a file's path, or DefaultCommand
}

// Command.From of commands that are in no file.
const (
	DefaultCommand = "default"   // nobody wrote it
	CommandLine    = "--compile" // the user gave it
)
