// Package diag holds diagnostics as plain data, finds the source files that
// they speak of, and renders them, one file per format. It does not know where
// a diagnostic came from.
//
// The way of a diagnostic: a rule fills a [Diagnostic]; [Sources.Locate] turns
// the compiler's paths into paths that can be opened; [MergeCauses] joins the
// programs of an object that fail for one reason; [Text.Render] or one of the
// Write functions prints it.
package diag
