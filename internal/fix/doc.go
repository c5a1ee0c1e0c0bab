// Package fix tries what helps suggest. It makes a help's edits in copies of the
// sources, compiles those, has the verifier judge, and goes on until the programs are
// accepted or nothing helps any more.
//
// It writes nothing into the user's tree but through Write, and knows nothing of
// flags, output and kernels: the caller verifies (Verify).
package fix
