// Package lsp is a language server (protocol 3.17, with parts of 3.18 for the
// clients that have them) that shows an editor what a verifier says of the
// programs in its files.
//
// It knows the protocol and nothing of compilers, objects or kernels: those are
// behind Backend. One file per method of the protocol; protocol.go has the
// protocol's types, position.go is the only place that knows how editors count
// columns.
//
// # What is shown, and for which text
//
// A file's findings are those of the last text of it that compiled. They are kept
// as places, offsets in the file's current text, which move with every edit; a
// place whose text is edited is gone, and what needs it goes with it. A result
// that arrives when the text has changed since is moved by those edits
// before anybody sees it. So nothing that is published lies on text that the
// verifier has not seen.
//
// # Order
//
// Messages are read by one goroutine. It handles notifications itself, in their
// order, and starts a goroutine for each request; nothing that it does waits. All
// state is behind Server.mu, which is never held while something is compiled,
// verified or written.
package lsp
