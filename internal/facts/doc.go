// Package facts says what the verifier knows of a program's variables at each line of its
// source, over all paths: ranges of numbers, what pointers point to, whether they may be
// NULL. It reads a log of level 2, and the object for the names.
//
//	p, err := facts.Read(ctx, log, facts.Case{Name: "xdp_prog", Object: obj, Locate: layout.Find})
//	f, ok := p.At("prog.bpf.c", 31, "len")
//	fmt.Println(f.Text()) // 0 to 1500
//
// A fact holds for all paths that lead to the line, also for those that the verifier did
// not follow to their end because it had explored the like (see flow). Where the log does
// not show all paths (the program was rejected, the log was cut), Program.Limits says so.
// What the log, the object and the debug information do not prove is not said: a variable
// that the compiler keeps nowhere, or of which nothing is known on one path, has no fact.
package facts
