// Package serve keeps guests up between invocations of bpfdiag: a server verifies
// objects for processes of the same user and the same executable, which ask it over a
// local socket. It is started on demand, leaves after idling, and is never needed:
// whoever gets no answer finds out by itself.
//
// They meet in a folder that is the user's alone. The socket's name tells which
// executable, file system and kernels are meant, so that whoever finds a server would
// have found out the same by itself; one that was upgraded finds none, and starts its
// own. A lock is held while a server takes its place or leaves it.
//
// A message is two lengths, JSON, and an object's bytes (frame.go). The server says
// hello, the client asks. While the server works it says so every second; a client that
// hears nothing for long gives up, one that is gone has its guest killed.
package serve
