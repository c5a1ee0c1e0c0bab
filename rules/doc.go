// Package rules turns what the verifier says into diagnostics: what failed, why,
// and what to write instead.
//
// A [Case] is one rejected program: its log, the failing path, the object that
// it comes from. [Diagnose] finds the code of the kernel's complaint
// (rules/messages) and asks the rule of that code, a function that looks at the
// path, not at text. The kernel's own words are in every diagnostic.
package rules
