// Package diag holds diagnostics as plain data and renders them, one file per
// format. It does not know where a diagnostic came from.
package diag
