package umlinux

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

// TestCallFrame spells out a frame: kernel/guest/init.c reads it.
func TestCallFrame(t *testing.T) {
	frame := appendCall(nil, &Call{
		Op: OpBPF, Cmd: 5, AttrLen: 16, Data: []byte("0123456789abcdef"),
		Pointers: []Pointer{{At: 8, To: 15}}, FDs: []FD{{At: 0, Slot: 3}, {At: 4, Slot: -1}},
		Slot: 9, Log: &Log{Size: 4096, AddrAt: 7, SizeAt: 6}, Return: 10, Size: 1 << 40,
	})
	want := "5c000000" + "01000000" + // length, operation
		"05000000" + "10000000" + "09000000" + "0a000000" + // command, attribute's length, slot, bytes to return
		"00100000" + "07000000" + "06000000" + // log: size, where its address goes, where its size goes
		"01000000" + "02000000" + "0000000000010000" + // numbers of pointers and descriptors, size
		"08000000" + "0f000000" + "00000000" + "03000000" + "04000000" + "ffffffff" +
		hex.EncodeToString([]byte("0123456789abcdef"))
	if got := hex.EncodeToString(frame); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
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
		"address":   {Op: OpMmap, Data: data[:7]},
	} {
		if err := c.check(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// replyFrame is a reply as kernel/guest/init.c sends it.
func replyFrame(value int64, errno uint32, log, data string) []byte {
	b := le.AppendUint32(nil, uint32(24+len(log)+len(data)))
	b = le.AppendUint64(le.AppendUint32(b, errno), uint64(value))
	b = le.AppendUint32(le.AppendUint32(b, uint32(len(log))), 0)
	return append(append(b, log...), data...)
}

func TestReadReply(t *testing.T) {
	want := Reply{Value: -1, Errno: syscall.EACCES, Log: []byte("R0 invalid"), Data: []byte{1, 2}}
	got, err := readReply(bytes.NewReader(replyFrame(-1, 13, "R0 invalid", "\x01\x02")))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// FuzzReply: what a guest sends is untrusted.
func FuzzReply(f *testing.F) {
	f.Add(replyFrame(3, 0, "log", "data"))
	f.Fuzz(func(t *testing.T, p []byte) {
		if r, err := readReply(bytes.NewReader(p)); err == nil && len(r.Log)+len(r.Data) > len(p) {
			t.Error("a reply is larger than what was sent")
		}
	})
}

func TestCommandLine(t *testing.T) {
	got := strings.Join(Config{Memory: 128, JIT: "arm64"}.CommandLine(3, 4), " ")
	for _, want := range []string{"mem=128M", "initrd=/proc/self/fd/4", "hostchan=3", "bpf_verify_jit=arm64", "seccomp=auto"} {
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
