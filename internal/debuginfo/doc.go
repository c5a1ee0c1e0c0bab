// Package debuginfo says what the source calls things: where an instruction
// comes from, what a register or a part of the stack holds, what an access
// reaches.
//
// Sources, from the best on: DWARF location lists (`stats` is in r0 here), a
// forward pass over the function's code that follows moves, spills, fills,
// loads and arithmetic (r6 holds what r1 held, which was `ctx`), BTF's
// parameter names and global variables. An object without DWARF has the rest,
// one without BTF and DWARF has nothing; neither is an error.
//
// A name is true: what is not proven is marked Likely, and what was only
// computed from a variable has How From.
//
// Debug information is untrusted. Reading it takes a bounded number of steps;
// what is malformed is as if it were not there. It is read here rather than
// with delve's readers, which look up one address at a time, recurse without
// bounds and panic on malformed lists.
package debuginfo
