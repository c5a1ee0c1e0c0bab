package compile

import "strings"

// privateArgs leaves out of a command line all that makes the compiler write
// files beside its object, or say things in a form for machines.
func privateArgs(args []string) []string {
	var out []string
	drop := false // the value of a -Xclang or -Wp option that is left out
	scan(args, func(o option) {
		switch {
		case drop && o.is("-Xclang", "-Xpreprocessor"):
			drop = false
			return
		case o.is("-Xclang", "-Xpreprocessor") && o.value == "-dependency-file":
			drop = true
			return
		case o.is("-o", "--output", "-MD", "-MMD", "-MF", "-MT", "-MQ", "-MP", "-MJ", "-MV", "--write-dependencies",
			"--write-user-dependencies", "-save-temps", "--save-temps", "-ftime-trace", "-ftime-report", "--serialize-diagnostics", "-serialize-diagnostics",
			"-fsave-optimization-record", "-foptimization-record-file", "-fdiagnostics-format", "-fdiagnostics-color",
			"-fcolor-diagnostics", "-fansi-escape-codes", "-fcrash-diagnostics-dir", "-dumpdir", "-dumpbase", "-dumpbase-ext",
			"-aux-info", "-fdump", "-gen-cdb-fragment-path", "-fdiagnostics-absolute-paths", "-fstack-usage", "-fcallgraph-info",
			"-pipe", "-v", "-H", "-gsplit-dwarf", "-fparseable", "-ftest-coverage", "-fprofile-arcs", "--coverage"),
			strings.HasPrefix(o.name, "-fdump-"), strings.HasPrefix(o.name, "-fdiagnostics-parseable"),
			strings.HasPrefix(o.name, "-Wp,-M"):
			return
		}
		out = append(out, o.words...)
	})
	return out
}
