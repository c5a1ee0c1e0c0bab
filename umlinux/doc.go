// Package umlinux boots a kernel as an ordinary process (User Mode Linux) and
// makes bpf(2) calls in it.
//
// Process 1 of a guest (kernel/guest/init.c) is a small server: it reads calls
// from the channel to the host, makes them, and writes replies. All that a
// loader has to know is on the host's side, in umlinux/loader; the guest only
// makes calls, so little of it runs in the slow place and little can go wrong
// there.
//
// The guest is disposable. It sees a root file system in its own memory that
// holds this program and nothing else; its kernel has no driver that could name
// a file of the host or reach a network. Its only connection is one socket.
package umlinux
