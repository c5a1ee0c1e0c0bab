// Package sourcetext finds the expression, statement and function that a
// source position of debug information means.
//
// It cuts C and Rust into tokens and reads functions as a person does who has
// no headers at hand: no preprocessing, no types, no errors. Text that it
// does not understand gives smaller answers, not wrong places.
//
// # What positions mean
//
// clang gives each instruction the line and column of Expr::getExprLoc of what
// it was made of (observed with clang 14 and 22, -O2; BTF and DWARF agree):
//
//	p->x, s.x           the member's name
//	a + b, a < b, a = b the operator; a += b as well
//	a && b              the operator, for both branches
//	!a, -a, *p, &x, ++i the operator; i++ too
//	f(x), p->f(x)       the first token of the callee
//	a[i]                the first token of a: `s` of s->in.b[i]. The address
//	                    computation is at `b`, what is computed of i inside.
//	(T)x                the parenthesis
//	c ? a : b           the first token of c
//	T x = v             x; with braces, the constants at the `{`
//	return v            `return`, for what leaves the function; v has its own
//	if (c), while (c)   the branch is at the operator of c, or where c begins when
//	                    it has none; with && and || at that; loops that clang
//	                    turns around have the keyword
//	}                   the function's last return
//	a function          line of its name, column 0
//
// Whatever comes of a macro is at the first token of its outermost invocation,
// arguments included, when they are spelled in it. Column 0 means that
// instructions of several places were merged.
//
// rustc gives the beginning of the whole expression, so there the outermost
// expression that begins at the position is meant.
package sourcetext
