// Package stat is about tables of what the verifier counted: which columns they
// have, how they are filtered, sorted, compared, read and written. Names,
// defaults and forms are those of the kernel's veristat
// (tools/testing/selftests/bpf/veristat.c), whose files it reads and writes.
//
// A [Record] is one program's row. A [Spec] says which columns are shown, or
// what rows are sorted by, [Filters] which rows there are. [Join] puts two
// tables side by side.
package stat
