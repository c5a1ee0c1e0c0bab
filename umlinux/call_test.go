package umlinux

import (
	"bytes"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCallRoundTrip(t *testing.T) {
	want := Call{
		Op: OpBPF, Cmd: 5, AttrLen: 16, Data: []byte("0123456789abcdef-and-more"),
		Pointers: []Pointer{{At: 8, To: 16}}, FDs: []FD{{At: 0, Slot: 3}, {At: 4, Slot: 7}},
		Slot: 9, Log: &Log{Size: 4096, AddrAt: 8, SizeAt: 4}, Return: 16, Size: 1 << 40,
	}
	frame := appendCall(nil, &want)
	if n := le.Uint32(frame); int(n) != len(frame) {
		t.Fatalf("frame says %d bytes and has %d", n, len(frame))
	}
	got, err := parseCall(frame[4:])
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestCallOutside: a call that refers to memory that it does not have is an
// error before anything is written.
func TestCallOutside(t *testing.T) {
	data := make([]byte, 16)
	for name, c := range map[string]Call{
		"attribute": {AttrLen: 17, Data: data},
		"return":    {Return: 17, Data: data},
		"pointer":   {Pointers: []Pointer{{At: 9}}, Data: data},
		"target":    {Pointers: []Pointer{{To: 17}}, Data: data},
		"slot":      {FDs: []FD{{At: 13}}, Data: data},
		"log":       {Log: &Log{Size: 1, AddrAt: 9}, Data: data},
	} {
		if _, err := parseCall(appendCall(nil, &c)[4:]); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestReplyRoundTrip(t *testing.T) {
	want := Reply{Value: -1, Errno: syscall.EACCES, Duration: 3 * time.Millisecond, Log: []byte("R0 invalid"), Data: []byte{1, 2}}
	got, err := readReply(bytes.NewReader(appendReply(nil, &want)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// FuzzReply: what a guest sends is untrusted.
func FuzzReply(f *testing.F) {
	f.Add(appendReply(nil, &Reply{Log: []byte("log"), Data: []byte("data")}))
	f.Fuzz(func(t *testing.T, p []byte) {
		if r, err := readReply(bytes.NewReader(p)); err == nil && len(r.Log)+len(r.Data) > len(p) {
			t.Error("a reply is larger than what was sent")
		}
	})
}

func FuzzCall(f *testing.F) {
	f.Add(appendCall(nil, &Call{Op: OpBPF, AttrLen: 4, Data: make([]byte, 8), Pointers: []Pointer{{0, 8}}, FDs: []FD{{4, 0}}})[4:])
	f.Fuzz(func(t *testing.T, p []byte) {
		if c, err := parseCall(p); err == nil && int(c.AttrLen) > len(c.Data) {
			t.Error("attribute outside the data")
		}
	})
}

func TestCommandLine(t *testing.T) {
	got := strings.Join(Config{Memory: 128, JIT: "arm64"}.CommandLine(3, 4), " ")
	for _, want := range []string{"mem=128M", "initrd=/proc/self/fd/4", "hostchan=3", "bpf_verify_jit=arm64", "seccomp=auto", guestEnv + "=1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if strings.Contains(Config{}.CommandLine(3, 4)[1], "mem=0") {
		t.Error("no default for the memory")
	}
}

func TestPanicMessage(t *testing.T) {
	for console, want := range map[string]Cause{
		"...\nKernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled\nCPU: 0": OutOfMemory,
		"Kernel panic - not syncing: Segfault with no mm\n":                                          Panicked,
		"": Hung,
	} {
		if got := deadError(nil, console); got.Cause != want {
			t.Errorf("%q: %s, want %s", console, got.Cause, want)
		}
	}
}

// TestInitramfs checks the archive byte by byte where the kernel does.
func TestInitramfs(t *testing.T) {
	b := Archive(File{"init", []byte("#!init"), true})
	for _, want := range []string{"dev/console\x00", "init\x00", "#!init\x00\x00", "TRAILER!!!\x00"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("no %q in the archive", want)
		}
	}
	if len(b)%4 != 0 || bytes.Count(b, []byte("070701")) != 4 {
		t.Errorf("%d bytes, %d entries", len(b), bytes.Count(b, []byte("070701")))
	}
}
